"""SQLite, with writers waiting their turn in a queue."""
