"""Sending to Strava: each step is committed before the next, so that whoever goes on knows what was sent."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from common.audit import record
from common.errors import NotFound
from common.http import UpstreamRejected
from common.jobrunner import JobContext
from common.jobs import JobPostponed
from common.resources import Resources
from strava.connections.tokens import SERVICE, TokenKeeper
from strava.metrics import PUSHES
from strava.models import Push
from strava.push import files, repository
from strava.push.errors import NoFile
from strava.remote.calls import FAILURES
from strava.remote.errors import (
    ApplicationInactive,
    ApplicationRefused,
    Overlaps,
    RateLimited,
    StravaNotFound,
    WriteScopeMissing,
)
from strava.remote.remote import Remote, settings_of
from strava.remote.shapes import SummaryActivity, UploadStatus
from strava.sync.listing import UNUSABLE
from strava.sync.queueing import OVERLAP
from strava.sync.recording import timezone_of

_LOOKS_S, _LOOKS = 1.0, 10
_LOOK_AGAIN = timedelta(seconds=15)
_PATIENCE = timedelta(hours=1)
_LISTED = 50
_DUPLICATE = re.compile(r"duplicate of\D*(?:<a[^>]*?/activities/)?(\d{1,18})")
_LOST = "The answer was lost: Strava is looked at before anything else is sent."
_NEVER_CAME = "Strava does not have it: it never got there. It can be sent again."
_REFUSED = (*UNUSABLE, WriteScopeMissing)
_NOT_SENT = (RateLimited, ApplicationInactive, ApplicationRefused)
"""It was not sent, or Strava said that it takes nothing now: it is sent later."""


@dataclass(frozen=True)
class _Sending:
    """A push in a worker's hands."""

    resources: Resources
    push: Push

    async def ask(self, call: Callable[[str], Awaitable[Any]]) -> Any:
        return await TokenKeeper.of(self.resources).with_token(self.push.athlete_id, call)

    async def note(self, state: str, **values: Any) -> None:
        async with self.resources.database.transaction() as session:
            await repository.change(session, self.push.id, state=state, **values)

    async def settle(self, state: str, reason: str | None = None, strava_id: int | None = None) -> None:
        """Note what came of it; what comes back from Strava is then known as the same activity."""
        push = self.push
        async with self.resources.database.transaction() as session:
            await repository.change(session, push.id, state=state, reason=reason, strava_id=strava_id)
            if strava_id is not None and push.activity_id is not None:
                await repository.number_recordings(session, push.activity_id, strava_id)
            details = {"state": state, "strava_id": str(strava_id)} if strava_id else {"state": state}
            outcome = "ok" if state in {"done", "duplicate"} else "failed"
            target, action = str(push.activity_id or push.id), f"strava.{push.kind}_sent"
            record(session, SERVICE, actor=SERVICE, action=action, target=target, outcome=outcome, details=details)
        PUSHES.labels(push.kind, state).inc()


async def push(context: JobContext) -> None:
    """Send one thing, or go on where an earlier attempt came to."""
    athlete_id = context.job.subject_id
    assert athlete_id is not None
    async with context.resources.database.reading() as session:
        found = await repository.owned(session, athlete_id, UUID(context.payload["push_id"]))
    if found is None or found.state not in repository.OPEN:
        return
    sending = _Sending(context.resources, found)
    try:
        await (_upload(sending) if found.kind == "upload" else _enter(context, sending))
    except _REFUSED as error:
        await sending.settle("failed", error.detail)


async def _upload(sending: _Sending) -> None:
    """The same file twice is answered as a duplicate, so an upload whose answer was lost may be sent again."""
    push, again = sending.push, sending.push.state == "sending"
    upload_id = push.upload_id
    if upload_id is None:
        handed_over = await _hand_over(sending)
        if handed_over is None:
            return
        upload_id = handed_over.id
        await sending.note("processing", upload_id=upload_id)
    status = await _processed(sending, upload_id)
    if status is None:
        await sending.settle("failed", "Strava no longer knows the upload.")
    elif status.activity_id is not None:
        await sending.settle("done", None, status.activity_id)
    elif (former := duplicate_of(status.error)) is not None:
        await sending.settle("done" if again else "duplicate", None if again else "Strava had this file.", former)
    else:
        await sending.settle("failed", f"Strava: {plain(status.error)}")


