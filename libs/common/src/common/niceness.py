"""Who goes first on a box that all share: requests before work in the background."""

import os
from contextlib import suppress
from pathlib import Path

_AUTOGROUP = Path("/proc/self/autogroup")


def be_nice(by: int = 0) -> None:
    """Let others go first, by so much more than now (0 to 19); also as a session among sessions, where it leads one.

    Where the kernel shares time by sessions (``sched_autogroup_enabled``), a process is nice within its own only. In
    a session of somebody else's, a terminal's say, that one would be made to wait too, for ever.
    """
    os.nice(by)
    if os.getsid(0) != os.getpid():
        return
    with suppress(OSError):  # a kernel without, or a container that must not
        _AUTOGROUP.write_text(str(os.getpriority(os.PRIO_PROCESS, 0)), encoding="ascii")
