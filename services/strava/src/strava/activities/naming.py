"""What an activity is called until its athlete says otherwise."""

from datetime import datetime

_PARTS_OF_DAY = ((5, "Night"), (11, "Morning"), (14, "Lunch"), (18, "Afternoon"), (22, "Evening"), (24, "Night"))
_LONGEST = 200


def default_name(sport: str, local_start: datetime) -> str:
    """``Morning Run``, from the athlete's own time of day."""
    part = next(name for hour, name in _PARTS_OF_DAY if local_start.hour < hour)
    words = "".join(f" {letter}" if letter.isupper() else letter for letter in sport)
    return f"{part}{words}"


def usable_name(name: str | None) -> str | None:
    """Return the name a file gives, in one printable line, or None where it gives none."""
    cleaned = " ".join("".join(letter if letter.isprintable() else " " for letter in name or "").split())
    return cleaned[:_LONGEST] or None