async def _hand_over(sending: _Sending) -> UploadStatus | None:
    writing, push = Remote.of(sending.resources).writing, sending.push
    try:
        file, data_type = await files.original_of(sending.resources, push)
    except (NoFile, NotFound) as error:
        await sending.settle("failed", error.detail)
        return None
    fields = push.fields | {"external_id": repository.external_id(push.id)}
    await sending.note("sending", sent_at=datetime.now(UTC))
    try:
        return await sending.ask(  # type: ignore[no-any-return] # what the call below returns
            partial(writing.upload, file=file, data_type=data_type, fields=fields)
        )
    except _NOT_SENT:
        await sending.note("queued")
        raise
    except UpstreamRejected as rejected:
        await sending.settle("failed", f"Strava refuses the file: {rejected.status_code}.")
        return None


async def _processed(sending: _Sending, upload_id: int) -> UploadStatus | None:
    """Look once a second, then now and then; None when Strava knows nothing of it."""
    writing = Remote.of(sending.resources).writing
    for _ in range(_LOOKS):
        await asyncio.sleep(_LOOKS_S)
        try:
            status: UploadStatus = await sending.ask(partial(writing.upload_status, upload_id=upload_id))
        except StravaNotFound:
            return None
        if status.error or status.activity_id is not None:
            return status
    now = datetime.now(UTC)
    if now - sending.push.created_at > _PATIENCE:
        return status.model_copy(update={"error": "it has not worked through the file within an hour."})
    raise JobPostponed(now + _LOOK_AGAIN, "Strava is still working on the file.")


def duplicate_of(error: str | None) -> int | None:
    """Return the activity that an upload's error names: ``... duplicate of activity 7``, or of a link to it."""
    found = _DUPLICATE.search(error or "")
    return int(found[1]) if found else None


def plain(error: str | None) -> str:
    """A message of Strava's without its markup, of a bearable length."""
    return re.sub(r"<[^<>]*>", "", error or "").replace("\x00", "")[:300]


async def _enter(context: JobContext, sending: _Sending) -> None:
    """Make an entry by hand, once: where it is not known whether Strava got it, only Strava's list tells."""
    if sending.push.state != "queued":
        await _look(context, sending)
        return
    writing = Remote.of(sending.resources).writing
    await TokenKeeper.of(sending.resources).access(sending.push.athlete_id)  # what fails here was not sent
    await sending.note("sending", sent_at=datetime.now(UTC))
    try:
        made = await sending.ask(partial(writing.create, fields=sending.push.fields))
    except Overlaps:
        await sending.settle("overlap", "Strava has an activity at that time.")
    except _NOT_SENT:
        await sending.note("queued")
        raise
    except UpstreamRejected as rejected:
        await sending.settle("failed", f"Strava refuses it: {rejected.status_code}.")
    except FAILURES:
        await sending.note("unknown", reason=_LOST)
        raise _next_look(context, 0) from None
    else:
        await sending.settle("done", None, made.id)


async def _look(context: JobContext, sending: _Sending) -> None:
    """Look for the entry in Strava's list; given up when it is not there for a while."""
    await sending.note("unknown", reason=_LOST)
    found = await _listed(sending)
    if found is not None:
        await sending.settle("done", None, found)
        return
    looks = int((datetime.now(UTC) - (sending.push.sent_at or datetime.now(UTC))).total_seconds())
    if looks > _waits(context)[-1]:
        await sending.settle("failed", _NEVER_CAME)
        return
    raise _next_look(context, looks)


def _waits(context: JobContext) -> list[float]:
    """Seconds after sending at which Strava's list is looked at."""
    delays = settings_of(context.resources).strava_retry_delays[:3]
    return [sum(delays[: number + 1]) for number in range(len(delays))] or [5.0]


def _next_look(context: JobContext, passed: float) -> JobPostponed:
    waits = _waits(context)
    wait = next((each - passed for each in waits if each > passed), 1.0)
    return JobPostponed(datetime.now(UTC) + timedelta(seconds=wait), _LOST)


async def _listed(sending: _Sending) -> int | None:
    """Number of the entry at Strava: by hand, with the same name, length and start on the clock of its place."""
    api, fields = Remote.of(sending.resources).api, sending.push.fields
    start = datetime.fromisoformat(fields["start_date_local"])
    before = int((start + OVERLAP).timestamp())
    page: list[SummaryActivity] = await sending.ask(partial(api.activities, before=before, size=_LISTED, urgent=True))
    for each in page:
        same = (each.manual, each.name, each.elapsed_time) == (True, fields["name"], fields["elapsed_time"])
        if same and _local_start(each) == fields["start_date_local"]:
            return each.id
    return None


def _local_start(activity: SummaryActivity) -> str | None:
    zone = timezone_of(activity)
    if zone is None:
        return None
    local = activity.start_date.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return f"{local.isoformat(timespec='seconds')}Z"
