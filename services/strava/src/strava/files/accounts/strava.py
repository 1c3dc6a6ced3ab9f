"""``activities.csv`` of Strava's account archive: about 100 columns in the athlete's language, some names twice."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Final

from strava.files.accounts.told import Told
from strava.files.accounts.values import decimal, moment, plain, within
from strava.files.accounts.words import COLUMNS, COMMA_LANGUAGES, SHORT_DISTANCE, SHORT_ELAPSED, SPORT_OF
from strava.files.recording import FileRefused
from strava.files.samples import FOOT, LEG_CADENCE_BELOW

MOST_ROWS: Final = 20_000
LONGEST_TEXT: Final = 10_000
LONGEST_TIME: Final = 31 * 86_400.0  # s
LARGEST_ID: Final = 2**63 - 1
TODAY: Final = 80  # columns of the archives whose places are known; older ones have fewer, elsewhere
NEEDED: Final = ("archive_id", "start_time", "file_name")
KILOMETRE: Final = 1000.0

Row = Sequence[str]


def read_activities(data: bytes) -> tuple[Told, ...]:
    """What each row says, in order; rows without a number of their own are passed over.

    Columns are found by their names in English, German, French, Spanish and Portuguese; where those are others, by
    their places. Of two columns of a name the second is in s and m, the first in what people read.

    Raises:
        FileRefused: the columns cannot be told.
    """
    text = data.decode("utf-8-sig", "replace").replace("\0", "")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        header = [plain(name) for name in next(rows, [])]
        places = _places(header)
        if any(name not in places for name in NEEDED):
            raise FileRefused("The columns of activities.csv cannot be told; its names are not used.", "unknown_format")
        comma = header[places["archive_id"]] in COMMA_LANGUAGES
        found = [_told(row, places, header, comma=comma) for row, _ in zip(rows, range(MOST_ROWS), strict=False)]
    except csv.Error as error:
        raise FileRefused("activities.csv is damaged; its names are not used.", "damaged") from error
    return tuple(each for each in found if each.archive_id is not None)


def _delimiter(text: str) -> str:
    first = text[: text.find("\n")]
    return ";" if first.count(";") > first.count(",") else ","


def _places(header: Sequence[str]) -> dict[str, int]:
    """Index of each column that could be found."""
    places: dict[str, int] = {}
    for name, (place, which, words) in COLUMNS.items():
        named = [index for index, title in enumerate(header) if title in words]
        if named:
            places[name] = named[min(which, len(named) - 1)]
        elif len(header) >= TODAY:
            places[name] = place
    return places


def _told(row: Row, places: Mapping[str, int], header: Sequence[str], *, comma: bool) -> Told:
    texts = {name: row[place].strip() for name, place in places.items() if place < len(row)}

    def number(name: str, low: float, high: float) -> float | None:
        return within(decimal(texts.get(name, ""), comma=comma), low, high)

    sport = SPORT_OF.get(plain(texts.get("sport", "")[:100]))
    return Told(
        file_name=texts.get("file_name", "").replace("\\", "/"),
        archive_id=_whole(texts.get("archive_id", "")),
        name=texts.get("name", "")[:LONGEST_TEXT] or None,
        description=texts.get("description", "")[:LONGEST_TEXT] or None,
        sport=sport,
        gear=texts.get("gear", "")[:LONGEST_TEXT] or None,
        start_time=moment(texts.get("start_time", "")),
        elapsed_time=number("elapsed_time", 0.0, LONGEST_TIME) or _short(row, SHORT_ELAPSED, header, comma=comma),
        moving_time=number("moving_time", 0.0, LONGEST_TIME),
        distance=_distance(row, places, header, sport, comma=comma),
        elevation_gain=number("elevation_gain", 0.0, 1e5),
        average_heartrate=number("average_heartrate", 25.0, 250.0),
        max_heartrate=number("max_heartrate", 25.0, 250.0),
        average_cadence=_steps(number("average_cadence", 0.1, 254.0), sport),
        calories=number("calories", 0.1, 1e5),
    )


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST_ID else None  # noqa: PLR2004 - digits of 2**63


def _short(row: Row, place: int, header: Sequence[str], *, comma: bool) -> float | None:
    """Value of one of the first columns, where the archive is one of today's."""
    if len(header) < TODAY or place >= len(row):
        return None
    return within(decimal(row[place], comma=comma), 0.0, LONGEST_TIME)


def _distance(
    row: Row, places: Mapping[str, int], header: Sequence[str], sport: str | None, *, comma: bool
) -> float | None:
    """Metres: of the second column of the name, else of the first, which has km, and m for swims."""
    place = places.get("distance", len(row))
    value = decimal(row[place], comma=comma) if place < len(row) else None
    title = header[place] if place < len(header) else ""
    in_metres = title not in COLUMNS["distance"][2] or header.index(title) < place
    if value is None and in_metres:
        value, in_metres = _short(row, SHORT_DISTANCE, header, comma=comma), False
    if value is not None and not in_metres and sport != "Swim":
        value *= KILOMETRE
    return within(value, 0.0, 1e7)


def _steps(cadence: float | None, sport: str | None) -> float | None:
    """Cadence per minute, both legs for runs and walks: Strava counts one."""
    if cadence is None or sport not in FOOT or cadence > LEG_CADENCE_BELOW:
        return cadence
    return 2.0 * cadence
