"""Which run was which workout."""
