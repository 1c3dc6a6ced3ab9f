"""A recording as GPX 1.1: a segment between pauses each, sensors in Garmin's extensions. Pure.

topografix.com/GPX/1/1, garmin.com/xmlschemas/TrackPointExtensionv1.xsd and PowerExtensionv1.xsd
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

import numpy as np

from strava.activities.tracks import Indices, Track
from strava.streams.codec import Column

MEDIA_TYPE = "application/gpx+xml"
CREATOR = "Running Trainer"
SENSORS = ("temperature", "heartrate", "cadence", "power")
_POINTS_AT_ONCE = 500
_MOST_CADENCE = 254  # of the schema
_MILLISECOND = 1000  # microseconds
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TPX, _TPX_END = "<tpx:TrackPointExtension>", "</tpx:TrackPointExtension>"
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
            yield write(line[first : first + _POINTS_AT_ONCE]).encode()
        yield b"</trkseg>\n"
    yield b"</trk>\n</gpx>\n"


def _head(about: About) -> str:
    described = f"<desc>{_text(about.description)}</desc>\n" if about.description else ""
    return (
        f"{_HEAD}<metadata><time>{_moments(about.start_time, np.zeros(1))[0]}</time></metadata>\n"
        f"<trk>\n<name>{_text(about.name)}</name>\n{described}<type>{_text(about.sport)}</type>\n"
    )


def _text(text: str) -> str:
    """Escaped, without what XML 1.0 cannot hold."""
    return escape("".join(letter for letter in text if letter in "\t\n" or (letter >= " " and not _is_foul(letter))))


def _is_foul(letter: str) -> bool:
    return "\ud800" <= letter <= "\udfff" or letter in "\ufffe\uffff"


def _moments(start: datetime, seconds: Column) -> list[str]:
    """Texts of the moments so many seconds after the start, to the millisecond, in UTC."""
    since = (start - _EPOCH) // timedelta(microseconds=1)
    moments = (since + np.rint(seconds * 1e6).astype(np.int64)) // _MILLISECOND
    texts = np.datetime_as_string((moments // 1000).astype("datetime64[s]")).tolist()
    fractions = (moments % 1000).tolist()
    return [f"{text}.{part:03d}Z" if part else f"{text}Z" for text, part in zip(texts, fractions, strict=True)]


class _Points:
    """Writes ``trkpt`` elements."""

    def __init__(self, about: About, columns: Mapping[str, Column]) -> None:
        self._start = about.start_time
        self._columns = columns
        self._sensors = {name: columns[name] for name in SENSORS if name in columns}
        if about.sport in _ON_FOOT and "cadence" in self._sensors:  # both legs here, one leg there
            self._sensors["cadence"] = np.minimum(self._sensors["cadence"] / 2.0, _MOST_CADENCE)

    def __call__(self, indices: Indices) -> str:
        latlngs = self._columns["latlng"][indices].tolist()
        heights = self._texts("altitude", self._columns.get("altitude"), indices)
        moments = _moments(self._start, self._columns["time"][indices])
        extensions = _extensions({name: self._texts(name, each, indices) for name, each in self._sensors.items()})
        return "".join(
            f'<trkpt lat="{latitude:.7f}" lon="{longitude:.7f}">{height}<time>{moment}</time>{extension}</trkpt>\n'
            for (latitude, longitude), height, moment, extension in zip(
                latlngs, heights, moments, extensions or [""] * len(moments), strict=True
            )
        )

    @staticmethod
    def _texts(name: str, column: Column | None, indices: Indices) -> list[str]:
        """Elements of a column, empty where the value is absent."""
        if column is None:
            return [""] * len(indices)
        tag, digits = _ELEMENTS[name]
        return [f"<{tag}>{value:.{digits}f}</{tag}>" if value == value else "" for value in column[indices].tolist()]  # noqa: PLR0124 - only NaN is not itself


def _extensions(texts: Mapping[str, list[str]]) -> list[str]:
    """Extensions of each point, empty where it has none; no list without sensors."""
    body = [texts[name] for name in ("temperature", "heartrate", "cadence") if name in texts]
    inner = [f"{_TPX}{text}{_TPX_END}" if text else "" for text in map("".join, zip(*body, strict=True))]
    parts = [part for part in (inner, texts.get("power")) if part]
    return [f"<extensions>{text}</extensions>" if text else "" for text in map("".join, zip(*parts, strict=True))]
