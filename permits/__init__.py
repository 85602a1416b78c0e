"""Applications and permits, from intake to the last shipment."""
