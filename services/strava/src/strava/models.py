"""Tables of the strava schema: imports, activities and their recordings."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common.db.tables import NAMING, TYPES
from common.ids import uuid7


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES


class Import(Base):
    """A batch of files that an athlete gave at once."""

    __tablename__ = "imports"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    athlete_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(server_default="pending")
    req_id: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_imports_athlete_id", "athlete_id", "id"),)


class ImportItem(Base):
    """One file of a batch, by itself or out of an archive, and what became of it."""

    __tablename__ = "import_items"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"))
    name: Mapped[str]
    object_key: Mapped[str] = mapped_column(server_default="", comment="empty when refused before it was stored")
    sha256: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str] = mapped_column(server_default="pending")
    reason: Mapped[str | None]
    quality: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"), comment="a report per recording")
    activity_ids: Mapped[list[UUID]] = mapped_column(ARRAY(TYPES[UUID]), server_default=text("'{}'"))

    __table_args__ = (Index("ix_import_items_import_id", "import_id", "id"),)


class Activity(Base):
    """A workout that was done; its figures are those of its primary recording, unless the athlete edited them."""

    __tablename__ = "activities"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    athlete_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(server_default="1")
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    sport: Mapped[str]
    start_time: Mapped[datetime]
    timezone: Mapped[str] = mapped_column(comment="IANA name")
    distance: Mapped[float] = mapped_column(comment="m")
    moving_time: Mapped[float] = mapped_column(comment="s")
    elapsed_time: Mapped[float] = mapped_column(comment="s")
    elevation_gain: Mapped[float | None] = mapped_column(comment="m")
    average_speed: Mapped[float | None] = mapped_column(comment="m/s, over moving time")
    max_speed: Mapped[float | None] = mapped_column(comment="m/s")
    average_heartrate: Mapped[float | None] = mapped_column(comment="bpm")
    max_heartrate: Mapped[float | None] = mapped_column(comment="bpm")
    average_cadence: Mapped[float | None] = mapped_column(comment="per minute; steps for runs")
    calories: Mapped[float | None] = mapped_column(comment="kcal")
    fastest_pace: Mapped[float | None] = mapped_column(comment="s/km of the fastest full kilometre split")
    has_map: Mapped[bool]
    source: Mapped[str] = mapped_column(comment="of the primary recording")
    sources: Mapped[list[str]] = mapped_column(ARRAY(Text))
    strava_id: Mapped[int | None] = mapped_column(BigInteger, comment="as Strava numbers it")
    picture_revision: Mapped[str | None] = mapped_column(comment="of its picture in the thumbnails service")
    edited: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"), comment="fields set by hand")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_activities_athlete_id", "athlete_id", "start_time", "id"),)


class ActivityListVersion(Base):
    """Counts the changes to an athlete's activities, so that a list is known to be fresh by reading one number."""

    __tablename__ = "activity_list_versions"

    athlete_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)


class Recording(Base):
    """A file's or a source's own record of an activity. The primary one is the richest."""

    __tablename__ = "recordings"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activities.id", ondelete="CASCADE"), index=True)
    athlete_id: Mapped[UUID]
    primary: Mapped[bool]
    source: Mapped[str] = mapped_column(comment="file or strava")
    format: Mapped[str] = mapped_column(comment="fit, gpx, tcx or strava")
    file_name: Mapped[str]
    object_key: Mapped[str]
    sha256: Mapped[str]
    part: Mapped[int] = mapped_column(SmallInteger, comment="place in a file of several")
    device: Mapped[str | None]
    sport: Mapped[str]
    start_time: Mapped[datetime]
    elapsed_time: Mapped[float] = mapped_column(comment="s")
    reason: Mapped[str] = mapped_column(comment="why it is a recording of this activity")
    quality: Mapped[dict[str, Any]]
    summary: Mapped[dict[str, Any]] = mapped_column(comment="the figures it gives its activity when it is primary")
    polyline: Mapped[str | None] = mapped_column(comment="encoded, precision 5")
    summary_polyline: Mapped[str | None] = mapped_column(comment="the same, simplified")
    bounds: Mapped[list[Any] | None] = mapped_column(comment="south, west, north, east in degrees")
    strava_id: Mapped[int | None] = mapped_column(BigInteger, comment="as Strava numbers it, when it came from there")
    fetch_number: Mapped[int | None] = mapped_column(BigInteger, comment="of the fetch it holds; a later one wins")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("athlete_id", "sha256", "part", name="uq_recordings_athlete_id"),
        Index(
            "uq_recordings_strava_id",
            "athlete_id",
            "strava_id",
            unique=True,
            postgresql_where=text("strava_id IS NOT NULL"),
        ),
    )


class Stream(Base):
    """One column of samples of a recording, compressed."""

    __tablename__ = "streams"

    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True)
    type: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(Integer, comment="samples")
    data: Mapped[bytes]


class Lap(Base):
    """A lap as the device has it, with what the samples inside it say."""

    __tablename__ = "laps"

    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True)
    lap_index: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    start: Mapped[float] = mapped_column(comment="s since the start of the recording")
    start_index: Mapped[int] = mapped_column(comment="first sample")
    end_index: Mapped[int] = mapped_column(comment="last sample")
    elapsed_time: Mapped[float] = mapped_column(comment="s")
    moving_time: Mapped[float] = mapped_column(comment="s")
    distance: Mapped[float] = mapped_column(comment="m")
    average_speed: Mapped[float | None] = mapped_column(comment="m/s, over moving time")
    max_speed: Mapped[float | None] = mapped_column(comment="m/s")
    total_elevation_gain: Mapped[float | None] = mapped_column(comment="m")
    average_heartrate: Mapped[float | None] = mapped_column(comment="bpm")
    max_heartrate: Mapped[float | None] = mapped_column(comment="bpm")
    average_cadence: Mapped[float | None] = mapped_column(comment="per minute; steps for runs")
    calories: Mapped[float | None] = mapped_column(comment="kcal")


class Split(Base):
    """A kilometre or mile of a recording, with its real distance and time."""

    __tablename__ = "splits"

    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True, comment="km or mi")
    index: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    distance: Mapped[float] = mapped_column(comment="m")
    elapsed_time: Mapped[float] = mapped_column(comment="s")
    moving_time: Mapped[float] = mapped_column(comment="s")
    average_speed: Mapped[float | None] = mapped_column(comment="m/s, over moving time")
    elevation_difference: Mapped[float | None] = mapped_column(comment="m")
    average_heartrate: Mapped[float | None] = mapped_column(comment="bpm")
    grade_adjusted_speed: Mapped[float | None] = mapped_column(comment="m/s")
    partial: Mapped[bool]


class ActivityAudit(Base):
    """Every write to an activity, with its reason; outlives the activity."""

    __tablename__ = "audits"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    activity_id: Mapped[UUID] = mapped_column(index=True)
    athlete_id: Mapped[UUID]
    action: Mapped[str] = mapped_column(comment="created, updated, merged, skipped or deleted")
    reason: Mapped[str]
    actor: Mapped[str] = mapped_column(comment="user id or service name")
    req_id: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Connection(Base):
    """An athlete's connection to Strava; gone when the athlete disconnects."""

    __tablename__ = "connections"

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


class Tombstone(Base):
    """A Strava activity that must not come (back): the athlete deleted it here, or Strava has it no more."""

    __tablename__ = "tombstones"

    athlete_id: Mapped[UUID] = mapped_column(primary_key=True)
    strava_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    fetch_number: Mapped[int | None] = mapped_column(
        BigInteger, comment="of the fetch that Strava answered with 404; empty when the athlete deleted it here"
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
