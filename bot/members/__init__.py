"""Members: what managers do with the people of a community, above their numbers."""
