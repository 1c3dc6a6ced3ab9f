"""Tables of the auth schema."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, MetaData, SmallInteger, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common.db.tables import NAMING, TYPES
from common.ids import uuid7


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES


class User(Base):
    """A person. ``email`` is kept as given and unique in lower case."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    email: Mapped[str]
    email_verified_at: Mapped[datetime | None]
    display_name: Mapped[str]
    password_hash: Mapped[str]
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    locale: Mapped[str] = mapped_column(server_default="en-AU")
    timezone: Mapped[str] = mapped_column(server_default="UTC", comment="IANA name")
    units: Mapped[str] = mapped_column(server_default="metric")
    week_start: Mapped[str] = mapped_column(server_default="mon")
    sex: Mapped[str | None]
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    weight: Mapped[float | None] = mapped_column(comment="kg")
    heartrate_opt_in: Mapped[bool] = mapped_column(server_default=text("false"))
    disabled_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("uq_users_email", text("lower(email)"), unique=True),)


class Session(Base):
    """One sign-in on one device: the family of its refresh tokens. Its id is the ``sid`` of access tokens."""

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    user_agent: Mapped[str]
    address: Mapped[str] = mapped_column(comment="where the sign-in came from")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str | None]


class RefreshToken(Base):
    """A refresh token by its hash. ``child_id`` is the token that its use gave out."""

    __tablename__ = "refresh_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True, comment="SHA-256")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    used_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None] = mapped_column(comment="when a sibling took its place, unused")
    child_id: Mapped[UUID | None]


class SigningKey(Base):
    """An Ed25519 key of access tokens; the private half is encrypted."""

    __tablename__ = "signing_keys"

    id: Mapped[str] = mapped_column(primary_key=True, comment="kid")
    public_jwk: Mapped[dict[str, Any]]
    private_key: Mapped[bytes] = mapped_column(comment="encrypted")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    signs_from: Mapped[datetime] = mapped_column(server_default=func.now())
    retired_at: Mapped[datetime | None]


class Revocation(Base):
    """A token (``jti``) or session (``sid``) that must not be accepted any more, until its tokens are dead anyway."""

    __tablename__ = "revocations"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(comment="jti or sid")
    value: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Audit(Base):
    """Who did what, when, from where, with which outcome. Ids only."""

    __tablename__ = "audits"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    actor: Mapped[str] = mapped_column(index=True, comment="user id or service name")
    action: Mapped[str]
    target: Mapped[str] = mapped_column(server_default="")
    outcome: Mapped[str]
    address: Mapped[str] = mapped_column(server_default="")
    details: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    service: Mapped[str]
    req_id: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
