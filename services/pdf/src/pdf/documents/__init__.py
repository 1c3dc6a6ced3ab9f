"""Documents: asked for, rendered, kept, handed out."""
