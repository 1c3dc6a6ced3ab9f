"""Athletes' connections to Strava: granting, tokens, taking back."""
