"""FIT bytes to messages: the fast strict decoder first, the tolerant one for files that it refuses."""

import struct
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any

import fitdecode
import fitfast

from strava.files.recording import Column, FileRefused
from strava.files.samples import column

Message = Mapping[Any, Any]
RUST_PANIC = "pyo3_runtime"  # where the class lives that a failed assertion of the decoder raises; none can import it
CHECKSUM_SIZE = 2
LONGEST = 8.0  # s for a damaged file; days of samples, at the tolerant decoder's speed
SEMICIRCLE = 180.0 / 2**31
WANTED = frozenset(
    {"file_id", "sport", "session", "lap", "length", "record", "event", "device_info"}
)  # what the tolerant decoder keeps: it is slow enough


@dataclass(frozen=True, slots=True)
class Messages:
    """Messages by kind, in file order: scaled values, enumerations by name, times in Unix seconds.

    ``damaged`` is true when the strict decoder refused the file (wrong checksum, cut off, inconsistent), ``complete``
    when the tolerant one still came to its end.
    """

    by_kind: Mapping[str, Sequence[Message]]
    damaged: bool = False
    complete: bool = True
    _columns: dict[tuple[str, ...], Column] = field(default_factory=dict, compare=False, repr=False)

    def of(self, kind: str) -> list[Message]:
        """Messages of a kind, none when there is none."""
        return list(self.by_kind.get(kind, ()))

    def column(self, kind: str, *names: str) -> Column:
        """(n,) values of the first of these fields that a message has, NaN where it has none; not to be changed."""
        if (kind, *names) not in self._columns:
            self._columns[kind, *names] = self._column(kind, *names)
        return self._columns[kind, *names]

    def _column(self, kind: str, *names: str) -> Column:
        messages = self.by_kind.get(kind, ())
        values = column([message.get(names[0]) for message in messages])
        for name in names[1:]:
            empty = values != values  # noqa: PLR0124 - true for NaN
            if empty.any():
                values = values.copy()
                values[empty] = column([message.get(name) for message in messages])[empty]
        return values


def number_of(message: Message, *names: str) -> float | None:
    """Value of the first of these fields that is a finite number."""
    for name in names:
        value = message.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf"):
            return float(value)
    return None


def decode(data: bytes) -> Messages:
    """Messages of a FIT file.

    Raises:
        FileRefused: not one message could be read.
    """
    try:
        return Messages(fitfast.parse(data))
    except fitfast.FitDecodeError:
        pass
    except BaseException as error:
        if type(error).__module__ != RUST_PANIC:
            raise
    found, complete = _decode_damaged(data)
    if not found:
        found, complete = _decode_damaged(_with_its_size(data))
    if not found:
        raise FileRefused("The FIT file is damaged; nothing in it could be read.", "damaged")
    return Messages(found, damaged=True, complete=complete)


def _with_its_size(data: bytes) -> bytes:
    """The file with its true size in its header: a device that died had not come to write it."""
    return data[:4] + struct.pack("<I", max(len(data) - data[0] - CHECKSUM_SIZE, 0)) + data[8:]


def _decode_damaged(data: bytes) -> tuple[dict[str, list[Message]], bool]:
    """What can be read up to the point where sense ends, and whether that is the end of the file."""
    found: dict[str, list[Message]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of each oddity; one word in the report is enough
        try:
            with fitdecode.FitReader(
                data, check_crc=fitdecode.CrcCheck.DISABLED, error_handling=fitdecode.ErrorHandling.IGNORE
            ) as frames:
                until = monotonic() + LONGEST
                for frame in frames:
                    if monotonic() > until:
                        return found, False
                    if isinstance(frame, fitdecode.FitDataMessage) and frame.name in WANTED:
                        found.setdefault(frame.name, []).append(_values(frame))
        except Exception:  # noqa: BLE001 - garbage makes it fail anywhere; what came before is what we want
            return found, False
    return found, True


def _values(frame: Any) -> dict[str, Any]:
    return {
        field.name: field.value.timestamp() if isinstance(field.value, datetime) else field.value
        for field in frame.fields
        if field.value is not None
    }
