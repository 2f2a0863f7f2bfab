"""The console: web pages on which operators see and steer their community."""
