"""What Strava tells: taken in durably, believed only after looking."""
