"""Tables of what is to go, and of what the operator looks at."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from common.ids import uuid7
from strava.models.base import Base


class Purge(Base):
    """What came from an account at a source, which was left, goes at ``due_at``, unless that is undone before."""

    __tablename__ = "purges"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    athlete_id: Mapped[UUID]
    source: Mapped[str]
    account: Mapped[str] = mapped_column(comment="the athlete as the source numbers them")
    requested_at: Mapped[datetime] = mapped_column(server_default=func.now(), comment="when the account was left")
    due_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("athlete_id", "account", name="uq_purges_athlete_id"),)


class SubscriptionView(Base):
    """What Strava said last of the application's subscriptions, for pages that are looked at often."""

    __tablename__ = "subscription_views"

    client_id: Mapped[str] = mapped_column(primary_key=True)
    subscriptions: Mapped[list[Any]] = mapped_column(comment="without the secret in our own address")
    checked_at: Mapped[datetime]
