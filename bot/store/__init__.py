"""The store: one Redis or Valkey server, its key catalogue, its scripts, a module per noun."""
