"""Tables of connections to Strava, and of what its webhooks tell."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from common.ids import uuid7
from strava.models.base import Base


class Connection(Base):
    """An athlete's connection to Strava; gone when the athlete disconnects."""

    __tablename__ = "strava_tokens"

    athlete_id: Mapped[UUID] = mapped_column(primary_key=True)
    strava_athlete_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    name: Mapped[str] = mapped_column(server_default="", comment="as Strava has it")
    state: Mapped[str] = mapped_column(comment="connected or degraded")
    reason: Mapped[str | None] = mapped_column(comment="why it is degraded")
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    access_token: Mapped[bytes] = mapped_column(comment="encrypted")
    refresh_token: Mapped[bytes] = mapped_column(comment="encrypted")
    expires_at: Mapped[datetime] = mapped_column(comment="of the access token")
    generation: Mapped[int] = mapped_column(server_default="1", comment="counts the pairs of tokens")
    connected_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_sync_at: Mapped[datetime | None]
    last_event_at: Mapped[datetime | None]
    last_poll_at: Mapped[datetime | None]
    reconciled_at: Mapped[datetime | None] = mapped_column(comment="when Strava's list was last compared with ours")
    history_at: Mapped[datetime | None] = mapped_column(comment="when all the years before were asked for")


class OAuthState(Base):
    """A state given to an athlete who went to Strava to grant access: good once, and for ten minutes."""

    __tablename__ = "oauth_states"

    state_hash: Mapped[bytes] = mapped_column(primary_key=True, comment="SHA-256")
    athlete_id: Mapped[UUID]
    browser_hash: Mapped[bytes] = mapped_column(comment="SHA-256 of the cookie of the browser that asked")
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class WebhookEvent(Base):
    """What Strava told, in the order in which it came; ``outcome`` is empty until it is worked through."""

    __tablename__ = "webhook_events"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    digest: Mapped[bytes] = mapped_column(comment="SHA-256 of the content, to know a repetition by")
    object_type: Mapped[str]
    object_id: Mapped[int] = mapped_column(BigInteger)
    aspect_type: Mapped[str]
    owner_id: Mapped[int] = mapped_column(BigInteger)
    subscription_id: Mapped[int] = mapped_column(BigInteger)
    event_time: Mapped[datetime]
    updates: Mapped[dict[str, Any]]
    req_id: Mapped[str] = mapped_column(server_default="")
    received_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
    outcome: Mapped[str | None]
    reason: Mapped[str | None]
    settled_at: Mapped[datetime | None]

    __table_args__ = (
        Index("uq_webhook_events_open", "digest", unique=True, postgresql_where=text("outcome IS NULL")),
        Index("ix_webhook_events_object_id", "object_id"),
    )


class WebhookSubscription(Base):
    """The application's one subscription at Strava, as it was last seen."""

    __tablename__ = "webhook_subscriptions"

    client_id: Mapped[str] = mapped_column(primary_key=True)
    subscription_id: Mapped[int | None] = mapped_column(BigInteger)
    callback_hash: Mapped[bytes] = mapped_column(comment="SHA-256 of the callback's address, which holds a secret")
    state: Mapped[str] = mapped_column(comment="active, foreign or failed")
    reason: Mapped[str | None]
    checked_at: Mapped[datetime]
