"""Times as XML files write them, one by one and many at once."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import numpy as np

PLAIN: Final = len("2026-03-01T07:00:00Z")
_DATE: Final = len("2026-03-01")
_DIGITS: Final = np.array([0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18])
_MARKS: Final = ((4, b"-"), (7, b"-"), (10, b"T"), (13, b":"), (16, b":"), (19, b"Z"))
_CLOCK: Final = ((11, 23), (14, 59), (17, 59))  # where two digits are, and the most they say
_ZERO: Final = ord("0")
_NINE: Final = 9


def timestamp(text: str | None) -> float:
    """Unix seconds of an ISO 8601 time, NaN when it is none; without a zone it is taken as UTC, as both formats ask."""
    if not text:
        return float("nan")
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return float("nan")


def moments(texts: Sequence[bytes | None]) -> list[float]:
    """`timestamp` of each; whole seconds of one day in UTC, as nearly all are, are read as digits."""
    plain = _plain([text for text in texts if text is not None and len(text) == PLAIN], len(texts))
    if plain is not None:
        return plain
    return [timestamp(None if text is None else text.decode("ascii")) for text in texts]


def _plain(texts: Sequence[bytes], count: int) -> list[float] | None:
    """Unix seconds of plain times, None unless they are all (``count``) of one day."""
    if len(texts) != count or not count:
        return None
    table = np.frombuffer(b"".join(texts), dtype=np.uint8).reshape(count, PLAIN)
    one_day = bool((table[:, :_DATE] == table[0, :_DATE]).all())
    marked = all(bool((table[:, place] == mark[0]).all()) for place, mark in _MARKS)
    if not one_day or not marked or (table[:, _DIGITS] - np.uint8(_ZERO) > _NINE).any():  # below "0" wraps around
        return None
    clock = [(table[:, at] - _ZERO) * 10.0 + (table[:, at + 1] - _ZERO) for at, _ in _CLOCK]
    midnight = timestamp(texts[0][:_DATE].decode("ascii"))
    if any((part > most).any() for part, (_, most) in zip(clock, _CLOCK, strict=True)) or np.isnan(midnight):
        return None
    seconds: list[float] = (midnight + clock[0] * 3600.0 + clock[1] * 60.0 + clock[2]).tolist()
    return seconds
