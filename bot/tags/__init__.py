"""Tags: what they are, who gets them, and giving them to many at once."""
