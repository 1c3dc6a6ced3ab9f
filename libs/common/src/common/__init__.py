"""Mechanism shared by every service. No domain noun lives here."""
