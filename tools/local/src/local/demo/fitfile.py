"""A run as a FIT activity file (Flexible and Interoperable Data Transfer protocol, version 1.0)."""

import struct
import zipfile
from collections.abc import Iterable, Sequence
from io import BytesIO

import numpy as np

from local.demo.body import Lap, Run

EPOCH = 631_065_600  # Unix time of 1989-12-31, where FIT begins to count
SEMICIRCLES = 2.0**31 / 180.0
HEADER = struct.Struct("<BBHI4s")
DEVELOPMENT = 255  # the manufacturer's number for what is not a product
ACTIVITY, RUNNING, TIMER, SESSION_OF_ACTIVITY, ACTIVITY_EVENT, LAP_EVENT = 4, 1, 0, 8, 26, 9
START, STOP, STOP_ALL = 0, 1, 4
BY_BUTTON, BY_DISTANCE, BY_SESSION_END = 0, 2, 7
# Base types: number in a definition and letter of `struct`.
ENUM, UINT8, UINT16, SINT32, UINT32 = (0x00, "B"), (0x02, "B"), (0x84, "H"), (0x85, "i"), (0x86, "I")
Field = tuple[int, tuple[int, str]]
FILE_ID: tuple[int, tuple[Field, ...]] = (0, ((0, ENUM), (1, UINT16), (2, UINT16), (4, UINT32)))
EVENT: tuple[int, tuple[Field, ...]] = (21, ((253, UINT32), (0, ENUM), (1, ENUM)))
RECORD: tuple[int, tuple[Field, ...]] = (
    20,
    ((253, UINT32), (0, SINT32), (1, SINT32), (5, UINT32), (2, UINT16), (3, UINT8), (4, UINT8)),
)
LAP: tuple[int, tuple[Field, ...]] = (
    19,
    (
        *((253, UINT32), (0, ENUM), (1, ENUM), (2, UINT32), (7, UINT32), (8, UINT32), (9, UINT32)),
        *((11, UINT16), (15, UINT8), (16, UINT8), (24, ENUM), (25, ENUM)),
    ),
)
SESSION: tuple[int, tuple[Field, ...]] = (
    18,
    (
        *((253, UINT32), (0, ENUM), (1, ENUM), (2, UINT32), (5, ENUM), (6, ENUM), (7, UINT32), (8, UINT32)),
        *((9, UINT32), (11, UINT16), (16, UINT8), (17, UINT8)),
    ),
)
ACTIVITY_SUMMARY: tuple[int, tuple[Field, ...]] = (
    34,
    ((253, UINT32), (0, UINT32), (1, UINT16), (2, ENUM), (3, ENUM), (4, ENUM)),
)
LOCAL_NUMBERS = {message[0]: local for local, message in enumerate((FILE_ID, EVENT, RECORD, LAP, SESSION))}
LOCAL_NUMBERS[ACTIVITY_SUMMARY[0]] = len(LOCAL_NUMBERS)


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
        table.append(value)
    return tuple(table)


CRC_TABLE = _crc_table()


def fit_file(run: Run) -> bytes:
    """Return the run as a whole FIT file."""
    begin = int(run.session.start.timestamp()) - EPOCH
    end = begin + int(run.time[-1])
    total = int(run.time[-1]) * 1000
    body = b"".join(
        (
            _message(FILE_ID, [(ACTIVITY, DEVELOPMENT, 1, begin)]),
            _message(EVENT, [(begin, TIMER, START)]),
            _records(run, begin),
            _data(EVENT, [(end, TIMER, STOP_ALL)]),
            _message(LAP, [_lap(lap, run, begin) for lap in run.laps]),
            _message(SESSION, [_session(run, begin, end, total)]),
            _message(ACTIVITY_SUMMARY, [(end, total, 1, 0, ACTIVITY_EVENT, STOP)]),
        )
    )
    head = HEADER.pack(14, 0x10, 2140, len(body), b".FIT")
    head += struct.pack("<H", _crc(head))
    return head + body + struct.pack("<H", _crc(head + body))


def archive(runs: Iterable[Run]) -> bytes:
    """Return a ZIP of the runs' files, the same bytes for the same runs."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for run in runs:
            info = zipfile.ZipInfo(run.session.file_name, run.session.start.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, fit_file(run))
    return packed.getvalue()


def _message(message: tuple[int, tuple[Field, ...]], rows: Sequence[tuple[int, ...]]) -> bytes:
    """A definition and the messages it defines."""
    return _definition(message) + _data(message, rows)


def _definition(message: tuple[int, tuple[Field, ...]]) -> bytes:
    number, fields = message
    head = struct.pack("<BBBHB", 0x40 | LOCAL_NUMBERS[number], 0, 0, number, len(fields))
    return head + b"".join(bytes((field, struct.calcsize(letter), base)) for field, (base, letter) in fields)


def _data(message: tuple[int, tuple[Field, ...]], rows: Sequence[tuple[int, ...]]) -> bytes:
    number, fields = message
    packing = struct.Struct("<B" + "".join(letter for _, (_, letter) in fields))
    return b"".join(packing.pack(LOCAL_NUMBERS[number], *row) for row in rows)


def _records(run: Run, begin: int) -> bytes:
    kinds = [("local", "u1"), *((str(field), np.dtype(letter).newbyteorder("<")) for field, (_, letter) in RECORD[1])]
    rows = np.empty(len(run.time), dtype=np.dtype(kinds))
    rows["local"] = LOCAL_NUMBERS[RECORD[0]]
    rows["253"] = begin + run.time
    rows["0"] = np.round(run.latitude * SEMICIRCLES)
    rows["1"] = np.round(run.longitude * SEMICIRCLES)
    rows["5"] = np.round(run.distance * 100)
    rows["2"] = np.round((run.altitude + 500) * 5)
    rows["3"] = run.heartrate
    rows["4"] = run.cadence
    return _definition(RECORD) + rows.tobytes()


def _lap(lap: Lap, run: Run, begin: int) -> tuple[int, ...]:
    elapsed = 1000 * (lap.end - lap.start)
    calories = round(run.calories * lap.distance / float(run.distance[-1]))
    trigger = BY_SESSION_END if lap is run.laps[-1] else BY_BUTTON if lap.manual else BY_DISTANCE
    head = (begin + lap.end, LAP_EVENT, STOP, begin + lap.start, elapsed, elapsed, round(lap.distance * 100))
    return *head, calories, lap.average_heartrate, lap.max_heartrate, trigger, RUNNING


def _session(run: Run, begin: int, end: int, total: int) -> tuple[int, ...]:
    beats = round(float(run.heartrate.mean())), int(run.heartrate.max())
    metres = round(float(run.distance[-1]) * 100)
    return end, SESSION_OF_ACTIVITY, STOP, begin, RUNNING, 0, total, total, metres, run.calories, *beats


def _crc(data: bytes) -> int:
    """CRC-16 with the polynomial 0x8005, least significant bit first, as FIT asks."""
    value = 0
    for byte in data:
        value = value >> 8 ^ CRC_TABLE[(value ^ byte) & 0xFF]
    return value
