"""Pages of applications and permits."""
