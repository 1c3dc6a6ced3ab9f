"""What a deployment in containers needs besides the images; the standard library only."""
