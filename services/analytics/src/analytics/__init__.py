"""Numbers from recordings: best efforts and ranks."""
