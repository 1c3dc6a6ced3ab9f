"""Formulas as pure functions over arrays. Nothing here knows of the web, the database or queues."""
