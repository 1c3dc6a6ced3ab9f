"""A service without a database, to be started and stopped as the real ones are."""
