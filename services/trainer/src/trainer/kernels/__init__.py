"""Pure computing: no web, no database."""
