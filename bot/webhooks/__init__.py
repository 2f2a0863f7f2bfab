"""Webhooks: other systems are told what happens here, signed, in time, and until they hear it."""
