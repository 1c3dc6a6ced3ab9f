"""What goes over the pipe between the sandbox and its child, and how."""

import io
import pickle
import struct
from dataclasses import dataclass
from typing import Any, Final, Literal

from common import sandbox
from strava.files.recording import Format, Recording
from strava.kernels.derived import Derived

NAME: Final = struct.Struct(">Q")  # bytes of the name, which stands before the file
OURS: Final = ("strava.files.recording", "strava.kernels.derived", "strava.sandbox.results")
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
    """A cleaned recording and all that was computed from it."""

    recording: Recording
    derived: Derived


@dataclass(frozen=True, slots=True, eq=False)
class ParsedFile:
    """What one plain file holds; a route has no activities, ``notes`` say why."""

    kind: Literal["activities", "route"]
    format: Format
    activities: tuple[ParsedActivity, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """`FileRefused` on its way through the pipe."""

    reason: str
    code: str


Reply = ParsedFile | Refusal


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
    if isinstance(reply, ParsedFile | Refusal):
        return reply
    raise SandboxKilled("crash")
