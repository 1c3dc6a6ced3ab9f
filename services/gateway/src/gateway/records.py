"""What is left of a request: a log line and its measures.

The line has the keys of ``common.logs``. It is written here by hand, and lines are put out in bunches, because
structlog for each request would cost as much as passing the request on.
"""

import asyncio
import logging
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from time import perf_counter
from typing import TextIO

import orjson

from common.http.metrics import REQUEST_DURATION
from common.metrics import REQUEST_SECONDS
from gateway.inbound import Inbound

_FLUSH_SECONDS = 0.05
_UNMATCHED = "unmatched"
CLIENT_CLOSED_REQUEST = 499  # for log and metrics only: nobody is there to read it


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()


class Record:
    """Gathers what is known of one request until it is over."""

    __slots__ = ("broken", "started", "status", "template", "upstream", "user_id")

    def __init__(self) -> None:
        self.started = perf_counter()
        self.status = 0
        self.template = _UNMATCHED
        self.upstream = ""
        self.user_id = ""
        self.broken = False


class AccessLog:
    """One JSON object a line; on stdout at most 50 ms later, and at once on ``flush``."""

    def __init__(self, level: str, stream: TextIO | None = None) -> None:
        self._on = logging.getLevelName(level.upper()) <= logging.INFO
        self._stream = stream
        self._lines: list[str] = []
        self._second = 0
        self._moment = ""

    def write(self, inbound: Inbound, record: Record, seconds: float) -> None:
        """Add a line. Ids only: no addresses, no query.

        Nothing here needs quoting: ids are checked, templates and services are our own, methods are the parser's.
        """
        if not self._on:
            return
        if not self._lines:
            asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self.flush)
        more = f',"upstream":"{record.upstream}"' if record.upstream else ""
        if record.user_id:
            more += f',"user_id":{_quoted(record.user_id)}'
        if record.broken:
            more += ',"broken_off":true'
        now = time.time()
        if int(now) != self._second:
            self._second = int(now)
            self._moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        self._lines.append(
            f'{{"ts":"{self._moment}.{int(now % 1 * 1_000_000):06d}Z","level":"info","service":"gateway",'
            f'"event":"request","req_id":"{inbound.request_id}","trace_id":"{inbound.trace_id}",'
            f'"method":"{inbound.method}","route":"{record.template}","status":{record.status},'
            f'"seconds":{seconds:.5f}{more}}}\n'
        )

    def flush(self) -> None:
        """Put out what was written."""
        if self._lines:
            lines, self._lines = self._lines, []
            stream = self._stream or sys.stdout
            stream.write("".join(lines))
            stream.flush()


class Measures:
    """Durations by route template and by service; the children of the histograms are looked up once."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, str, int], Callable[[float], None]] = {}
        self._upstreams: dict[tuple[str, str, str | int], Callable[[float], None]] = {}

    def request(self, method: str, template: str, status: int, seconds: float) -> None:
        """Count a request of a client."""
        key = (method, template, status)
        observe = self._requests.get(key)
        if observe is None:
            observe = self._requests[key] = REQUEST_SECONDS.labels(*key).observe
        observe(seconds)

    def upstream(self, name: str, method: str, status: str | int, seconds: float) -> None:
        """Count a request to a service, until its answer began."""
        key = (name, method, status)
        observe = self._upstreams.get(key)
        if observe is None:
            observe = self._upstreams[key] = REQUEST_DURATION.labels(*key).observe
        observe(seconds)
