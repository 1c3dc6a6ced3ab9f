"""The process that reads files: ``python -m strava.sandbox.child``."""

from dataclasses import replace
from datetime import UTC, datetime

from common.sandbox.child import serve
from strava.files import FileRefused, ParseResult, parse
from strava.files.accounts import read_activities, read_summaries
from strava.files.recording import Recording
from strava.files.samples import CLOCKS_DIFFER, as_sport
from strava.kernels import clean, derive
from strava.sandbox.results import Order, ParsedActivity, ParsedFile, Refusal, Reply, ToldList, dumps


def answer(request: bytes) -> bytes:
    """Carry the order of a request out."""
    order, data = Order.unpack(request)
    try:
        return dumps(_reply(order, data))
    except FileRefused as refused:
        return dumps(Refusal(refused.reason, refused.code))


def _reply(order: Order, data: bytes) -> Reply:
    if order.what == "strava":
        return ToldList(read_activities(data))
    if order.what == "garmin":
        return ToldList(read_summaries(data))
    parsed = read_file(data, order.name, order.sport)
    return replace(parsed, activities=tuple(each.packed() for each in parsed.activities))


def read_file(data: bytes, name: str, sport: str | None = None) -> ParsedFile:
    """Parse, clean and derive one plain file; ``sport`` is that of its one recording, where the file may be wrong.

    Recordings without usable samples, or of a time to come, are left out with a note.

    Raises:
        FileRefused: the file is refused, or none of its recordings is usable.
    """
    parsed = _with_sport(parse(data, name=name), sport)
    activities: list[ParsedActivity] = []
    notes = list(parsed.notes)
    refused: FileRefused | None = None
    for recording in parsed.recordings:
        try:
            cleaned = _begun(clean(recording))
        except FileRefused as error:
            refused = error
            notes.append(error.reason)
        else:
            activities.append(ParsedActivity(cleaned, derive(cleaned)))
    if refused and not activities:
        raise refused
    return ParsedFile(parsed.kind, parsed.format, tuple(activities), tuple(notes))


def _begun(recording: Recording) -> Recording:
    """The recording. Raises ``FileRefused`` when it starts in the future."""
    if recording.start_time > datetime.now(UTC) + CLOCKS_DIFFER:
        day = f"{recording.start_time:%Y-%m-%d}"
        raise FileRefused(
            f"The recording starts on {day}, in the future: the clock of the device was wrong.", "in_future"
        )
    return recording


def _with_sport(parsed: ParseResult, sport: str | None) -> ParseResult:
    if sport is None or len(parsed.recordings) != 1 or parsed.recordings[0].sport == sport:
        return parsed
    return replace(parsed, recordings=(as_sport(parsed.recordings[0], sport),))


if __name__ == "__main__":
    serve(answer)
