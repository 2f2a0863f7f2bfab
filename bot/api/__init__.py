"""The API: what other tools read and do, in JSON, under /api/v1."""
