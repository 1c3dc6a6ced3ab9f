"""What training is made of, and what trainer answers."""
