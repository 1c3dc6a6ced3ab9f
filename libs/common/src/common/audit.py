"""Audit events: every service tells what was done, by whom, with which outcome; auth keeps the one audit log."""

from typing import Any

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from common.context import client_address
from common.outbox import Event, publish


class AuditRecorded(Event):
    """Somebody did something. Ids only: no names, mail addresses, tokens or positions.

    ``actor`` is a user's id or a service's name, ``action`` like ``activity.deleted``, ``target`` the id of what it was
    done to, ``address`` where the request came from, empty for what a service did by itself.
    """

    actor: str
    action: str
    target: str
    outcome: str
    address: str = ""
    details: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def event_type(cls) -> str:
        return "audit.recorded.v1"


def record(
    session: AsyncSession,
    service: str,
    *,
    actor: str,
    action: str,
    target: str,
    outcome: str = "ok",
    details: dict[str, Any] | None = None,
) -> None:
    """Write an audit event into the transaction of what it tells of."""
    event = AuditRecorded(
        actor=actor,
        action=action,
        target=target,
        outcome=outcome,
        address=client_address.get(),
        details=details or {},
    )
    publish(session, event, queue=service)
