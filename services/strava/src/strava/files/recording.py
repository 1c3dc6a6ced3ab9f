"""What a file says, in one shape for every format: seconds from the start, SI units, NaN where a value is absent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
Columns = Mapping[str, Column]


class FileRefused(Exception):
    """A file that cannot become an activity or a route.

    Attributes:
        reason: one sentence that its owner understands.
        code: stable, for programs: ``empty``, ``unknown_format``, ``encrypted``, ``too_large``, ``ratio``,
            ``too_many_entries``, ``nested_archive``, ``unsafe_xml``, ``invalid_xml``, ``damaged``, ``no_data``,
            ``in_future``.
    """

    def __init__(self, reason: str, code: str) -> None:
        super().__init__(reason, code)
        self.reason = reason
        self.code = code

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What was wrong with a recording and what was done about it.

    Attributes:
        samples: samples in the file.
        dropped: samples or single values removed, by reason: ``non_finite``, ``out_of_range``, ``backwards_time``,
            ``backwards_distance``, ``duplicate``, ``gps_jump``, ``altitude_spike``, ``clock_fault``, ``empty``,
            ``without_time``.
        damaged: the file ends early or its checksum is wrong; this is what could be read.
        notes: sentences for the owner of the file.
    """

    samples: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    damaged: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordedLap:
    """One lap as the device has it; None where the device says nothing.

    ``start`` is in seconds from the start of the recording, ``elapsed`` and ``timer`` (without device pauses) in
    seconds, ``distance``, ``ascent`` and ``descent`` in metres, heart rates per minute, cadence per minute (steps for
    runs), ``calories`` in kcal.
    """

    start: float
    elapsed: float
    timer: float | None = None
    distance: float | None = None
    calories: float | None = None
    ascent: float | None = None
    descent: float | None = None
    average_heartrate: float | None = None
    max_heartrate: float | None = None
    average_cadence: float | None = None
    max_speed: float | None = None
    trigger: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceTotals:
    """The summary a device wrote, in the units of `RecordedLap`; None where it says nothing."""

    distance: float | None = None
    elapsed: float | None = None
    timer: float | None = None
    calories: float | None = None
    ascent: float | None = None
    descent: float | None = None
    average_heartrate: float | None = None
    max_heartrate: float | None = None
    average_cadence: float | None = None
    average_power: float | None = None
    max_speed: float | None = None


Format = Literal["fit", "gpx", "tcx", "strava", "manual"]


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One activity of one file.

    Attributes:
        sport: a Strava sport type (``Run``, ``TrailRun``, ``VirtualRun``, ``Ride``, ``Swim``, ``Workout``, ...).
        start_time: aware, UTC; second 0 of every time here.
        columns: float64 arrays of one length n: ``time`` (s, strictly increasing after `kernels.clean`), ``distance``
            (m), ``latlng`` ((n, 2), degrees), ``altitude`` (m), ``heartrate`` (per minute), ``cadence`` (per minute;
            steps, both legs, for runs and walks), ``power`` (W), ``temperature`` (degrees C). NaN where a value is
            absent; no column where the sensor is. ``time`` is always there.
        laps: as the device has them, oldest first.
        pauses: (from, to) in seconds from the start, as the device's timer had them.
        totals: the device's own summary.
        indoor: the device calls it indoor, treadmill, trainer or pool.
        device: maker and product, where known.
        name, notes: where the file has them.
        format: of the original.
        quality: what was dropped so far.
        jumps: m that the device counted where its receiver jumped, which the cleaned ``distance`` lacks.
    """

    sport: str
    start_time: datetime
    columns: Columns
    format: Format
    laps: tuple[RecordedLap, ...] = ()
    pauses: tuple[tuple[float, float], ...] = ()
    totals: DeviceTotals = DeviceTotals()
    indoor: bool = False
    device: str | None = None
    name: str | None = None
    notes: str | None = None
    quality: QualityReport = QualityReport()
    jumps: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class ParseResult:
    """What one plain file holds: activities (one a leg or track), or a route (no times, so no recordings).

    ``notes`` are sentences about the file as a whole, such as "This file is a route: it has no times.".
    """

    kind: Literal["activities", "route"]
    format: Format
    recordings: tuple[Recording, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One file of an upload: its content, or why it is refused.

    ``name`` is for display only (no folders, no control characters); it never names a place on disk.
    """

    name: str
    data: bytes = b""
    refused: FileRefused | None = None
