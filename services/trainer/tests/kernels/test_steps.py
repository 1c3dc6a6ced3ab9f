from typing import Any

import pytest
from trainer_support import INTERVALS

from contracts.trainer.api import Step
from trainer.kernels.steps import Totals, totals

KM = {"kind": "work", "end": {"distance": 1000}}
MINUTE = {"kind": "work", "end": {"duration": 60}}
PACED = {"kind": "work", "end": {"distance": 800}, "target": {"pace": [195, 205]}}
STANDING = {"kind": "rest", "end": {"duration": 90}}


def group(*steps: Any, repeat: int) -> dict[str, Any]:
    return {"kind": "work", "repeat": repeat, "steps": list(steps)}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], (None, None)),
        ([KM, KM], (2000, None)),
        ([MINUTE, MINUTE], (None, 120)),
        ([KM, MINUTE], (None, None)),
        ([PACED], (800, 160)),
        ([{**MINUTE, "target": {"pace": [240, 240]}}], (250, 60)),
        ([{**MINUTE, "target": {"heartrate": [140, 150]}}], (None, 60)),
        ([{"kind": "cooldown"}, KM], (None, None)),
        ([STANDING], (0, 90)),
        ([KM, STANDING], (1000, None)),
        ([group(PACED, STANDING, repeat=6)], (4800, 1500)),
        ([group(group(KM, repeat=3), KM, repeat=2)], (8000, None)),
        (INTERVALS, (10_000, None)),
    ],
)
def test_steps_come_to_what_all_of_them_say(steps: list[Any], expected: Totals) -> None:
    assert totals([Step.model_validate(step) for step in steps]) == expected
