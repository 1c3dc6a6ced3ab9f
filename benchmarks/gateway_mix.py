"""The gateway under a mix of requests, and beside a service that hangs or is dead."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from benchmarks.load import Load, wrk
from benchmarks.meanwhile import repeating

# Of twenty requests two are uploads of 64 KiB and one is a download of 256 KiB; the others are answered with 1 KiB.
MIX = """
local count, upload = 0, string.rep("x", 65536)
request = function()
    count = count + 1
    local turn = count % 20
    if turn == 0 then return wrk.format("GET", wrk.path .. "/download") end
    if turn == 7 or turn == 14 then return wrk.format("POST", wrk.path, nil, upload) end
    return wrk.format("GET", wrk.path)
end
"""
ABORTS_A_SECOND = 100
ASKS_A_SECOND = 50
ROUNDS = 5
ASKING = 64
"""Connections that are held to the gateway for what another service does not answer."""


def mixed(url: str, path: str, headers: dict[str, str], *, connections: int, seconds: int) -> Load:
    """Reads, uploads and downloads, while a hundred clients a second hang up before they are answered."""
    request = _request(path, headers)
    with repeating(lambda: _abort(url, request), 1 / ABORTS_A_SECOND):
        return wrk(f"{url}{path}", connections=connections, seconds=seconds, headers=headers, requests=MIX)


def beside(other: str, url: str, path: str, headers: dict[str, str], *, seconds: int) -> tuple[Load, Load]:
    """Load on one service, alone and while clients keep asking for ``other``, a path of one that is no help.

    In turn, some rounds of each; given back are those whose p99 is in the middle.
    """
    before, during = [], []
    for _ in range(ROUNDS):
        before.append(wrk(f"{url}{path}", connections=4, seconds=seconds, headers=headers))
        with _asking(url, _request(other, headers)):
            during.append(wrk(f"{url}{path}", connections=4, seconds=seconds, headers=headers))
    return _middle(before), _middle(during)


def _middle(loads: list[Load]) -> Load:
    return sorted(loads, key=lambda each: each.p99)[len(loads) // 2]


@contextmanager
def _asking(url: str, request: bytes) -> Iterator[None]:
    """Clients keep asking, and wait for their answers until too many do."""
    waiting: list[socket.socket] = []

    def keep_asking() -> None:
        waiting.append(_asked(url, request))
        if len(waiting) > ASKING:
            waiting.pop(0).close()

    with repeating(keep_asking, 1 / ASKS_A_SECOND):
        yield
    for each in waiting:
        each.close()


def show(alone: dict[str, Load], mix: dict[str, Load], isolated: Mapping[str, tuple[Load, Load]]) -> None:
    """Print what was seen."""
    added = alone["gateway"], alone["service"]
    print(f"added by the gateway at 1 connection: p50 {added[0].p50 - added[1].p50:.2f} ms,", end=" ")
    print(f"p99 {added[0].p99 - added[1].p99:.2f} ms")
    print(f"\nThe mix: reads, uploads, downloads, {ABORTS_A_SECOND} aborts a second\n")
    print("| | req/s | p50 ms | p99 ms | errors |\n| --- | --- | --- | --- | --- |")
    for name, each in mix.items():
        print(f"| {name} | {each.per_second:,.0f} | {each.p50:.2f} | {each.p99:.2f} | {each.errors} |")
    print()
    for state, (before, during) in isolated.items():
        print(f"beside a {state} service: p99 {before.p99:.2f} ms before, {during.p99:.2f} ms during", end=", ")
        print(f"errors {during.errors}")


def _request(path: str, headers: dict[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\nhost: a\r\n{lines}\r\n".encode()


def _asked(url: str, request: bytes) -> socket.socket:
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=5)
    connection.sendall(request)
    return connection


def _abort(url: str, request: bytes) -> None:
    connection = _asked(url, request)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # close with a reset
    connection.close()
