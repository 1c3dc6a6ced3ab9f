"""A recording as GPX 1.1: a segment between pauses each, sensors in Garmin's extensions. Pure.

topografix.com/GPX/1/1, garmin.com/xmlschemas/TrackPointExtensionv1.xsd and PowerExtensionv1.xsd
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from strava.activities.tracks import Indices, Track
from strava.exports.letters import Flags, Letters, digits, lines, numbers, words
from strava.streams.codec import Column

MEDIA_TYPE = "application/gpx+xml"
CREATOR = "Running Trainer"
SENSORS = ("temperature", "heartrate", "cadence", "power")
_POINTS_AT_ONCE = 4000
_MOST_CADENCE = 254  # of the schema
_MILLISECOND = 1000  # microseconds
_DAY = 86_400_000  # milliseconds
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TPX = "tpx:TrackPointExtension"
_IN_TPX = ("temperature", "heartrate", "cadence")
_ON_FOOT = frozenset({"Run", "TrailRun", "VirtualRun", "Walk", "Hike"})
_ELEMENTS = {
    "altitude": ("ele", 2),
    "temperature": ("tpx:atemp", 1),
    "heartrate": ("tpx:hr", 0),
    "cadence": ("tpx:cad", 0),
    "power": ("pwr:PowerInWatts", 0),
}
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    f'<gpx version="1.1" creator="{CREATOR}" xmlns="http://www.topografix.com/GPX/1/1"'
    ' xmlns:tpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v1"'
    ' xmlns:pwr="http://www.garmin.com/xmlschemas/PowerExtension/v1"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xsi:schemaLocation="http://www.topografix.com/GPX/1/1 http://www.topografix.com/GPX/1/1/gpx.xsd">\n'
)


@dataclass(frozen=True)
class About:
    """What the file says of the activity as a whole."""

    name: str
    description: str
    sport: str
    start_time: datetime


def gpx(about: About, track: Track) -> Iterator[bytes]:
    """Write the track in pieces; ``track.columns`` need ``time`` (s) and ``latlng``, and may have ``SENSORS``."""
    yield _head(about).encode()
    write = _Points(about, track.columns)
    for line in track.lines:
        yield b"<trkseg>\n"
        for first in range(0, len(line), _POINTS_AT_ONCE):
            yield write(line[first : first + _POINTS_AT_ONCE])
        yield b"</trkseg>\n"
    yield b"</trk>\n</gpx>\n"


def _head(about: About) -> str:
    described = f"<desc>{_text(about.description)}</desc>\n" if about.description else ""
    began = lines(1, _moments(about.start_time, np.zeros(1))).decode()
    return (
        f"{_HEAD}<metadata><time>{began}</time></metadata>\n"
        f"<trk>\n<name>{_text(about.name)}</name>\n{described}<type>{_text(about.sport)}</type>\n"
    )


def _text(text: str) -> str:
    """Escaped, without what XML 1.0 cannot hold."""
    return escape("".join(letter for letter in text if letter in "\t\n" or (letter >= " " and not _is_foul(letter))))


def _is_foul(letter: str) -> bool:
    return "\ud800" <= letter <= "\udfff" or letter in "\ufffe\uffff"


def _moments(start: datetime, seconds: Column) -> list[bytes | Letters]:
    """Moments so many seconds after the start, to the millisecond where it is not 0, in UTC."""
    since = (start - _EPOCH) // timedelta(microseconds=1)
    moments = (since + np.rint(seconds * 1e6).astype(np.int64)) // _MILLISECOND
    seconds_of_day, fractions = np.divmod(moments % _DAY, 1000)
    clock = [digits(part, 2) for part in (seconds_of_day // 3600, seconds_of_day // 60 % 60, seconds_of_day % 60)]
    broken = fractions > 0
    thousandths = digits(fractions, 3) * broken[:, np.newaxis]
    return [
        _dates(moments // _DAY),
        b"T",
        clock[0],
        b":",
        clock[1],
        b":",
        clock[2],
        words(b".", broken),
        thousandths,
        b"Z",
    ]


def _dates(days: NDArray[np.int64]) -> Letters:
    """Dates so many days after the first of 1970."""
    different, place = np.unique(days, return_inverse=True)
    texts = np.datetime_as_string(different.astype("datetime64[D]")).astype(np.bytes_)
    return texts.view(np.uint8).reshape(len(different), -1)[place]


class _Points:
    """Writes ``trkpt`` elements."""

    def __init__(self, about: About, columns: Mapping[str, Column]) -> None:
        self._start = about.start_time
        self._columns = {name: columns[name] for name in ("time", "latlng", *_ELEMENTS) if name in columns}
        if about.sport in _ON_FOOT and "cadence" in columns:  # both legs here, one leg there
            self._columns["cadence"] = np.minimum(columns["cadence"] / 2.0, _MOST_CADENCE)

    def __call__(self, indices: Indices) -> bytes:
        columns = {name: column[indices] for name, column in self._columns.items()}
        latitudes, longitudes = (numbers(each, 7) for each in columns["latlng"].T)
        return lines(
            len(indices),
            [
                *(b'<trkpt lat="', latitudes, b'" lon="', longitudes, b'">'),
                *_element("altitude", columns),
                *(b"<time>", *_moments(self._start, columns["time"]), b"</time>"),
                *_extensions(columns),
                b"</trkpt>\n",
            ],
        )


def _element(name: str, columns: Mapping[str, Column]) -> list[bytes | Letters]:
    """The elements of a column, none where the value is absent."""
    if name not in columns:
        return []
    tag, places = _ELEMENTS[name]
    return _within(tag, np.isfinite(columns[name]), [numbers(columns[name], places)])


def _within(tag: str, present: Flags, parts: list[bytes | Letters]) -> list[bytes | Letters]:
    return [words(f"<{tag}>".encode(), present), *parts, words(f"</{tag}>".encode(), present)]


def _extensions(columns: Mapping[str, Column]) -> list[bytes | Letters]:
    """Extensions of each point that has any."""
    known = {name: np.isfinite(columns[name]) for name in (*_IN_TPX, "power") if name in columns}
    inner = [known[name] for name in _IN_TPX if name in known]
    if not known:
        return []
    parts = [part for name in _IN_TPX for part in _element(name, columns)]
    if inner:
        parts = _within(_TPX, np.any(inner, axis=0), parts)
    return _within("extensions", np.any([*known.values()], axis=0), [*parts, *_element("power", columns)])
