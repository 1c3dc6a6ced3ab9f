"""Files of activities that are encrypted where they are stored."""

from collections.abc import Callable

import pytest
from running_platform import Person, RunningPlatform

from common.sealing import MARK


@pytest.mark.inside
def test_an_original_is_sealed_on_disk_and_comes_back_as_it_was(
    platform: RunningPlatform, runner: Person, recording: Callable[[str], tuple[str, bytes]]
) -> None:
    name, content = recording("run-5k-hr.fit")
    item = runner.import_files([(name, content)])[name]
    folder = platform.home / "objects/strava/originals" / runner.get("/auth/me")["id"]
    [stored] = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert stored.startswith(MARK)
    assert content[12:200] not in stored
    answer = runner.http.get(f"/activities/{item['activity_ids'][0]}/original")
    assert (answer.status_code, answer.content) == (200, content)
