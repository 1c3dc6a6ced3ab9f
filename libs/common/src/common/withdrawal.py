"""Events that name a person who is gone: taken back, so that the outbox keeps nothing of them.

News of activities and records may go unread: whoever would read it deletes what it holds of the person too. Audit
events must not, since the log keeps that something was done; until it has read them they stay without address and
details. Positions that are missing afterwards are nothing to readers, who ask for what comes after theirs.
"""

from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, delete, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from common.audit import AuditRecorded
from common.db.tables import OutboxEvent

_IS_AUDIT = OutboxEvent.type == AuditRecorded.event_type()
_PRIVATE = {"address": "", "details": {}}


def naming(person: UUID) -> ColumnElement[bool]:
    """Select the events in which the person's id stands, wherever that is."""
    return cast(OutboxEvent.payload, Text).contains(str(person))


async def withdraw(session: AsyncSession, person: UUID, *, logged: int) -> int:
    """Delete the events that name a person, audit events up to the position ``logged`` that the log has read.

    Returns how many were deleted. Those that wait for the log lose what it would not keep.
    """
    gone = delete(OutboxEvent).where(naming(person), ~_IS_AUDIT | (OutboxEvent.position <= logged))
    rows = await session.execute(gone.returning(OutboxEvent.id).execution_options(synchronize_session=False))
    payload = OutboxEvent.payload.op("||", return_type=JSONB())(cast(_PRIVATE, JSONB))
    await session.execute(
        update(OutboxEvent)
        .where(naming(person), _IS_AUDIT)
        .values(payload=payload)
        .execution_options(synchronize_session=False)
    )
    return len(rows.all())
