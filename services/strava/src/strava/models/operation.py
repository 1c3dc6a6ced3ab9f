"""Tables of what is to go, and of what the operator looks at."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from common.ids import uuid7
from strava.models.base import Base


class Purge(Base):
    """What came from a source goes at ``due_at``, unless that is undone before; one athlete has one at a time."""

    __tablename__ = "purges"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    athlete_id: Mapped[UUID] = mapped_column(unique=True)
    source: Mapped[str]
    account: Mapped[str] = mapped_column(comment="the athlete as the source numbers them")
    requested_at: Mapped[datetime] = mapped_column(server_default=func.now(), comment="what came later stays")
    due_at: Mapped[datetime]


class SubscriptionView(Base):
    """What Strava said last of the application's subscriptions, for pages that are looked at often."""

    __tablename__ = "subscription_views"

    client_id: Mapped[str] = mapped_column(primary_key=True)
    subscriptions: Mapped[list[Any]] = mapped_column(comment="without the secret in our own address")
    checked_at: Mapped[datetime]
