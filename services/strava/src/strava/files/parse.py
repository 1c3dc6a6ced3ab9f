"""One plain file, whatever its format."""

from dataclasses import replace

from strava.files.fit import parse_fit
from strava.files.gpx import parse_gpx
from strava.files.recording import FileRefused, ParseResult
from strava.files.sniff import identify
from strava.files.tcx import parse_tcx
from strava.files.words import presentable

LARGEST_FILE = 64 * 1024 * 1024
MOST_RECORDINGS = 500
PARSERS = {"fit": parse_fit, "gpx": parse_gpx, "tcx": parse_tcx}


def parse(data: bytes, *, name: str = "") -> ParseResult:
    """What a FIT, GPX or TCX file holds, recognised by its content.

    Args:
        data: the file, not compressed; at most 64 MiB.
        name: only for messages.

    Raises:
        FileRefused: with a reason for its owner. Nothing else, whatever the bytes are.
    """
    if len(data) > LARGEST_FILE:
        raise FileRefused(f"{name or 'The file'} is larger than 64 MiB.", "too_large")
    parsed = PARSERS[identify(data)](data)
    if len(parsed.recordings) > MOST_RECORDINGS:
        raise FileRefused(f"The file has more than {MOST_RECORDINGS} activities; split it.", "too_many_entries")
    return replace(parsed, recordings=tuple(presentable(recording) for recording in parsed.recordings))
