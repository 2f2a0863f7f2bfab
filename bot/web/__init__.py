"""What all pages share: static files, security headers, the reader's language, and who asks."""
