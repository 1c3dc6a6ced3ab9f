"""Texts of a file as they may be stored and shown: not longer than anybody reads, nothing that is no character."""

from dataclasses import replace
from typing import Final

from strava.files.recording import Recording

LONGEST_NAME: Final = 200
LONGEST_NOTES: Final = 10_000  # as long as what somebody may write into an activity by hand
SPACES: Final = "\n\t"


def presentable(recording: Recording) -> Recording:
    """The recording with its texts cut and without control characters."""
    return replace(
        recording,
        name=_text(recording.name, LONGEST_NAME),
        device=_text(recording.device, LONGEST_NAME),
        notes=_text(recording.notes, LONGEST_NOTES),
    )


def _text(given: str | None, longest: int) -> str | None:
    if given is None:
        return None
    kept = given[:longest].encode(errors="replace").decode()  # half a character is none
    return "".join(letter for letter in kept if letter.isprintable() or letter in SPACES).strip() or None
