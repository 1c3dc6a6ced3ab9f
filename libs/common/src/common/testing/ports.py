"""Ports for servers of tests."""

import random
import socket

# Below the range from which the system takes ports of outgoing connections, which would come and go in between.
_FIRST, _LAST = 12000, 31000


def is_free(port: int) -> bool:
    """Tell whether nobody listens on the loopback port."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port(*, offsets: tuple[int, ...] = (0,)) -> int:
    """Return a random port such that it and all others at ``offsets`` from it are free."""
    while True:
        port = random.randint(_FIRST, _LAST)  # noqa: S311 - spreads parallel runs
        if all(is_free(port + offset) for offset in offsets):
            return port
