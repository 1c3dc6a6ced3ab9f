"""The process that reads files: ``python -m strava.sandbox.child``."""

from common.sandbox.child import serve
from strava.files import FileRefused, parse
from strava.kernels import clean, derive
from strava.sandbox.results import NAME, ParsedActivity, ParsedFile, Refusal, dumps


def answer(request: bytes) -> bytes:
    """Read the file of a request."""
    (name_size,) = NAME.unpack_from(request)
    start = NAME.size + name_size
    name = request[NAME.size : start].decode("utf-8", "replace")
    try:
        return dumps(read_file(request[start:], name))
    except FileRefused as refused:
        return dumps(Refusal(refused.reason, refused.code))


def read_file(data: bytes, name: str) -> ParsedFile:
    """Parse, clean and derive one plain file.

    Recordings without usable samples are left out with a note.

    Raises:
        FileRefused: the file is refused, or none of its recordings is usable.
    """
    parsed = parse(data, name=name)
    activities: list[ParsedActivity] = []
    notes = list(parsed.notes)
    refused: FileRefused | None = None
    for recording in parsed.recordings:
        try:
            cleaned = clean(recording)
        except FileRefused as error:
            refused = error
            notes.append(error.reason)
        else:
            activities.append(ParsedActivity(cleaned, derive(cleaned)))
    if refused and not activities:
        raise refused
    return ParsedFile(parsed.kind, parsed.format, tuple(activities), tuple(notes))


if __name__ == "__main__":
    serve(answer)
