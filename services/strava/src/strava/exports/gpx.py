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
        f"{_HEAD}<metadata><time>{_moment(about.start_time, 0.0)}</time></metadata>\n"
        f"<trk>\n<name>{_text(about.name)}</name>\n{described}<type>{_text(about.sport)}</type>\n"
    )


def _text(text: str) -> str:
    """Escaped, without what XML 1.0 cannot hold."""
    return escape("".join(letter for letter in text if letter in "\t\n" or (letter >= " " and not _is_foul(letter))))


def _is_foul(letter: str) -> bool:
    return "\ud800" <= letter <= "\udfff" or letter in "\ufffe\uffff"


def _moment(start: datetime, seconds: float) -> str:
    at = start + timedelta(seconds=seconds)
    whole = at.microsecond < _MILLISECOND
    return f"{at.astimezone(UTC).isoformat(timespec='seconds' if whole else 'milliseconds')[:-6]}Z"


class _Points:
    """Writes ``trkpt`` elements."""

    def __init__(self, about: About, columns: Mapping[str, Column]) -> None:
        self._start = about.start_time
        self._columns = columns
        self._sensors = {name: columns[name] for name in SENSORS if name in columns}
        if about.sport in _ON_FOOT and "cadence" in self._sensors:  # both legs here, one leg there
            self._sensors["cadence"] = np.minimum(self._sensors["cadence"] / 2.0, _MOST_CADENCE)

    def __call__(self, indices: Indices) -> str:
        times = self._columns["time"][indices].tolist()
        latlngs = self._columns["latlng"][indices].tolist()
        heights = self._texts("altitude", self._columns.get("altitude"), indices)
        sensors = [self._texts(name, column, indices) for name, column in self._sensors.items()]
        extensions = [_extensions(dict(zip(self._sensors, texts, strict=True))) for texts in zip(*sensors, strict=True)]
        return "".join(
            f'<trkpt lat="{latitude:.7f}" lon="{longitude:.7f}">{height}<time>{_moment(self._start, time)}</time>'
            f"{extension}</trkpt>\n"
            for (latitude, longitude), height, time, extension in zip(
                latlngs, heights, times, extensions or [""] * len(times), strict=True
            )
        )

    @staticmethod
    def _texts(name: str, column: Column | None, indices: Indices) -> list[str]:
        """Elements of a column, empty where the value is absent."""
        if column is None:
            return [""] * len(indices)
        tag, digits = _ELEMENTS[name]
        return [f"<{tag}>{value:.{digits}f}</{tag}>" if value == value else "" for value in column[indices].tolist()]  # noqa: PLR0124 - only NaN is not itself


def _extensions(texts: Mapping[str, str]) -> str:
    inner = "".join(texts.get(name, "") for name in ("temperature", "heartrate", "cadence"))
    inner = f"<tpx:TrackPointExtension>{inner}</tpx:TrackPointExtension>" if inner else ""
    inner += texts.get("power", "")
    return f"<extensions>{inner}</extensions>" if inner else ""
