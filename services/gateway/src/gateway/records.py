"""What is left of a request: a log line and its measures.

The line has the keys of ``common.logs``. It is written here by hand, and lines are put out in bunches, because
structlog for each request would cost as much as passing the request on.
"""

import asyncio
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, TextIO

import orjson

from common.http.metrics import REQUEST_DURATION
from common.metrics import REQUEST_SECONDS
from gateway.inbound import Inbound

_FLUSH_SECONDS = 0.05
_FORMAT = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
_UNMATCHED = "unmatched"


class AccessLog:
    """One JSON object a line; on stdout at most 50 ms later, and at once on ``flush``."""

    def __init__(self, level: str, stream: TextIO | None = None) -> None:
        self._on = logging.getLevelName(level.upper()) <= logging.INFO
        self._stream = stream
        self._lines: list[bytes] = []

    def write(self, fields: dict[str, Any]) -> None:
        """Add a line."""
        if not self._on:
            return
        if not self._lines:
            asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self.flush)
        self._lines.append(orjson.dumps(fields, option=_FORMAT))

    def flush(self) -> None:
        """Put out what was written."""
        if self._lines:
            lines, self._lines = self._lines, []
            stream = self._stream or sys.stdout
            stream.write(b"".join(lines).decode())
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

    def fields(self, inbound: Inbound, seconds: float) -> dict[str, Any]:
        """Return the log line. Ids only: no addresses, no query."""
        fields: dict[str, Any] = {
            "ts": datetime.now(UTC),
            "level": "info",
            "service": "gateway",
            "event": "request",
            "req_id": inbound.request_id,
            "trace_id": inbound.trace_id,
            "method": inbound.method,
            "route": self.template,
            "status": self.status,
            "seconds": round(seconds, 5),
        }
        if self.upstream:
            fields["upstream"] = self.upstream
        if self.user_id:
            fields["user_id"] = self.user_id
        if self.broken:
            fields["broken_off"] = True
        return fields
