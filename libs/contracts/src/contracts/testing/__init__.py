"""Doubles of services, for tests of those that talk to them."""
