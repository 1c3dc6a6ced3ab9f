"""Sealing athletes' tokens anew, once ``ENCRYPTION_KEYS`` has another first key."""

import base64

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from common.audit import record
from common.crypto import KeyRing
from common.db.tables import Job, JobState
from strava.connections.tokens import SERVICE, place_of
from strava.models import Connection
from strava.sync.queueing import REVOKE

SEALED = ("access", "refresh")
"""The tokens of a connection, all that this service keeps encrypted, there or in the job that takes its grant back."""


async def reencrypt(session: AsyncSession, keys: KeyRing, *, actor: str) -> dict[str, int]:
    """Seal with the first key what was sealed with another; return how many tokens of each column that were.

    Raises ``DecryptionFailed`` when the key of a token is not in the ring any more; nothing is changed then.
    """
    counts = dict.fromkeys((f"strava_tokens.{name}_token" for name in SEALED), 0)
    for connection in await session.scalars(select(Connection).with_for_update()):
        for name in SEALED:
            counts[f"strava_tokens.{name}_token"] += _renew(connection, name, keys)
    counts["jobs.payload"] = await _renew_revocations(session, keys)
    record(session, SERVICE, actor=actor, action="strava.keys_reencrypted", target="strava_tokens", details=counts)
    return counts


def _renew(connection: Connection, name: str, keys: KeyRing) -> int:
    column = f"{name}_token"
    value: bytes = getattr(connection, column)
    if not keys.needs_rotation(value):
        return 0
    setattr(connection, column, _resealed(value, place_of(connection.athlete_id, name), keys))
    return 1


async def _renew_revocations(session: AsyncSession, keys: KeyRing) -> int:
    """Seal anew the tokens of connections that are gone, whose grants are still to be taken back."""
    to_come = Job.kind == REVOKE, Job.state.in_((JobState.QUEUED, JobState.RUNNING, JobState.DEAD))
    count = 0
    for job in await session.scalars(select(Job).where(*to_come).with_for_update()):
        assert job.subject_id is not None
        sealed = {name: base64.b64decode(job.payload[name]) for name in SEALED}
        former = {name: value for name, value in sealed.items() if keys.needs_rotation(value)}
        renewed = {name: _resealed(value, place_of(job.subject_id, name), keys) for name, value in former.items()}
        job.payload = job.payload | {name: base64.b64encode(value).decode() for name, value in renewed.items()}
        count += len(renewed)
    return count


def _resealed(value: bytes, place: str, keys: KeyRing) -> bytes:
    return keys.encrypt(keys.decrypt(value, associated=place), associated=place)
