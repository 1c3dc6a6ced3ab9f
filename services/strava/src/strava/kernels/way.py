"""Which distance a recording has: its device's when it is sane, else that along its positions; without jumps."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from strava.files.recording import Column, Recording
from strava.kernels.distance import (
    FARTHEST,
    chained,
    from_positions,
    is_sane,
    spikes,
    without_jumps,
    without_leaps,
)

RUNS = frozenset({"Run", "TrailRun", "VirtualRun"})
MOST_JUMPS = 0.02  # of the device's distance; with more it is not what anybody ran

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Way:
    """Columns with their distance (m, none where nothing tells it), and what is to be said of it.

    ``jumps``: metres of the device's own distance that jumps of the receiver made and that ``columns`` lack, where the
    distance as a whole is still believed; else 0.
    """

    columns: dict[str, Column]
    dropped: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    jumps: float = 0.0


def with_way(columns: dict[str, Column], recording: Recording) -> Way:
    """Positions that are out and back go first; then the distance is found. Times are increasing."""
    dropped: Counter[str] = Counter()
    notes: tuple[str, ...] = ()
    time, latlng = columns["time"], columns.get("latlng")
    if not len(time):
        return Way(columns)
    if latlng is not None:
        off = spikes(time, latlng, recording.sport)
        dropped["gps_jump"] += int(np.count_nonzero(off))
        columns = columns | {"latlng": np.where(off[:, np.newaxis], np.nan, latlng)}
    if "distance" in columns:
        if (way := _counted(columns, recording, dropped)) is not None:
            return way
        columns = {name: values for name, values in columns.items() if name != "distance"}
        notes = ("The distance of the device is impossible or contradicts its positions and was left out.",)
    if "latlng" in columns:
        return _along(columns, recording, dropped, notes)
    return Way(columns, dropped, notes)


def _counted(columns: dict[str, Column], recording: Recording, dropped: Counter[str]) -> Way | None:
    """The device's distance made non-decreasing by dropping samples; None when it is not sane."""
    distance = chained(columns["distance"])
    valid = np.flatnonzero(~np.isnan(distance))
    rising = valid[longest_rise(distance[valid])]
    kept = np.isnan(distance)
    kept[rising] = True
    time = columns["time"][kept]
    filled = np.interp(time, columns["time"][rising], distance[rising])
    found = {name: values[kept] for name, values in columns.items()}
    whole, leaps = _without_leaps(filled, found, recording)
    cleaned, removed = without_jumps(time, whole, on_foot=recording.sport in RUNS)
    if not is_sane(cleaned, time, found.get("latlng"), recording.sport):
        return None
    metres = float(np.ptp(whole) - np.ptp(cleaned))
    believed = metres <= MOST_JUMPS * float(np.ptp(whole))
    counted = dropped + Counter(gps_jump=removed, backwards_distance=len(valid) - len(rising))
    notes = [_of_leaps(leaps)] if leaps else []
    if round(metres):
        notes.append(_of_jumps(counted["gps_jump"], metres, believed=believed))
    return Way(found | {"distance": np.round(cleaned, 2)}, counted, tuple(notes), round(metres, 2) if believed else 0.0)


def _without_leaps(distance: Column, columns: dict[str, Column], recording: Recording) -> tuple[Column, int]:
    latlng = columns.get("latlng")
    if recording.sport not in RUNS or latlng is None:
        return distance, 0
    return without_leaps(columns["time"], distance, latlng, recording.pauses)


def _along(columns: dict[str, Column], recording: Recording, dropped: Counter[str], notes: tuple[str, ...]) -> Way:
    whole = from_positions(columns["time"], columns["latlng"], recording.pauses)
    cleaned, removed = without_jumps(columns["time"], whole, on_foot=recording.sport in RUNS)
    metres = float(np.ptp(whole) - np.ptp(cleaned))
    dropped = dropped + Counter(gps_jump=removed)
    if np.ptp(cleaned) > FARTHEST:
        far = "The positions lie impossibly far from each other and were left out."
        return Way({name: values for name, values in columns.items() if name != "latlng"}, dropped, (*notes, far))
    if round(metres):
        notes = (*notes, _of_jumps(dropped["gps_jump"], metres, believed=False))
    return Way(columns | {"distance": np.round(cleaned, 2)}, dropped, notes)


def _of_leaps(count: int) -> str:
    how_often = "once" if count == 1 else f"{count} times"
    return f"The distance of the device leapt where its positions did not, {how_often}; theirs was taken there."


def _of_jumps(count: int, metres: float, *, believed: bool) -> str:
    said = f"Jumps of the GPS receiver were removed: {count}, {metres:.0f} m in all."
    return (
        f"{said} Only the distance of the activity and of its laps is as the device counted it." if believed else said
    )


def longest_rise(values: Column) -> Indices:
    """Indices of the longest non-decreasing subsequence: what is left when the fewest samples go.

    Patience sorting, O(n log n) (Fredman 1975, doi 10.1016/0012-365X(75)90103-X).
    """
    if not (np.diff(values) < 0.0).any():
        return np.arange(len(values))
    # Backwards, so that of two that contradict each other the earlier stays.
    tails: list[float] = []
    ends: list[int] = []
    before: list[int] = []
    for index, value in enumerate((-values[::-1]).tolist()):
        at = bisect_right(tails, value)
        before.append(ends[at - 1] if at else -1)
        if at == len(tails):
            tails.append(value)
            ends.append(index)
        else:
            tails[at], ends[at] = value, index
    chain = [ends[-1]]
    while before[chain[-1]] >= 0:
        chain.append(before[chain[-1]])
    return len(values) - 1 - np.array(chain, dtype=np.intp)
