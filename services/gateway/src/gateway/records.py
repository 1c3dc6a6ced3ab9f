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

_FLUSH_SECONDS = 0.02
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


# Moment, request id, trace id, method, template, status, seconds, service, user id, whether it was broken off.
_Line = tuple[float, str, str, str, str, int, float, str, str, bool]


class AccessLog:
    """One JSON object a line; on stdout at most 20 ms later, and at once on ``flush``.

    Lines are written out together: that takes half the time of writing each between other work.
    """

    def __init__(self, level: str, stream: TextIO | None = None) -> None:
        self._on = logging.getLevelName(level.upper()) <= logging.INFO
        self._stream = stream
        self._lines: list[_Line] = []
        self._second = 0
        self._moment = ""

    def write(self, inbound: Inbound, record: Record, seconds: float) -> None:
        """Add a line. Ids only: no addresses, no query."""
        if not self._on:
            return
        if not self._lines:
            asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self.flush)
        self._lines.append(
            (
                time.time(),
                inbound.request_id,
                inbound.trace_id,
                inbound.method,
                record.template,
                record.status,
                seconds,
                record.upstream,
                record.user_id,
                record.broken,
            )
        )

    def flush(self) -> None:
        """Put out what was written."""
        if self._lines:
            lines, self._lines = self._lines, []
            stream = self._stream or sys.stdout
            stream.write("".join([self._text(line) for line in lines]))
            stream.flush()

    def _text(self, line: _Line) -> str:
        """Return the line. Nothing in it needs quoting: ids are checked, names our own, methods the parser's."""
        moment, request_id, trace_id, method, template, status, seconds, upstream, user_id, broken = line
        second = int(moment)
        if second != self._second:
            self._second = second
            self._moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        more = f',"upstream":"{upstream}"' if upstream else ""
        if user_id:
            more += f',"user_id":{_quoted(user_id)}'
        if broken:
            more += ',"broken_off":true'
        return (
            f'{{"ts":"{self._moment}.{int((moment - second) * 1_000_000):06d}Z","level":"info","service":"gateway",'
            f'"event":"request","req_id":"{request_id}","trace_id":"{trace_id}","method":"{method}",'
            f'"route":"{template}","status":{status},"seconds":{seconds:.5f}{more}}}\n'
        )


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
