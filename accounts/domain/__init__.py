"""What is done with accounts, roles and delegations: one function for each act."""
