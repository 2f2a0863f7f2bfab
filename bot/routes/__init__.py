"""Keyword routes: what a member says leads to the right group."""
