"""Forms of the policy register: the shape of what people send, and nothing else."""
