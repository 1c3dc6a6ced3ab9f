"""Plans, workouts and runs, and which run was which workout."""
