"""The AI-bot adapter and its test server."""
