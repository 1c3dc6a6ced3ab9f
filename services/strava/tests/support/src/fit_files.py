"""A small writer of FIT files, enough for tests: no compressed headers, no developer fields."""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime

EPOCH = datetime(1989, 12, 31, tzinfo=UTC).timestamp()
START = datetime(2026, 3, 1, 7, tzinfo=UTC).timestamp()
SEMICIRCLES = 2**31 / 180
CRC = (
    *(0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401),
    *(0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400),
)
ENUM, UINT8, UINT16, SINT32, UINT32 = (0x00, "B"), (0x02, "B"), (0x84, "H"), (0x85, "i"), (0x86, "I")
INVALID = {ENUM: 0xFF, UINT8: 0xFF, UINT16: 0xFFFF, SINT32: 0x7FFFFFFF, UINT32: 0xFFFFFFFF}
Field = tuple[int, tuple[int, str]]
FILE_ID: tuple[int, tuple[Field, ...]] = (0, ((0, ENUM), (1, UINT16), (4, UINT32)))
RECORD: tuple[int, tuple[Field, ...]] = (
    20,
    ((253, UINT32), (0, SINT32), (1, SINT32), (5, UINT32), (2, UINT16), (3, UINT8), (4, UINT8)),
)
EVENT: tuple[int, tuple[Field, ...]] = (21, ((253, UINT32), (0, ENUM), (1, ENUM)))
LAP: tuple[int, tuple[Field, ...]] = (
    19,
    ((253, UINT32), (2, UINT32), (7, UINT32), (8, UINT32), (9, UINT32), (25, ENUM)),
)
SESSION: tuple[int, tuple[Field, ...]] = (
    18,
    ((253, UINT32), (2, UINT32), (7, UINT32), (8, UINT32), (9, UINT32), (5, ENUM), (6, ENUM)),
)
KINDS = (FILE_ID, RECORD, EVENT, LAP, SESSION)
RUNNING, CYCLING, TRANSITION, SWIMMING = 1, 2, 3, 5
STOP, BEGIN = 4, 0


class FitFile:
    """Messages one after another; ``bytes()`` is the file. Times are Unix seconds."""

    def __init__(self, kind: int = 4, started: float = START) -> None:
        self._body = bytearray()
        self._defined: set[int] = set()
        self._write(FILE_ID, (kind, 1, started - EPOCH))

    def record(
        self,
        at: float,
        *,
        position: tuple[float, float] | None = None,
        distance: float | None = None,
        altitude: float | None = None,
        heartrate: int | None = None,
        cadence: int | None = None,
    ) -> None:
        lat, lng = (None, None) if position is None else (position[0] * SEMICIRCLES, position[1] * SEMICIRCLES)
        metres = None if distance is None else distance * 100
        height = None if altitude is None else (altitude + 500) * 5
        self._write(RECORD, (at - EPOCH, lat, lng, metres, height, heartrate, cadence))

    def raw_records(self, data: bytes) -> None:
        """Records as bytes, headers included."""
        self._define(RECORD)
        self._body += data

    def timer(self, at: float, kind: int) -> None:
        self._write(EVENT, (at - EPOCH, 0, kind))

    def lap(self, start: float, elapsed: float, distance: float, sport: int = RUNNING) -> None:
        times = (start + elapsed - EPOCH, start - EPOCH, elapsed * 1000, elapsed * 1000)
        self._write(LAP, (*times, distance * 100, sport))

    def session(self, start: float, elapsed: float, distance: float, sport: int = RUNNING, sub_sport: int = 0) -> None:
        times = (start + elapsed - EPOCH, start - EPOCH, elapsed * 1000, elapsed * 1000)
        self._write(SESSION, (*times, distance * 100, sport, sub_sport))

    def _write(self, kind: tuple[int, tuple[Field, ...]], values: Sequence[float | None]) -> None:
        _, fields = kind
        self._body.append(self._define(kind))
        for (_, kind_of), value in zip(fields, values, strict=True):
            self._body += struct.pack(f"<{kind_of[1]}", INVALID[kind_of] if value is None else round(value))

    def _define(self, kind: tuple[int, tuple[Field, ...]]) -> int:
        """Number of the kind in this file; the first time its definition is written."""
        number, fields = kind
        local = KINDS.index(kind)
        if local not in self._defined:
            self._defined.add(local)
            self._body += struct.pack("<BBBHB", 0x40 | local, 0, 0, number, len(fields))
            for field, (base, code) in fields:
                self._body += bytes((field, struct.calcsize(code), base))
        return local

    def __bytes__(self) -> bytes:
        header = struct.pack("<BBHI4s", 14, 0x10, 2132, len(self._body), b".FIT")
        content = header + struct.pack("<H", crc(header)) + bytes(self._body)
        return content + struct.pack("<H", crc(content))


def crc(data: bytes) -> int:
    """Checksum of the FIT protocol, four bits at a time."""
    value = 0
    for byte in data:
        for nibble in (byte & 0xF, byte >> 4):
            value = (value >> 4) ^ CRC[value & 0xF] ^ CRC[nibble]
    return value


def run(seconds: int = 600, speed: float = 3.0, *, cadence: int | None = 85, kind: int = 4) -> bytes:
    """A steady run to the north from 45 N 9 E, one sample a second, one lap."""
    file = FitFile(kind)
    file.timer(START, BEGIN)
    for second in range(seconds + 1):
        file.record(
            START + second,
            position=(45 + speed * second / 111_132, 9.0),
            distance=speed * second,
            altitude=100.0,
            heartrate=140,
            cadence=cadence,
        )
    file.timer(START + seconds, STOP)
    file.lap(START, seconds, speed * seconds)
    file.session(START, seconds, speed * seconds)
    return bytes(file)
