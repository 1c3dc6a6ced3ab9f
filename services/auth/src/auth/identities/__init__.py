"""Signing in with an account at a provider: Google (OpenID Connect) and Strava (OAuth 2)."""
