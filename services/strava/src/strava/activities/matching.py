"""Which recordings are of the same activity, and which of them is the primary one.

Same athlete, same sport family, starts within 120 s of each other, elapsed times within the larger of 3 % and 60 s.
Parts of one file that follow one another are never the same, however short they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

START_WINDOW = timedelta(seconds=120)
ELAPSED_SHARE = 0.03
ELAPSED_SECONDS = 60.0

SENSORS = ("heartrate", "cadence", "power", "altitude", "temperature")
_OWN_FILE = "file"


@dataclass(frozen=True)
class Candidate:
    """An activity that a recording may be of; ``same_file`` when it has another part of the recording's own file."""

    activity_id: UUID
    start_time: datetime
    elapsed_time: float
    same_file: bool = False


def same_activity(candidates: Sequence[Candidate], start: datetime, elapsed_time: float) -> Candidate | None:
    """Return the candidate (of the same athlete and family) that fits, the nearest start first."""
    fitting = [each for each in candidates if _fits(each, start, elapsed_time)]
    return min(fitting, key=lambda each: abs(each.start_time - start), default=None)


def _fits(candidate: Candidate, start: datetime, elapsed_time: float) -> bool:
    if candidate.same_file and not _overlap(candidate, start, elapsed_time):
        return False
    longer = max(candidate.elapsed_time, elapsed_time)
    tolerance = max(ELAPSED_SHARE * longer, ELAPSED_SECONDS)
    return abs(candidate.start_time - start) <= START_WINDOW and abs(candidate.elapsed_time - elapsed_time) <= tolerance


def _overlap(candidate: Candidate, start: datetime, elapsed_time: float) -> bool:
    ends = candidate.start_time + timedelta(seconds=candidate.elapsed_time), start + timedelta(seconds=elapsed_time)
    return max(candidate.start_time, start) < min(ends)


def merge_reason(candidate: Candidate, start: datetime, elapsed_time: float) -> str:
    """Say why the recording was taken for one of the activity."""
    seconds = abs((candidate.start_time - start).total_seconds())
    difference = abs(candidate.elapsed_time - elapsed_time)
    return f"Same activity: starts {seconds:.0f} s apart, elapsed times {difference:.0f} s apart."


def richness(streams: Sequence[str], source: str, created_at: datetime) -> tuple[bool, int, int, bool, float]:
    """Sort key of recordings, the primary one is the greatest.

    Streams, then sensors, then positions, then the athlete's own file, then the earlier.
    """
    sensors = sum(name in SENSORS for name in streams)
    return (
        bool(streams),
        sensors,
        int("latlng" in streams),
        source == _OWN_FILE,
        -created_at.timestamp(),
    )
