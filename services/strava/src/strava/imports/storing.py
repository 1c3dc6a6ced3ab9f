"""Files that were read get their outcomes, many in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from common.resources import Resources
from strava.activities.athletes import HOME, Athletes
from strava.activities.known import Known
from strava.activities.parsed import Origin, ParsedRecording
from strava.activities.repository import lock_athlete
from strava.files.accounts import Told
from strava.imports import outcomes, repository, words
from strava.imports.repository import Work
from strava.models import ImportItem
from strava.sandbox import ParsedFile

NO_START = "The archive does not say when this was."

Brought = tuple[Origin, ParsedRecording]


@dataclass
class Ready:
    """A file that was read, refused, or never was one (``told`` only).

    ``recordings`` is filled on the way; ``leg`` is the one of them that ``told`` is about.
    """

    work: Work
    told: Told
    result: ParsedFile | None = None
    refused: str = ""
    sha256: str = ""
    recordings: list[Brought] = field(default_factory=list)
    leg: int | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        return self.result.notes if self.result else ()


async def store_together(resources: Resources, files: Sequence[Ready]) -> None:
    """Give files of one batch their outcomes, with what they bring, in one transaction.

    Files that have one meanwhile, or are to be taken back, are passed over.
    """
    if not files:
        return
    first = files[0].work
    home = await _prepare(resources, first.athlete_id, files)
    async with resources.database.transaction() as session:
        await lock_athlete(session, first.athlete_id)
        ids = [each.work.item.id for each in files]
        taken = await repository.taken_together(session, ids, first.item.import_id)
        open_ = [each for each in files if each.work.item.id in taken]
        pairs = [pair for each in open_ for pair in each.recordings]
        known = await Known.around(session, first.athlete_id, pairs) if pairs else Known(session)
        batch = _Batch(session, known, home)
        for each in open_:
            await batch.settle(each, taken[each.work.item.id])
        await known.write()


async def _prepare(resources: Resources, athlete_id: UUID, files: Sequence[Ready]) -> str:
    """Make recordings of what was read; return the athlete's own time zone, where any of them needs it."""
    athletes = Athletes.of(resources)
    weight = await athletes.weight(athlete_id)
    needs_home = any(
        activity.derived.timezone is None for each in files if each.result for activity in each.result.activities
    ) or any(each.result is None for each in files)
    home = await athletes.home_timezone(athlete_id) if needs_home else HOME
    for each in files:
        each.recordings = _recordings(each, weight, home)
        _take_words(each)
    return home


def _take_words(ready: Ready) -> None:
    """Let what the archive says go before what the file says."""
    ready.leg = words.leg_of(ready.told, [parsed for _, parsed in ready.recordings])
    if ready.leg is not None:
        origin, parsed = ready.recordings[ready.leg]
        numbered = replace(origin, archive_id=ready.told.archive_id)
        ready.recordings[ready.leg] = (numbered, words.with_words(parsed, ready.told))


def _recordings(ready: Ready, weight: float | None, home: str) -> list[Brought]:
    item, athlete_id = ready.work.item, ready.work.athlete_id
    if ready.result is not None:
        return [
            (
                Origin(athlete_id, "file", item.object_key, ready.sha256, item.name, part),
                ParsedRecording(each.recording, each.derived, weight),
            )
            for part, each in enumerate(ready.result.activities)
        ]
    if ready.refused or item.object_key:
        return []
    if ready.told.start_time is None:
        ready.refused = NO_START
        return []
    return [words.by_hand(athlete_id, ready.told, timezone=home, weight=weight)]


@dataclass
class _Batch:
    """One transaction's files."""

    session: AsyncSession
    known: Known
    home: str
    gear: dict[tuple[str, str], UUID] = field(default_factory=dict)

    async def settle(self, ready: Ready, item: ImportItem) -> None:
        """Give an item its outcome together with what it brings."""
        if ready.refused:
            item.state, item.reason = "rejected", ready.refused
            return
        if not ready.recordings:
            item.state, item.reason = "route", " ".join(ready.notes)
            return
        found = [
            await self._outcome(ready, item, origin, parsed, gear=part == ready.leg)
            for part, (origin, parsed) in enumerate(ready.recordings)
        ]
        parsed = [each for _, each in ready.recordings]
        item.state = outcomes.state_of(found)
        item.reason = outcomes.reason_of(found, ready.notes)
        item.activity_ids = list(dict.fromkeys(each.activity_id for each in found if each.activity_id))
        item.activities = [each.shown(of, self.home) for each, of in zip(found, parsed, strict=True)]
        item.recording_ids = [each.recording_id for each in found if each.recording_id]
        item.quality = [each.quality() for each in parsed]

    async def _outcome(
        self, ready: Ready, item: ImportItem, origin: Origin, parsed: ParsedRecording, *, gear: bool
    ) -> outcomes.Outcome:
        if ready.work.dry_run:
            return await outcomes.foresee(self.session, item, origin, parsed, self.known)
        if gear and ready.told.gear:
            sport = parsed.recording.sport
            gear_id = await words.gear_of(self.session, origin.athlete_id, ready.told, sport, self.gear)
            origin = replace(origin, gear_id=gear_id)
        return await outcomes.bring(self.session, origin, parsed, self.known, home_timezone=self.home)
