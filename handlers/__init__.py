"""The behaviour Muster ships; each file is a handler written on the public API alone."""
