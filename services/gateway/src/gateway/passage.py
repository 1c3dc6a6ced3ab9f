"""The short way: a request that has all it needs at hand.

A read whose caller is known, whose limit is leased and whose service has a connection idle goes out in the moment it
is read, and its answer goes back in the moment it is whole. Nothing waits, so there is no task. Whatever turns out not
to be as simple as that is handed over to the proxy, which sees it through in a task, from the point it has reached.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

from starlette.types import Scope

from common.http import Permit
from gateway.addresses import Network
from gateway.admission import Admission
from gateway.answers import lines_of
from gateway.connection import Connection
from gateway.cors import Cors
from gateway.dressing import Dressing
from gateway.exchange import WATCH_AFTER_SECONDS, Exchange
from gateway.inbound import Inbound
from gateway.limits import Verdict
from gateway.records import CLIENT_CLOSED_REQUEST, AccessLog, Measures, Record
from gateway.routing import Router
from gateway.table import AS_THEY_ARE, HERE, Route
from gateway.transform.chain import coding_of
from gateway.transform.codings import Coding
from gateway.transform.compress import SMALLEST_BYTES, may_compress
from gateway.transform.fields import PARAMETER
from gateway.upstream import Upstream

_ERROR = 400
_HOST, _LENGTH = b"host", b"content-length"
_WITHOUT_BODY = frozenset({204, 304})


class Client(Protocol):
    """The connection that a request came on."""

    def answer(self, passage: "Passage", status: int, lines: list[bytes], body: bytes) -> None:
        """Send a whole answer; ``lines`` are its headers, in pieces."""

    def hand_over(self, passage: "Passage") -> None:
        """Have the proxy see the request through."""


@dataclass(slots=True)
class Means:
    """What passages work with; one for the process. ``under_way`` are those that are looked after."""

    router: Router
    dressings: Mapping[str, Mapping[str, Dressing]]
    upstreams: Mapping[str, Upstream]
    admission: Admission
    cors: Cors
    trusted: Sequence[Network]
    measures: Measures
    log: AccessLog
    under_way: "set[Exchange | Passage]"


class Passage:
    """One request. ``begin`` it; then ``client`` is told to answer or to hand over, unless it says that it ``left``."""

    # Where uvicorn looks for the cycle of a request it finds this.
    response_complete = response_started = waiting_for_100_continue = False

    route: Route
    path: str
    upstream: Upstream
    connection: Connection
    permit: Permit
    verdict: Verdict
    asked: float
    sent_at: float

    def __init__(self, means: Means, client: Client, scope: Scope) -> None:
        self.scope = scope
        self.record = Record()
        self.inbound = Inbound(scope)
        self.keep_alive = True
        self._means = means
        self._client = client
        self._coding: Coding | None = None

    def begin(self) -> bool:
        """Send the request on its way; False when it must go the long one: nothing of it was counted then."""
        try:
            if not self._is_simple():
                return False
        except Exception:  # noqa: BLE001 - the long way meets the same, and answers or logs it
            return False
        means, inbound = self._means, self.inbound
        self.upstream = upstream = means.upstreams[self.route.service]
        connection = upstream.take_at_once()
        if connection is None:
            return False
        caller = means.admission.known_user(inbound)
        if caller is None:
            upstream.pool.put_back(connection)
            return False
        identity, self.verdict, inbound.authorization = caller
        record = self.record
        record.template, record.upstream, record.user_id = self.route.template, upstream.name, identity.subject
        self._send(connection)
        return True

    def _is_simple(self) -> bool:
        """Tell whether the route asks for nothing but a known caller, and the request for nothing but the answer."""
        means, inbound = self._means, self.inbound
        inbound.admit()
        self.path, route = means.router.find(inbound.method, self.scope["raw_path"])
        if route is None or route.auth != "user" or route.service == HERE or route.request is not AS_THEY_ARE:
            return False
        if inbound.has_body or _LENGTH in inbound.read or _HOST not in inbound.read or PARAMETER in inbound.query:
            return False
        self.route = route
        if means.trusted:
            inbound.believe(means.trusted)
        if inbound.is_conditional:
            inbound.understand_conditions(b"")
        self._coding = coding_of(inbound, route)
        return True

    def _send(self, connection: Connection) -> None:
        upstream, means = self.upstream, self._means
        upstream.budget.record_request()
        self.permit = upstream.permit()
        self.asked = perf_counter()
        self.sent_at = upstream.pool.now()
        self.connection = connection
        connection.start(head_only=False)
        connection.request_sent = True
        connection.listener = self._hear
        connection.write(self.inbound.head(self.path, upstream.host, self.route.allowance))
        means.under_way.add(self)

    def left(self) -> None:
        """Break it off: the client has hung up."""
        self._let_go()
        self.permit.abandoned()
        self.upstream.pool.discard(self.connection)
        now = perf_counter()
        self._means.measures.upstream(self.upstream.name, self.inbound.method, "error", now - self.asked)
        self._end(CLIENT_CLOSED_REQUEST, now)

    def tick(self, now: float) -> None:
        """Hand over what takes its time; called about ten times a second."""
        if now - self.sent_at > WATCH_AFTER_SECONDS:
            self._hand_over()

    def _hear(self) -> None:
        """Look at what has come of the answer."""
        connection = self.connection
        if connection.error is None and not connection.begun:
            return
        try:
            lines = self._lines(connection)
        except Exception:  # noqa: BLE001 - the task meets the same, and answers and logs it
            lines = None
        if lines is None:
            self._hand_over()
        else:
            self._pass_on(connection, lines)

    def _lines(self, connection: Connection) -> list[bytes] | None:
        """Return the headers of the answer, in pieces; None when more is to be done with it than to pass it on."""
        means, inbound, status, length = self._means, self.inbound, connection.status, connection.buffered
        if connection.error is not None or not connection.complete or status >= _ERROR:
            return None
        if self._coding and length >= SMALLEST_BYTES and may_compress(status, connection.headers):
            return None
        dressing = means.dressings[inbound.scheme][self.route.template]
        headers = dressing.passed(inbound, status, connection.headers)
        if means.cors.is_on:
            headers += means.cors.headers(inbound)
        lines: list[bytes] = []
        for name, value in headers:
            if name != _LENGTH:
                lines += (name, b": ", value, b"\r\n")
        if status not in _WITHOUT_BODY:
            lines.append(b"content-length: %d\r\n" % length)  # of what is sent, whatever the service said of it
        lines += (dressing.lines, lines_of(inbound.request_id, self.verdict))
        return lines

    def _pass_on(self, connection: Connection, lines: list[bytes]) -> None:
        status, body = connection.status, connection.take()
        self._let_go()
        self.permit.succeeded()
        self.upstream.heard(status)
        self.upstream.pool.give_back(connection)
        self._client.answer(self, status, lines, body)
        now = perf_counter()
        self._means.measures.upstream(self.upstream.name, self.inbound.method, status, now - self.asked)
        self._end(status, now)

    def _end(self, status: int, now: float) -> None:
        means, inbound, record = self._means, self.inbound, self.record
        record.status = status
        seconds = now - record.started
        means.measures.request(inbound.method, record.template, status, seconds)
        means.log.write(inbound, record, seconds)

    def _hand_over(self) -> None:
        self._let_go()
        self._client.hand_over(self)

    def _let_go(self) -> None:
        self.connection.listener = None
        self._means.under_way.discard(self)
