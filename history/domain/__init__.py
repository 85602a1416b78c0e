"""What is done with the log: writing, checking, proving, exporting."""
