"""SOP templates: what a manager writes, read, checked and kept."""
