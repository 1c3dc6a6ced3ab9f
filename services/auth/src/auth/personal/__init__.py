"""Personal access tokens: for scripts and apps, narrower than a session and without a password."""
