"""What the activity store tells and answers."""
