"""What the web server shows: the console with the pages of every room, the API and the doors."""
