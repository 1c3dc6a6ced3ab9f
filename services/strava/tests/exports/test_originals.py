"""Original files as they are stored and as they are given out."""

import gzip
import hashlib
from typing import Any
from urllib.parse import unquote

import made_up
from archives import zipped
from made_up import START

from common.resources import Resources
from common.storage import ObjectStore
from strava.imports.intake import original_key
from strava.packing import MARK

Athlete = Any


async def stored(resources: Resources, athlete: Athlete, content: bytes) -> bytes:
    """What really lies where this content belongs."""
    key = original_key(athlete.id, hashlib.sha256(content).hexdigest())
    return await ObjectStore.get(resources.objects, key)


async def test_an_uploaded_file_is_stored_compressed_and_comes_back_byte_for_byte(
    athlete: Athlete, resources: Resources
) -> None:
    content = made_up.run(seconds=20_000)
    item = (await athlete.give(("run.gpx", content)))["run.gpx"]
    kept = await stored(resources, athlete, content)
    assert kept.startswith(MARK)
    assert len(kept) < len(content) / 5
    answer = await athlete.request("GET", f"/activities/{item['activity_ids'][0]}/original")
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["etag"] == f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    assert answer.headers.get("content-length", str(len(content))) == str(len(content))
    assert "content-encoding" not in answer.headers


async def test_a_file_that_came_compressed_is_stored_and_given_out_as_it_came(
    athlete: Athlete, resources: Resources
) -> None:
    content = gzip.compress(made_up.run())
    item = (await athlete.give(("run.gpx.gz", content)))["run.gpx.gz"]
    assert await stored(resources, athlete, content) == content
    answer = await athlete.request("GET", f"/activities/{item['activity_ids'][0]}/original")
    assert answer.content == content
    assert unquote(answer.headers["content-disposition"]).endswith("run.gpx.gz")


async def test_files_out_of_an_archive_are_stored_compressed(athlete: Athlete, resources: Resources) -> None:
    runs = {f"{day}.gpx": made_up.run(START.replace(day=day)) for day in (1, 2)}
    archive = zipped(runs)
    items = await athlete.give(("runs.zip", archive))
    assert await stored(resources, athlete, archive) == archive
    for name, content in runs.items():
        assert (await stored(resources, athlete, content)).startswith(MARK)
        answer = await athlete.request("GET", f"/activities/{items[name]['activity_ids'][0]}/original")
        assert answer.content == content


async def test_a_file_from_before_is_given_out_as_it_is(athlete: Athlete, resources: Resources) -> None:
    content = made_up.run()
    item = (await athlete.give(("run.gpx", content)))["run.gpx"]
    key = original_key(athlete.id, hashlib.sha256(content).hexdigest())
    await ObjectStore.put(resources.objects, key, content, if_absent=False)
    answer = await athlete.request("GET", f"/activities/{item['activity_ids'][0]}/original")
    assert (answer.status_code, answer.content) == (200, content)


async def test_a_damaged_file_is_an_error_and_nothing_of_it_is_given_out(
    athlete: Athlete, resources: Resources
) -> None:
    content = made_up.run()
    item = (await athlete.give(("run.gpx", content)))["run.gpx"]
    kept = await stored(resources, athlete, content)
    key = original_key(athlete.id, hashlib.sha256(content).hexdigest())
    await ObjectStore.put(resources.objects, key, kept[:-100], if_absent=False)
    answer = await athlete.request("GET", f"/activities/{item['activity_ids'][0]}/original")
    assert (answer.status_code, answer.json()["code"]) == (503, "storage.object_unreadable")
