import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import made_up
import pytest
from looking import somebody_waits
from made_up import START

from common.db import Database
from common.ids import uuid7
from common.outbox import PublishedEvent
from common.resources import Resources
from common.signing import UrlSigner
from common.testing.plugin import Environment
from common.testing.wait import eventually
from contracts.thumbnails.events import PictureRendered
from strava.activities import repository
from strava.activities.pictures import LIFETIME_S, PictureAddresses, on_picture

Athlete = Any
SIGNER = UrlSigner(b"another secret of 32 bytes or more")


@pytest.fixture
async def database(strava_environment: Environment) -> AsyncIterator[Database]:
    database = Database(strava_environment["DATABASE_URL"], service="strava", pool_size=1)
    yield database
    await database.aclose()


async def rendered(database: Database, activity_id: str, athlete_id: UUID, revision: str | None) -> None:
    """Let the store hear of a picture."""
    await told_of(database, PictureRendered(activity_id=UUID(activity_id), athlete_id=athlete_id, revision=revision))


async def told_of(database: Database, *pictures: PictureRendered) -> None:
    """Let the store hear of pictures, all in one page."""
    async with database.transaction() as session:
        for picture in pictures:
            event = PublishedEvent(
                position=1,
                id=uuid7(),
                type=PictureRendered.event_type(),
                payload=picture.model_dump(mode="json"),
                req_id="",
                traceparent=None,
                created_at=datetime.now(UTC),
            )
            await on_picture(session, event)


async def test_a_picture_gets_a_signed_address_in_list_and_detail_and_the_version_stays(
    athlete: Athlete, database: Database
) -> None:
    [activity_id] = (await athlete.give(("a.gpx", made_up.run())))["a.gpx"]["activity_ids"]
    path = f"/activities/{activity_id}"
    before = await athlete.request("GET", path)
    assert (await athlete.get("/activities"))["items"][0]["thumbnail_url"] is None
    await rendered(database, activity_id, athlete.id, "9f2c")
    [item] = (await athlete.get("/activities"))["items"]
    parts = urlsplit(item["thumbnail_url"])
    assert parts.path == f"/api/v1{path}/thumbnail"
    assert parse_qs(parts.query).keys() == {"expires", "signature", "v"}
    after = await athlete.request("GET", path, headers={"If-None-Match": before.headers["ETag"]})
    assert (after.status_code, after.json()["thumbnail_url"]) == (200, item["thumbnail_url"])
    assert after.json()["version"] == before.json()["version"]
    write = await athlete.request("PATCH", path, json={"name": "Renamed"}, headers={"If-Match": before.headers["ETag"]})
    assert write.status_code == 200
    await rendered(database, activity_id, athlete.id, None)
    assert (await athlete.get(path))["thumbnail_url"] is None


async def test_a_picture_of_somebody_else_changes_nothing(athlete: Athlete, database: Database) -> None:
    [activity_id] = (await athlete.give(("a.gpx", made_up.run())))["a.gpx"]["activity_ids"]
    await rendered(database, activity_id, uuid7(), "9f2c")
    assert (await athlete.get(f"/activities/{activity_id}"))["thumbnail_url"] is None


async def test_pictures_and_what_an_import_merges_take_turns(
    athlete: Athlete, database: Database, resources: Resources
) -> None:
    days = [(f"{day}.gpx", made_up.run(START + timedelta(days=day))) for day in range(2)]
    first, other = [UUID(item["activity_ids"][0]) for item in (await athlete.give(*days)).values()]
    pictures = [PictureRendered(activity_id=each, athlete_id=athlete.id, revision="9f2c") for each in (first, other)]
    async with resources.database.transaction() as merging:
        await repository.lock_athlete(merging, athlete.id)
        await repository.owned(merging, athlete.id, other, lock=True)
        telling = asyncio.create_task(told_of(database, *pictures))
        await eventually(lambda: somebody_waits(resources), within=10)
        await repository.count_list_version_up(merging, athlete.id)
    await telling
    assert all(item["thumbnail_url"] for item in (await athlete.get("/activities"))["items"])


def test_an_address_stays_the_same_for_a_day_and_works_until_the_end_of_the_next() -> None:
    activity_id, day = uuid7(), 20_000 * LIFETIME_S
    first = PictureAddresses(SIGNER, clock=lambda: day).of(activity_id, "1")
    assert PictureAddresses(SIGNER, clock=lambda: day + LIFETIME_S - 1).of(activity_id, "1") == first
    assert PictureAddresses(SIGNER, clock=lambda: day + LIFETIME_S).of(activity_id, "1") != first
    query = {name: values[0] for name, values in parse_qs(urlsplit(first or "").query).items()}
    path = urlsplit(first or "").path
    UrlSigner(b"another secret of 32 bytes or more", clock=lambda: day + 2 * LIFETIME_S - 1).verify(
        path, query["expires"], query["signature"]
    )


def test_an_edition_changes_with_the_picture_and_with_the_day() -> None:
    today = PictureAddresses(SIGNER, clock=lambda: 0.0)
    tomorrow = PictureAddresses(SIGNER, clock=lambda: LIFETIME_S)
    assert len({today.edition("1"), today.edition("2"), tomorrow.edition("1")}) == 3
