import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
from PIL import Image

from common.ids import uuid7
from common.resources import Resources
from common.signing import UrlSigner
from common.testing.atwork import ServiceAtWork
from common.testing.plugin import Environment
from contracts.strava.events import PrivacyZonesChanged
from contracts.strava.streams import ActivityStreams
from contracts.testing.activity_store import ActivityStore, run
from thumbnails.pictures.sweeping import sweep_orphans
from thumbnails.settings import ThumbnailsSettings


def looped(athlete: UUID, *, activity_id: UUID | None = None, version: int = 1) -> ActivityStreams:
    steps = np.linspace(0, 2 * np.pi, 100)
    latlng = np.column_stack((45 + 0.01 * np.sin(steps), 9 + 0.02 * np.cos(steps)))
    return run(athlete, latlng=latlng, activity_id=activity_id, version=version)


def straight(athlete: UUID, activity_id: UUID) -> ActivityStreams:
    return run(athlete, latlng=np.array([[45.0, 9.0], [46.0, 9.5]]), activity_id=activity_id, version=2)


def path_of(activity_id: UUID) -> str:
    return f"/api/v1/activities/{activity_id}/thumbnail"


def stored(images: Path) -> list[Path]:
    return sorted(path for path in images.rglob("*.*") if path.is_file())


async def told(service: ServiceAtWork) -> list[tuple[str, str | None]]:
    """What thumbnails has told the others, in order."""
    events = await service.rows("SELECT payload FROM outbox ORDER BY position")
    return [(event.payload["activity_id"], event.payload["revision"]) for event in events]


@pytest.fixture
async def drawn(thumbnails: ServiceAtWork, strava: ActivityStore, ana: UUID) -> UUID:
    """An activity with a picture."""
    activity = strava.create(looped(ana)).activity
    await thumbnails.settle()
    return activity.id


async def test_a_new_activity_gets_a_picture_in_every_size_and_format(
    thumbnails: ServiceAtWork, drawn: UUID, ana: UUID
) -> None:
    for size, width in (("small", 160), ("medium", 400), ("large", 800)):
        for kind in ("webp", "png"):
            answer = await thumbnails.get(ana, path_of(drawn), size=size, format=kind)
            assert (answer.status_code, answer.headers["content-type"]) == (200, f"image/{kind}")
            assert Image.open(io.BytesIO(answer.content)).width == width
    [(about, revision)] = await told(thumbnails)
    assert (about, bool(revision)) == (str(drawn), True)


async def test_what_is_recent_is_drawn_before_the_years_that_came_with_it(
    thumbnails: ServiceAtWork, strava: ActivityStore, ana: UUID
) -> None:
    now = datetime.now(UTC)
    ages = [timedelta(days=9000), timedelta(days=40), timedelta(days=2), timedelta(days=-1), timedelta(days=400_000)]
    given = [strava.create(run(ana, start=now - age)).activity for age in ages]
    await thumbnails.settle()
    rows = await thumbnails.rows("SELECT payload FROM jobs WHERE kind = 'draw' ORDER BY priority, id")
    assert [row.payload["activity_id"] for row in rows] == [str(given[at].id) for at in (2, 3, 1, 0, 4)]


