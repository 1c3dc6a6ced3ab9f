"""What Strava has becomes activities here."""
