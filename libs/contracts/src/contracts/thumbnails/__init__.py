"""What the makers of pictures tell."""
