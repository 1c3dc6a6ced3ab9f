"""Ask a process on this machine whether it lives: ``python -IS probe.py PORT [PATH]`` ends with 0 when it does.

Containers run this file every few seconds, so it imports next to nothing.
"""

import socket
import sys

_TIMEOUT_S = 3.0
_ANSWERS = (b"HTTP/1.0 200", b"HTTP/1.1 200")


def lives(port: int, path: str = "/health/live") -> bool:
    """Tell whether ``path`` on ``port`` answers 200 within 3 s."""
    try:
        with socket.create_connection(("127.0.0.1", port), _TIMEOUT_S) as connection:
            connection.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
            return connection.recv(len(_ANSWERS[0])) in _ANSWERS
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if lives(int(sys.argv[1]), *sys.argv[2:3]) else 1)
