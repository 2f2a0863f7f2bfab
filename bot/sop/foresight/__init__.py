"""What will be sent: dry run, calendar, previews."""
