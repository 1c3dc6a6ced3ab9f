"""Tables of the auth schema."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, MetaData, SmallInteger, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common.db.tables import NAMING, TYPES
from common.ids import uuid7


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES


class User(Base):
    """A person. ``email`` is kept as given and unique in lower case.

    It is null for who came from a provider that tells none, as is ``password_hash`` for who set no password.
    ``email_verified_at`` lets sign in; only ``email_proven_at`` says that somebody showed to read its mail. Not even
    opening a mail does where the address is contested: whoever reads it may mean the later registration.
    """

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    email: Mapped[str | None]
    email_verified_at: Mapped[datetime | None]
    email_proven_at: Mapped[datetime | None]
    contested_at: Mapped[datetime | None] = mapped_column(comment="registered again before it was confirmed")
    display_name: Mapped[str]
    password_hash: Mapped[str | None]
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    locale: Mapped[str] = mapped_column(server_default="en-AU")
    timezone: Mapped[str] = mapped_column(server_default="UTC", comment="IANA name")
    units: Mapped[str] = mapped_column(server_default="metric")
    week_start: Mapped[str] = mapped_column(server_default="mon")
    sex: Mapped[str | None]
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    weight: Mapped[float | None] = mapped_column(comment="kg")
    heartrate_opt_in: Mapped[bool] = mapped_column(server_default=text("false"))
    picture: Mapped[str | None] = mapped_column(comment="https address, the person's or their provider's")
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
    method: Mapped[str] = mapped_column(server_default="password", comment="password, google or strava")
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


class MailedToken(Base):
    """A token that a mail carried: whoever has it reads the mail of that address."""

    __tablename__ = "mailed_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(comment="verify or reset")
    token_hash: Mapped[bytes] = mapped_column(unique=True, comment="SHA-256")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class Throttle(Base):
    """Tries of late for one account, from one address or for mail to one address, known or not."""

    __tablename__ = "throttles"

    key: Mapped[bytes] = mapped_column(primary_key=True, comment="SHA-256 of what is counted")
    failures: Mapped[int] = mapped_column(server_default="0", comment="forgotten with time")
    counted_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
    blocked_until: Mapped[datetime | None]


class Totp(Base):
    """A person's second factor (RFC 6238); asked for once it is confirmed."""

    __tablename__ = "totps"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[bytes] = mapped_column(comment="encrypted")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int | None] = mapped_column(BigInteger, comment="30 s step of the last code taken")


class RecoveryCode(Base):
    """Stands in once for a code of the second factor."""

    __tablename__ = "recovery_codes"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    code_hash: Mapped[bytes] = mapped_column(comment="SHA-256")
    used_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)


class PersonalToken(Base):
    """A personal access token by its hash. Its id is the ``sid`` of the access tokens given for it."""

    __tablename__ = "personal_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True, comment="SHA-256")
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    rate_limit: Mapped[int | None] = mapped_column(comment="requests a minute")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class Identity(Base):
    """A person's account at a provider, with which they sign in here. ``subject`` is the provider's id of them."""

    __tablename__ = "identities"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    provider: Mapped[str] = mapped_column(comment="google or strava")
    subject: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("provider", "subject"), UniqueConstraint("user_id", "provider"))


class OAuthFlow(Base):
    """A way to a provider and back: good once, in the browser that began it."""

    __tablename__ = "oauth_flows"

    state_hash: Mapped[bytes] = mapped_column(primary_key=True, comment="SHA-256")
    provider: Mapped[str]
    browser_hash: Mapped[bytes] = mapped_column(comment="SHA-256 of the browser's cookie")
    session_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("sessions.id", ondelete="CASCADE"), index=True, comment="whose account to link; null to sign in"
    )
    return_to: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class Audit(Base):
    """Who did what, when, from where, with which outcome. Ids only."""

    __tablename__ = "audits"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    actor: Mapped[str] = mapped_column(comment="user id, service name or operator")
    action: Mapped[str]
    target: Mapped[str] = mapped_column(server_default="")
    outcome: Mapped[str]
    address: Mapped[str] = mapped_column(server_default="")
    details: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    service: Mapped[str]
    req_id: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        *(
            Index(f"ix_audits_{'_'.join(columns)}", *columns)
            for columns in (
                ("created_at", "id"),
                ("actor", "created_at", "id"),
                ("target", "created_at", "id"),
                ("outcome", "created_at", "id"),
                ("service", "created_at", "id"),
            )
        ),
        Index(
            "ix_audits_action_created_at_id",
            "action",
            "created_at",
            "id",
            postgresql_ops={"action": "text_pattern_ops"},  # found by how it begins
        ),
    )


class Export(Base):
    """A person's data of all services, gathered in one archive; the archive itself is an object."""

    __tablename__ = "exports"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    job_id: Mapped[UUID]
    size: Mapped[int | None] = mapped_column(BigInteger, comment="bytes; null until it is there")
    expires_at: Mapped[datetime | None] = mapped_column(index=True, comment="when the archive goes")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Departure(Base):
    """The deletion of an account in all services, with what each reported; outlives the account for a while."""

    __tablename__ = "departures"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    person: Mapped[UUID] = mapped_column(unique=True, comment="users.id of who left")
    token_hash: Mapped[bytes] = mapped_column(comment="SHA-256 of what lets one ask how far it is")
    report: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"), comment="by service")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None] = mapped_column(index=True)
