import pytest
from emulated import WRITING, Runner
from looking import idle

from common.resources import Resources
from common.testing.wait import eventually


@pytest.fixture
async def sender(runner: Runner, resources: Resources) -> Runner:
    """Somebody who is connected and also lets activities be sent to Strava."""
    assert (await runner.connect(scope=WRITING)).status_code == 200
    await eventually(lambda: idle(resources), within=20, what="the sync")
    return runner
