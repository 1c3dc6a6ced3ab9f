"""Samples of files that have none: entered by hand at a watch's maker, or of a watch without sensors."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from strava.files.recording import RecordedLap
from strava.files.samples import Samples, build

WITHOUT_SAMPLES: Final = "The file has no samples; time and distance are those that its laps say."


def samples_of_laps(laps: Sequence[RecordedLap]) -> Samples | None:
    """Samples at the ends of laps, whose starts are Unix seconds here; None when no lap lasted.

    Each runs evenly for as long as its timer did and rests for what is left of it.
    """
    times: list[float] = []
    distance: list[float] = []
    covered = 0.0
    for lap in laps:
        if not lap.elapsed > 0.0:
            continue
        moved = min(lap.elapsed if lap.timer is None else lap.timer, lap.elapsed)
        way = lap.distance or 0.0
        for after, so_far in ((0.0, covered), (moved, covered + way), (lap.elapsed, covered + way)):
            if not times or lap.start + after > times[-1]:
                times.append(lap.start + after)
                distance.append(so_far)
        covered += way
    return build(np.array(times), {"distance": np.array(distance)}) if times else None
