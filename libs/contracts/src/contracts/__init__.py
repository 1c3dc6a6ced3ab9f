"""Vocabulary between the services: events, shapes and thin typed clients. No domain logic."""
