"""Check-ins: who came on which day, and what follows from that."""
