"""What goes over the pipes between a sandbox and its child: a header, then as many bytes as it says."""

import struct
from typing import Final, Literal

REQUEST: Final = struct.Struct(">Q")  # bytes of the request
REPLY: Final = struct.Struct(">cQQ")  # kind of reply, bytes of the reply, resident bytes of the child

ANSWERED: Final = b"a"
FAILED: Final[dict[bytes, Literal["memory", "crash"]]] = {b"m": "memory", b"c": "crash"}
"""The child's own end, said before it: out of memory, or a fault of ours."""
