"""Many lines of one form, written column by column instead of line by line. Pure."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from strava.streams.codec import Column

Flags = NDArray[np.bool_]
Letters = NDArray[np.uint8]
"""(n, width): a row for each line, in ASCII; 0 is no letter."""

_NARROW = np.iinfo(np.int32).max


def lines(count: int, parts: Sequence[bytes | Letters]) -> bytes:
    """Put ``count`` lines together: what is bytes stands in each of them."""
    columns = [
        np.broadcast_to(_letters(each), (count, len(each))) if isinstance(each, bytes) else each for each in parts
    ]
    return np.concatenate(columns, axis=1).tobytes().translate(None, b"\0")


def words(text: bytes, present: Flags) -> Letters:
    """The text in the lines that are ``present``, nothing in the others."""
    return present[:, np.newaxis] * _letters(text)


def _letters(text: bytes) -> Letters:
    return np.frombuffer(text, dtype=np.uint8)


def numbers(column: Column, places: int) -> Letters:
    """(n,) numbers with so many decimals; nothing where one is NaN."""
    known = np.isfinite(column)
    scaled = np.rint(np.where(known, column, 0.0) * 10.0**places).astype(np.int64)
    size = np.abs(scaled)
    whole = max(1, len(str(size.max(initial=0))) - places)
    written = digits(size, whole + places) * known[:, np.newaxis]
    for place in range(1, whole):  # no noughts in front, but the last
        written[:, whole - place - 1] *= size >= 10 ** (places + place)
    sign, point = words(b"-", scaled < 0), words(b"." if places else b"", known)
    return np.concatenate([sign, written[:, :whole], point, written[:, whole:]], axis=1)


def digits(values: NDArray[np.int64], count: int) -> Letters:
    """(n, count) last digits of (n,) numbers, none negative."""
    written = np.empty((len(values), count), dtype=np.uint8)
    rest = values.astype(np.int32) if values.max(initial=0) <= _NARROW else values
    for at in range(count - 1, -1, -1):
        tenth = rest // 10
        written[:, at] = rest - 10 * tenth + ord("0")
        rest = tenth
    return written
