from datetime import timedelta
from typing import Any

import made_up

from common.resources import Resources
from strava.imports.sweeping import sweep_orphans
from strava.settings import StravaSettings

Athlete = Any


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
