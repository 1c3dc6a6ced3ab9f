"""What becomes of the recordings of a file, or would become of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from strava.activities.known import Known
from strava.activities.matching import START_WINDOW, Candidate, merge_reason, same_activity
from strava.activities.naming import default_name, usable_name
from strava.activities.parsed import Origin, ParsedRecording
from strava.activities.sports import family_of
from strava.activities.store import match, store
from strava.imports import repository
from strava.models import ImportItem, ImportPreview

ORDER = ("imported", "merged", "duplicate")


@dataclass(frozen=True)
class Outcome:
    """Of one recording; ``recording_id`` is set when it was brought."""

    outcome: str
    activity_id: UUID | None
    reason: str
    recording_id: UUID | None = None

    def shown(self, parsed: ParsedRecording, home_timezone: str) -> dict[str, Any]:
        """As the item keeps it; see `schemas.ImportedActivity`."""
        zone = parsed.derived.timezone or home_timezone
        local_start = parsed.start_time.astimezone(ZoneInfo(zone))
        return {
            "outcome": self.outcome,
            "activity_id": str(self.activity_id) if self.activity_id else None,
            "reason": self.reason,
            "name": usable_name(parsed.recording.name) or default_name(parsed.recording.sport, local_start),
            "sport": parsed.recording.sport,
            "start_time": parsed.start_time.isoformat(),
            "timezone": zone,
            "distance": parsed.derived.distance,
            "elapsed_time": parsed.derived.elapsed_time,
        }


async def bring(
    session: AsyncSession, origin: Origin, parsed: ParsedRecording, known: Known, *, home_timezone: str
) -> Outcome:
    """Store a recording; the caller holds ``lock_athlete``, and writes what ``known`` took."""
    stored = await store(session, origin, parsed, home_timezone=home_timezone, known=known)
    brought = stored.recording_id if stored.outcome in repository.BROUGHT else None
    return Outcome(stored.outcome, stored.activity_id, stored.reason, brought)


async def foresee(
    session: AsyncSession, item: ImportItem, origin: Origin, parsed: ParsedRecording, known: Known
) -> Outcome:
    """Say what `bring` would do, also with regard to the other files of the preview; the caller holds the lock."""
    found = await match(session, origin, parsed, known)
    if found is not None:
        return Outcome("duplicate" if found.duplicate else "merged", found.activity_id, found.reason)
    family = family_of(parsed.recording.sport)
    outcome = await _foresee_within(session, item, origin, parsed, family)
    session.add(
        ImportPreview(
            item_id=item.id,
            part=origin.part,
            import_id=item.import_id,
            sha256=origin.sha256,
            family=family,
            start_time=parsed.start_time,
            elapsed_time=parsed.derived.elapsed_time,
        )
    )
    await session.flush()
    return outcome


async def _foresee_within(
    session: AsyncSession, item: ImportItem, origin: Origin, parsed: ParsedRecording, family: str
) -> Outcome:
    same = await repository.previewed(session, item.import_id, item.id, origin.sha256, origin.part)
    if same is not None:
        return Outcome("duplicate", None, f"The same file is in this import as {same[1]}.")
    near = await repository.previewed_near(session, item.import_id, family, parsed.start_time, START_WINDOW)
    names = {each[0]: each[3] for each in near}
    candidates = [Candidate(each[0], each[1], each[2], same_file=each[0] == item.id) for each in near]
    twin = same_activity(candidates, parsed.start_time, parsed.derived.elapsed_time)
    if twin is None:
        return Outcome("imported", None, "")
    reason = merge_reason(twin, parsed.start_time, parsed.derived.elapsed_time)
    return Outcome("merged", None, f"With {names[twin.activity_id]} of this import: {reason}")


def state_of(outcomes: Sequence[Outcome]) -> str:
    """State of a file with these recordings: the most that became of any."""
    found = {each.outcome for each in outcomes}
    return next(outcome for outcome in ORDER if outcome in found)


def reason_of(outcomes: Sequence[Outcome], notes: Sequence[str]) -> str | None:
    """All that is to be said of a file."""
    reasons = dict.fromkeys([*(each.reason for each in outcomes if each.reason), *notes])
    return " ".join(reasons) or None
