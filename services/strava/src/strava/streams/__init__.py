"""Samples: how they are stored, thinned out and served."""
