"""What the core asks of the world: protocols only. Imports `model` and nothing else."""
