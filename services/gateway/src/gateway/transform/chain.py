"""Which transformations an answer gets: its route allows them, its client asks for them."""

from starlette.types import Send

from gateway.inbound import Inbound
from gateway.table import NEVER, READING, Route
from gateway.transform.codings import Coding, preferred
from gateway.transform.compress import Compressing
from gateway.transform.fields import PARAMETER, Choice, Picking, choice_in, picking_head


def chosen(inbound: Inbound, route: Route) -> Choice | None:
    """Take the choice of fields out of the query, where the route has one."""
    if PARAMETER not in inbound.query or not route.fields or inbound.method not in READING:
        return None
    choice = choice_in(inbound.query)
    if choice is not None:
        inbound.query = choice.rest
    return choice


def coding_of(inbound: Inbound, route: Route) -> Coding | None:
    """Return how this client wants answers of the route compressed; None when they go as they are."""
    accepted = inbound.header(b"accept-encoding")
    return preferred(accepted) if accepted is not None and route.cache != NEVER else None


def transforming(send: Send, inbound: Inbound, route: Route, choice: Choice | None) -> Send:
    """Return what sends an answer as this client wants it: with fewer members, compressed, or both."""
    if inbound.method == "HEAD":
        return picking_head(send, choice) if choice else send
    if coding := coding_of(inbound, route):
        send = Compressing(send, coding)
    return Picking(send, choice) if choice else send
