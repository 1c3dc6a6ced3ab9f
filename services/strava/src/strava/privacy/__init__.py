"""Privacy zones: where tracks start and end is nobody's business."""
