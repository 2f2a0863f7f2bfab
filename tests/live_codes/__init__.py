"""Tests of live codes: who receives, what is counted, and what a platform may do meanwhile."""
