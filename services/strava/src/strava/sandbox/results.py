"""What goes over the pipe between the sandbox and its child, and how."""

import io
import json
import pickle
import struct
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal, Self

from common import sandbox
from strava.files.accounts.told import Told
from strava.files.recording import Format, Recording
from strava.kernels.derived import Derived
from strava.streams.packed import Packed

HEAD: Final = struct.Struct(">Q")  # bytes of the order, which stands before the file
LONGEST_NAME: Final = 1000
OURS: Final = (
    "strava.files.accounts.told",
    "strava.files.recording",
    "strava.kernels.derived",
    "strava.sandbox.results",
    "strava.streams.packed",
)
OTHERS: Final = frozenset(
    {
        ("datetime", "datetime"),
        ("datetime", "timezone"),
        ("datetime", "timedelta"),
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.numeric", "_frombuffer"),
    }
)


class SandboxKilled(sandbox.SandboxKilled):
    """The child died of a file, or was killed over it.

    Attributes:
        cause: ``memory``, ``time`` or ``crash``.
        reason: one sentence that the file's owner understands.
    """

    def __init__(self, cause: sandbox.Cause) -> None:
        super().__init__(cause)
        self.reason = {
            "memory": "The file needs too much memory to read.",
            "time": "The file takes too long to read.",
            "crash": "The file could not be read.",
        }[cause]

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True, slots=True, eq=False)
class ParsedActivity:
    """A cleaned recording and all that was computed from it.

    Out of a sandbox its samples come packed, as streams of ``derived``, and ``recording`` has no columns.
    """

    recording: Recording
    derived: Derived

    def packed(self) -> "ParsedActivity":
        """The same with its samples packed, in a tenth of the bytes."""
        derived = replace(self.derived, streams=Packed.of(self.derived.streams))
        return ParsedActivity(replace(self.recording, columns={}), derived)


@dataclass(frozen=True, slots=True, eq=False)
class ParsedFile:
    """What one plain file holds; a route has no activities, ``notes`` say why."""

    kind: Literal["activities", "route"]
    format: Format
    activities: tuple[ParsedActivity, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """What the child is to do with the bytes that follow.

    A ``file`` has activities, or a list of them in the archive of an account: ``strava`` or ``garmin``. ``sport`` is
    that of the file's one recording, where somebody knows better than the file.
    """

    what: Literal["file", "strava", "garmin"] = "file"
    name: str = ""
    sport: str | None = None

    def pack(self) -> bytes:
        order = json.dumps(asdict(self) | {"name": self.name[:LONGEST_NAME]}).encode()
        return HEAD.pack(len(order)) + order

    @classmethod
    def unpack(cls, request: bytes) -> tuple[Self, bytes]:
        """The order and what it is about."""
        (size,) = HEAD.unpack_from(request)
        start = HEAD.size + size
        return cls(**json.loads(request[HEAD.size : start])), request[start:]


@dataclass(frozen=True, slots=True)
class ToldList:
    """What the archive of an account says of its activities."""

    items: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """`FileRefused` on its way through the pipe."""

    reason: str
    code: str


Reply = ParsedFile | ToldList | Refusal


class _OurTypes(pickle.Unpickler):
    """Reads only types of replies: a child that a file took over must not choose what its parent runs."""

    def find_class(self, module: str, name: str) -> Any:
        if module in OURS or (module, name) in OTHERS:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is not part of a reply")


def dumps(reply: Reply) -> bytes:
    """Bytes of a reply."""
    return pickle.dumps(reply, protocol=5)


def loads(data: bytes) -> Reply:
    """The reply in these bytes.

    Raises:
        SandboxKilled: they are none.
    """
    try:
        reply = _OurTypes(io.BytesIO(data)).load()
    except Exception as error:  # a broken stream raises nearly anything
        raise SandboxKilled("crash") from error
    if isinstance(reply, ParsedFile | ToldList | Refusal):
        return reply
    raise SandboxKilled("crash")
