"""An athlete of two years for `make demo`, with plans and a coach: made up, and the same on every machine."""
