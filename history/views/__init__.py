"""The pages of the history: what was done, and that nothing of it was changed since."""
