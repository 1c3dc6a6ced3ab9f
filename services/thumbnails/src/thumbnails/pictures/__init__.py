"""A route, its picture, and where pictures are kept."""
