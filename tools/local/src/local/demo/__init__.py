"""An athlete of two years for `make demo`: made up, the same on every machine, imported through the public API."""
