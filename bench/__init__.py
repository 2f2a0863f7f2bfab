"""Measurements, each beside the peers it is compared with; `python -m bench.<name>` runs one."""
