"""Welcomes: who comes is greeted by a script, once, and every one who is not has a reason."""
