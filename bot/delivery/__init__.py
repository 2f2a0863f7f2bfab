"""Delivery: the inbox of events, the outbox of deliveries, the sender, and the journal."""
