"""The demo: two weeks in the life of a community, for somebody who is looking."""
