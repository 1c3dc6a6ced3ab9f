"""Activities as files: GPX, CSV and the originals."""
