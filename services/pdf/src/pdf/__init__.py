"""Plans as printable documents."""
