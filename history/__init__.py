"""The log: what was done, by whom, in which order, with proof. Knows nobody but by id."""
