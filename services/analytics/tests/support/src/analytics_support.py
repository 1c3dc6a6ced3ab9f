"""What the tests do with the activity store and with analytics."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import fitfast
import numpy as np
from numpy.typing import NDArray

from common.testing.atwork import ServiceAtWork
from contracts.strava.streams import ActivityStreams
from contracts.testing.activity_store import ActivityStore, run

Floats = NDArray[np.float64]
BEST = "/api/v1/analytics/best-efforts-cached"


def recording(path: Path) -> tuple[Floats, Floats]:
    """Elapsed seconds and metres of a recorded run, without its GPS jumps."""
    columns = fitfast.records(path)
    measured = np.isfinite(columns["timestamp"]) & np.isfinite(columns["distance"])
    time, distance = columns["timestamp"][measured], columns["distance"][measured]
    seconds, metres = np.diff(time), np.diff(distance)
    fast = np.concatenate([[False], metres > 12 * seconds, [False]])
    for begin, end in np.flatnonzero(np.diff(fast.astype(int))).reshape(-1, 2):
        if seconds[begin:end].sum() < 5:
            metres[begin:end] = 0
    return time - time[0], distance[0] + np.concatenate([[0], np.cumsum(metres)])


def recorded(path: Path, athlete: UUID) -> ActivityStreams:
    """The recording as an activity of the athlete."""
    time, distance = recording(path)
    whole = run(athlete, distance=float(distance[-1]))
    return ActivityStreams(whole.activity, {"time": time, "distance": distance})


@dataclass
class Platform(ServiceAtWork):
    """Analytics at work, beside the activity store it reads."""

    strava: ActivityStore

    async def ranks(self, athlete: UUID, distance: str, **parameters: Any) -> list[dict[str, Any]]:
        response = await self.get(athlete, BEST, **parameters)
        assert response.status_code == 200, response.text
        items = {item["distance"]: item["ranks"] for item in response.json()["items"]}
        ranks: list[dict[str, Any]] = items[distance]
        return ranks

    async def times(self, athlete: UUID, distance: str = "1km", **parameters: Any) -> list[float]:
        return [rank["time"] for rank in await self.ranks(athlete, distance, **parameters)]


def ago(**time: float) -> datetime:
    return datetime.now(UTC) - timedelta(**time)
