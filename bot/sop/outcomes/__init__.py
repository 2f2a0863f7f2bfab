"""What became of it: rows, reports, retries, tasks."""
