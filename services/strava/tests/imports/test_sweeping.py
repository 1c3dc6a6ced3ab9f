from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import made_up
from archives import zipped
from made_up import START
from sqlalchemy.ext.asyncio import AsyncSession

from common.orphans import sweep
from common.resources import Resources
from common.testing.wait import eventually
from strava.imports.sweeping import sweep_orphans
from strava.settings import StravaSettings

Athlete = Any
GRACE = timedelta(seconds=1)


async def test_only_originals_that_nothing_refers_to_are_swept(athlete: Athlete) -> None:
    items = await athlete.give(("good.gpx", made_up.run()), ("bad.gpx", b"<gpx>"))
    async with Resources.open("strava", StravaSettings.from_environment()) as resources:
        orphan = f"originals/{athlete.id}/ab/abcdef"
        await resources.objects.put(orphan, b"left behind")
        await sweep_orphans(resources)
        assert await stored(resources, athlete) == 3
        await sweep_orphans(resources, grace=timedelta(seconds=-1))
        assert await stored(resources, athlete) == 2
    [activity_id] = items["good.gpx"]["activity_ids"]
    assert (await athlete.request("GET", f"/activities/{activity_id}/original")).status_code == 200


async def stored(resources: Resources, athlete: Athlete) -> int:
    return len([each async for each in resources.objects.list(f"originals/{athlete.id}")])


async def test_an_original_that_is_given_again_counts_as_new(athlete: Athlete, resources: Resources) -> None:
    run = ("run.gpx", made_up.run())
    packed = ("runs.zip", zipped({"other.gpx": made_up.run(START + timedelta(days=1))}))

    async def ages() -> list[datetime]:
        found = [each async for each in resources.objects.list(f"originals/{athlete.id}")]
        return [each.modified_at for each in sorted(found, key=lambda each: each.key)]

    await athlete.give(run, packed)
    before = await ages()
    assert {item["state"] for item in (await athlete.give(run, packed)).values()} == {"duplicate"}
    after = await ages()
    assert len(after) == len(before) == 3
    assert all(again > once for once, again in zip(before, after, strict=True))


async def test_an_original_that_comes_while_orphans_are_looked_for_stays(resources: Resources) -> None:
    key = "originals/somebody/ab/abcdef"
    await resources.objects.put(key, b"left behind")

    async def comes_again(_session: AsyncSession, keys: Sequence[str]) -> set[str]:
        assert list(keys) == [key]
        await resources.objects.put(key, b"left behind", if_absent=False)
        return set()

    await eventually(lambda: sweep_is_due(resources, key), within=5)
    await sweep(resources, "originals/somebody", comes_again, grace=GRACE)
    assert await resources.objects.get(key) == b"left behind"


async def sweep_is_due(resources: Resources, key: str) -> bool:
    return (await resources.objects.head(key)).modified_at < datetime.now(UTC) - GRACE
