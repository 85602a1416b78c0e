"""What is done to a case: one function for each act, and what follows from what was recorded."""