async def test_a_client_that_has_the_picture_gets_304(thumbnails: ServiceAtWork, drawn: UUID, ana: UUID) -> None:
    first = await thumbnails.get(ana, path_of(drawn))
    tag = {"If-None-Match": first.headers["etag"]}
    again = await thumbnails.request(ana, "GET", path_of(drawn), headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    other = await thumbnails.request(ana, "GET", path_of(drawn), params={"size": "small"}, headers=tag)
    assert other.status_code == 200


async def test_another_track_is_another_picture_and_the_old_images_go(
    thumbnails: ServiceAtWork, strava: ActivityStore, drawn: UUID, ana: UUID, images: Path
) -> None:
    first, before = await thumbnails.get(ana, path_of(drawn)), stored(images)
    strava.update(straight(ana, drawn), "streams")
    await thumbnails.settle()
    second = await thumbnails.get(ana, path_of(drawn))
    assert first.headers["etag"] != second.headers["etag"]
    assert first.content != second.content
    assert len(before) == len(stored(images)) == 1
    assert before != stored(images)
    assert len({revision for _, revision in await told(thumbnails)}) == 2


async def test_the_same_track_again_draws_and_tells_nothing(
    thumbnails: ServiceAtWork, strava: ActivityStore, drawn: UUID, ana: UUID
) -> None:
    strava.update(looped(ana, activity_id=drawn, version=2), "streams")
    strava.update(looped(ana, activity_id=drawn, version=3), "name")
    await thumbnails.settle()
    assert len(await told(thumbnails)) == 1
    assert len(strava.reads) == 2


async def test_what_privacy_zones_hide_is_not_drawn_from_when_they_change_on(
    thumbnails: ServiceAtWork, strava: ActivityStore, drawn: UUID, ana: UUID, images: Path
) -> None:
    other = strava.create(looped(uuid4())).activity
    await thumbnails.settle()
    whole, before = await thumbnails.get(ana, path_of(drawn)), len(strava.reads)
    strava.shown = slice(20, 60)
    strava.tell(PrivacyZonesChanged(athlete_id=ana))
    await thumbnails.settle()
    cut = await thumbnails.get(ana, path_of(drawn))
    assert cut.content != whole.content
    assert len(stored(images)) == 2
    assert strava.reads[before:] == [drawn], "only the athlete's own are looked at again"
    strava.shown = slice(0, 0)
    strava.tell(PrivacyZonesChanged(athlete_id=ana))
    await thumbnails.settle()
    assert (await thumbnails.get(ana, path_of(drawn))).status_code == 404
    assert (await thumbnails.get(other.athlete_id, path_of(other.id))).status_code == 200


async def test_an_indoor_run_has_no_picture_and_says_why(
    thumbnails: ServiceAtWork, strava: ActivityStore, ana: UUID
) -> None:
    activity = strava.create(run(ana)).activity
    await thumbnails.settle()
    answer = await thumbnails.get(ana, path_of(activity.id))
    assert (answer.status_code, answer.json()["code"]) == (404, "picture.not_found")
    assert "no positions" in answer.json()["detail"]
    assert await told(thumbnails) == []


async def test_positions_that_go_take_the_picture_along(
    thumbnails: ServiceAtWork, strava: ActivityStore, drawn: UUID, ana: UUID, images: Path
) -> None:
    strava.update(run(ana, activity_id=drawn, version=2), "streams")
    await thumbnails.settle()
    assert (await thumbnails.get(ana, path_of(drawn))).status_code == 404
    assert (await told(thumbnails))[-1] == (str(drawn), None)
    assert stored(images) == []


async def test_a_deleted_activity_leaves_nothing(
    thumbnails: ServiceAtWork, strava: ActivityStore, drawn: UUID, ana: UUID, images: Path
) -> None:
    assert stored(images)
    strava.delete(strava.activities[drawn].activity)
    await thumbnails.settle()
    assert (await thumbnails.get(ana, path_of(drawn))).status_code == 404
    assert stored(images) == []
    assert await thumbnails.scalar("SELECT count(*) FROM pictures") == 0


async def test_an_image_that_was_lost_is_drawn_again(
    thumbnails: ServiceAtWork, drawn: UUID, ana: UUID, images: Path
) -> None:
    first = await thumbnails.get(ana, path_of(drawn))
    [image] = stored(images)
    image.unlink()
    assert (await thumbnails.get(ana, path_of(drawn))).content == first.content
    assert stored(images) == [image]


async def test_images_of_no_present_picture_are_swept_and_others_stay(
    thumbnails: ServiceAtWork, thumbnails_environment: Environment, drawn: UUID, images: Path
) -> None:
    [image] = stored(images)
    orphans = [images / str(drawn) / "0123456789abcdef" / image.name, images / str(uuid4()) / "1" / image.name]
    for orphan in orphans:
        orphan.parent.mkdir(parents=True)
        orphan.write_bytes(b"left")
    async with Resources.open("thumbnails", ThumbnailsSettings.from_environment()) as resources:
        await sweep_orphans(resources)
        assert len(stored(images)) == 3
        await sweep_orphans(resources, grace=timedelta(seconds=-5))
    assert stored(images) == [image]


async def test_a_signed_address_shows_the_picture_to_whoever_holds_it(
    thumbnails: ServiceAtWork, drawn: UUID, signer: UrlSigner
) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=5)
    address = signer.sign(path_of(drawn), soon)
    answer = await thumbnails.client.get(f"{address}&v=1&size=small")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
    assert (await thumbnails.client.get(signer.sign(path_of(uuid4()), soon))).status_code == 404
    refused = {
        "forged": address[:-3] + "abc",
        "expired": signer.sign(path_of(drawn), datetime.now(UTC) - timedelta(seconds=5)),
        "of another": address.replace(str(drawn), str(uuid4())),
        "incomplete": f"{path_of(drawn)}?expires=99999999999",
    }
    for what, link in refused.items():
        answer = await thumbnails.client.get(link)
        assert (answer.status_code, answer.json()["code"].partition(".")[0]) == (403, "address"), what
    assert (await thumbnails.client.get(path_of(drawn))).status_code == 401


async def test_somebody_elses_picture_is_not_found_even_beside_a_signature(
    thumbnails: ServiceAtWork, drawn: UUID, signer: UrlSigner
) -> None:
    assert (await thumbnails.get(uuid4(), path_of(drawn))).status_code == 404
    address = signer.sign(path_of(drawn), datetime.now(UTC) + timedelta(minutes=5))
    assert (await thumbnails.request(uuid4(), "GET", address)).status_code == 404


@pytest.mark.parametrize("query", [{"size": "huge"}, {"format": "gif"}, {"size": "small\0"}])
async def test_sizes_and_formats_that_do_not_exist_are_refused(
    thumbnails: ServiceAtWork, ana: UUID, query: dict[str, str]
) -> None:
    answer = await thumbnails.get(ana, path_of(uuid7()), **query)
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")
