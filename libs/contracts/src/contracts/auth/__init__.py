"""What auth tells the other services of a person."""
