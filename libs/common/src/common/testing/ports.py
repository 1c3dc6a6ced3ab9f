"""Ports for servers of tests."""

import fcntl
import mmap
import os
import random
import socket
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

# Below the range from which the system takes ports of outgoing connections, which would come and go in between.
_FIRST, _LAST = 12000, 31000
_TAKEN = Path(tempfile.gettempdir()) / f"running-trainer-test-ports-{os.getuid()}"
_TAKEN_SECONDS = 1800.0
_SIZE = 8 << 16


def is_free(port: int) -> bool:
    """Tell whether nobody listens on the loopback port."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _take(ports: Sequence[int]) -> bool:
    """Note that they are to be used, unless another test process did so for some of them a while ago."""
    with _TAKEN.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(_SIZE)
        with mmap.mmap(file.fileno(), _SIZE) as memory, memoryview(memory) as bytes_, bytes_.cast("d") as taken_at:
            now = time.time()
            if any(taken_at[port] > now - _TAKEN_SECONDS for port in ports):
                return False
            for port in ports:
                taken_at[port] = now
            return True


def free_port(*, offsets: tuple[int, ...] = (0,)) -> int:
    """Return a random port such that it and all others at ``offsets`` from it are free.

    For half an hour, longer than a run of all tests, no other process of tests is given any of them, also while nobody
    listens there.
    """
    while True:
        port = random.randint(_FIRST, _LAST)  # noqa: S311 - spreads parallel runs
        ports = [port + offset for offset in offsets]
        if all(map(is_free, ports)) and _take(ports):
            return port
