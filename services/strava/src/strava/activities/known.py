"""What an athlete has that some recordings may be of, read at once; rows that belong together are written at once.

Storing a file asks the database half a dozen questions and writes to half a dozen tables. For the files of an archive
both are done for many together: the answers are kept up to date here while the files are stored one after another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Text, any_, bindparam, func, insert, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from strava.activities.matching import START_WINDOW, Candidate
from strava.activities.parsed import Origin, ParsedRecording
from strava.activities.repository import stream_rows
from strava.models import Activity, GearDefault, Lap, Recording, Split, Stream

Rows = list[dict[str, Any]]
_TABLES = (Activity, Recording, Stream, Split, Lap)

_NUMBERS = bindparam("numbers", type_=ARRAY(BigInteger))
_RECORDINGS = (
    select(Recording.id, Recording.activity_id, Recording.sha256, Recording.part)
    .add_columns(Recording.strava_id, Recording.archive_id)
    .where(
        Recording.athlete_id == bindparam("athlete"),
        or_(
            Recording.sha256 == any_(bindparam("contents", type_=ARRAY(Text))),
            Recording.strava_id == any_(_NUMBERS),
            Recording.archive_id == any_(_NUMBERS),
        ),
    )
    .order_by(Recording.created_at)
)
_START = (
    func.unnest(bindparam("starts", type_=ARRAY(DateTime(timezone=True))))
    .table_valued("start_time")
    .render_derived("starts")
)
_NEAR = (
    select(Activity.id, Activity.sport, Activity.start_time, Activity.elapsed_time)
    .select_from(_START)
    .join(Activity, Activity.start_time.between(_START.c.start_time - START_WINDOW, _START.c.start_time + START_WINDOW))
    .where(Activity.athlete_id == bindparam("athlete"))
)


@dataclass(frozen=True, slots=True)
class _Near:
    """An activity near in time."""

    sport: str
    start_time: datetime
    elapsed_time: float


@dataclass(slots=True)
class Known:
    """Use `around`, and `write` at the end."""

    session: AsyncSession
    _contents: dict[tuple[str, int], tuple[UUID, UUID]] = field(default_factory=dict)
    _numbers: dict[int, UUID] = field(default_factory=dict)
    _activities: dict[UUID, _Near] = field(default_factory=dict)
    _gear: dict[str, UUID] = field(default_factory=dict)
    _rows: dict[Any, Rows] = field(default_factory=lambda: {model: [] for model in _TABLES})

    @classmethod
    async def around(
        cls, session: AsyncSession, athlete_id: UUID, recordings: Sequence[tuple[Origin, ParsedRecording]]
    ) -> "Known":
        """Read what these recordings of one athlete may meet; the caller holds ``lock_athlete``."""
        known = cls(session)
        numbers = sorted({number for origin, _ in recordings if (number := origin.number) is not None})
        rows = await session.execute(
            _RECORDINGS,
            {
                "athlete": athlete_id,
                "contents": sorted({origin.sha256 for origin, _ in recordings}),
                "numbers": numbers,
            },
        )
        for recording_id, activity_id, sha256, part, *own in rows:
            known._contents[sha256, part] = (activity_id, recording_id)
            for number in own:
                known._numbers.setdefault(number, activity_id)
        starts = sorted({parsed.start_time for _, parsed in recordings})
        found = await session.execute(_NEAR, {"athlete": athlete_id, "starts": starts})
        known._activities = {row[0]: _Near(row[1], row[2], row[3]) for row in found}
        defaults = select(GearDefault.sport, GearDefault.gear_id).where(GearDefault.athlete_id == athlete_id)
        known._gear = {row[0]: row[1] for row in await session.execute(defaults)}
        return known

    def recording_of(self, sha256: str, part: int) -> tuple[UUID, UUID] | None:
        """(activity, recording) of the same content."""
        return self._contents.get((sha256, part))

    def activity_numbered(self, number: int) -> UUID | None:
        """The activity that has a recording with this number at Strava."""
        return self._numbers.get(number)

    def candidates(self, sports: Sequence[str], start: datetime, sha256: str) -> list[Candidate]:
        """The athlete's activities of these sports that start near, for a recording out of a file."""
        of_file = {activity_id for (content, _), (activity_id, _) in self._contents.items() if content == sha256}
        return [
            Candidate(activity_id, each.start_time, each.elapsed_time, activity_id in of_file)
            for activity_id, each in self._activities.items()
            if each.sport in sports and abs(each.start_time - start) <= START_WINDOW
        ]

    def default_gear(self, sport: str) -> UUID | None:
        return self._gear.get(sport)

    def add(
        self, activity: Mapping[str, Any], recording: Mapping[str, Any], parsed: ParsedRecording, origin: Origin
    ) -> None:
        """Take a new activity with its recording, to be written with the others."""
        self._rows[Activity].append(dict(activity))
        self._rows[Recording].append(dict(recording))
        self._rows[Stream] += stream_rows(recording["id"], parsed.derived.streams)
        self._rows[Split] += parsed.splits(recording["id"])
        self._rows[Lap] += parsed.laps(recording["id"])
        self._note(origin, activity["id"], recording["id"])
        self._activities[activity["id"]] = _Near(activity["sport"], activity["start_time"], activity["elapsed_time"])

    def merged(self, activity: Activity, recording_id: UUID, origin: Origin) -> None:
        """Note that an activity has one more recording, and perhaps other figures by it."""
        self._note(origin, activity.id, recording_id)
        self._activities[activity.id] = _Near(activity.sport, activity.start_time, activity.elapsed_time)

    def _note(self, origin: Origin, activity_id: UUID, recording_id: UUID) -> None:
        self._contents[origin.sha256, origin.part] = (activity_id, recording_id)
        if origin.number is not None:
            self._numbers.setdefault(origin.number, activity_id)

    async def write(self) -> None:
        """Write what was taken and is not written yet."""
        rows, self._rows = self._rows, {model: [] for model in _TABLES}
        for model in _TABLES:
            if rows[model]:
                await self.session.execute(insert(model), rows[model])
