"""What stands in examples where a secret belongs. It is apart from the settings for programs that read none of them."""

EXAMPLE_SECRETS = frozenset({"", "changeme", "change-me", "example", "secret", "password", "insecure"})
