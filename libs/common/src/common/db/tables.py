"""Tables that every service keeps in its own schema.

No schema is named: a service's role has its own ``search_path``.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common.ids import uuid7

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


TYPES: dict[Any, Any] = {
    datetime: DateTime(timezone=True),
    dict[str, Any]: JSONB,
    list[Any]: JSONB,
    str: Text,
    UUID: Uuid,
    bytes: LargeBinary,
}
"""Column types shared by all models: timestamps have zones, objects are JSONB."""


class Base(DeclarativeBase):
    """Base of the tables below. A service has a base of its own, with the same naming and types."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    DEAD = "dead"


class Job(Base):
    """Work that was accepted. ``failed``: refused for good; ``dead``: given up after its attempts."""

    __tablename__ = "jobs"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    kind: Mapped[str]
    subject_id: Mapped[UUID | None] = mapped_column(comment="user the work is for")
    payload: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    state: Mapped[str] = mapped_column(server_default=JobState.QUEUED.value)
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="0", comment="lower goes first")
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    max_attempts: Mapped[int] = mapped_column(SmallInteger, server_default="8")
    run_after: Mapped[datetime] = mapped_column(server_default=func.now())
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[UUID | None] = mapped_column(comment="fences off a worker that lost its lease")
    progress: Mapped[float] = mapped_column(server_default="0")
    reason: Mapped[str | None]
    req_id: Mapped[str] = mapped_column(server_default="")
    traceparent: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index(
            "ix_jobs_due",
            "priority",
            "run_after",
            postgresql_where=text("state IN ('queued', 'running')"),
        ),
        Index("ix_jobs_dead", "updated_at", postgresql_where=text("state = 'dead'")),
        Index("ix_jobs_subject_id", "subject_id", "kind", "id"),
    )


class OutboxEvent(Base):
    """An event written with the change it tells of; ``position`` is given when it is published."""

    __tablename__ = "outbox"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    position: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    type: Mapped[str]
    payload: Mapped[dict[str, Any]]
    req_id: Mapped[str] = mapped_column(server_default="")
    traceparent: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_outbox_pending", "id", postgresql_where=text("position IS NULL")),)


class InboxEvent(Base):
    """An event of another service that was handled here, written with its effects."""

    __tablename__ = "inbox"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    publisher: Mapped[str]
    type: Mapped[str]
    handled_at: Mapped[datetime] = mapped_column(server_default=func.now())


class InboxCursor(Base):
    """How far the events of a publisher were read."""

    __tablename__ = "inbox_cursors"

    publisher: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, server_default="0")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class IdempotencyKey(Base):
    """The first answer to a request that carried an ``Idempotency-Key``, kept for 24 h."""

    __tablename__ = "idempotency_keys"

    subject: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(comment="SHA-256 of method, path and payload")
    status: Mapped[int] = mapped_column(SmallInteger)
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
