"""What the first message of a FIT file says, without reading the rest: what kind of file it is and when it began."""

import struct
from dataclasses import dataclass
from typing import Final

EPOCH: Final = 631_065_600  # Unix time of 1989-12-31, from which FIT counts
ACTIVITY: Final = 4
SIGNATURE: Final = b".FIT"
FILE_ID: Final = 0
TYPE, TIME_CREATED = 0, 4
MOST_MESSAGES: Final = 16
NO_TYPE, NO_TIME = 0xFF, 0xFFFFFFFF
_TIME_SIZE = 4
_DEFINITION, _DEVELOPER, _COMPRESSED = 0x40, 0x20, 0x80

Fields = list[tuple[int, int]]
Definition = tuple[str, int, Fields]


@dataclass(frozen=True, slots=True)
class FitHead:
    """``kind`` as FIT numbers its files (4 is an activity), ``created`` in Unix seconds; None where it is not said."""

    kind: int | None
    created: float | None


def fit_head(data: bytes) -> FitHead | None:
    """The file id of a FIT file; None when it is no FIT file or its beginning says nothing.

    Source: FIT protocol, "Record Format" (developer.garmin.com/fit/protocol).
    """
    if data[8:12] != SIGNATURE:
        return None
    try:
        return _file_id(data, data[0])
    except (IndexError, struct.error):
        return None


def _file_id(data: bytes, at: int) -> FitHead | None:
    known: dict[int, Definition] = {}
    for _ in range(MOST_MESSAGES):
        header = data[at]
        at += 1
        if header & _COMPRESSED:
            return None  # such a message counts from one before it, which a file id is not
        if header & _DEFINITION:
            known[header & 0x0F], at = _definition(data, at, developer=bool(header & _DEVELOPER))
            continue
        definition = known.get(header & 0x0F)
        if definition is None:
            return None
        order, number, fields = definition
        if number == FILE_ID:
            return _head(data, at, order, fields)
        at += sum(size for _, size in fields)
    return None


def _definition(data: bytes, at: int, *, developer: bool) -> tuple[Definition, int]:
    order = ">" if data[at + 1] else "<"
    (number,) = struct.unpack_from(f"{order}H", data, at + 2)
    count = data[at + 4]
    at += 5
    fields: Fields = [(data[each], data[each + 1]) for each in range(at, at + 3 * count, 3)]
    at += 3 * count
    if developer:
        count = data[at]
        fields += [(-1, data[each + 1]) for each in range(at + 1, at + 1 + 3 * count, 3)]
        at += 1 + 3 * count
    return (order, number, fields), at


def _head(data: bytes, at: int, order: str, fields: Fields) -> FitHead:
    kind: int | None = None
    created: float | None = None
    for number, size in fields:
        if number == TYPE and size == 1 and data[at] != NO_TYPE:
            kind = data[at]
        elif number == TIME_CREATED and size == _TIME_SIZE:
            (moment,) = struct.unpack_from(f"{order}I", data, at)
            created = None if moment == NO_TIME else float(moment + EPOCH)
        at += size
    return FitHead(kind, created)
