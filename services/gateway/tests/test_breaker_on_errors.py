"""A service that is there and answers nothing but errors: whether it is left alone is for its own health to say."""

import asyncio
import time

import pytest
from ailing import PROBLEM, Ailing, Asker, asker_at
from fastapi import FastAPI
from gateway_doubles import Builder
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from common.http import BreakerState
from common.testing.wait import eventually


@pytest.fixture
def ailing() -> Ailing:
    return Ailing()


@pytest.fixture
async def asker(builder: Builder, ailing: Ailing) -> Asker:
    return await asker_at(builder, strava=ailing.app)


async def test_a_service_that_fails_and_says_it_is_down_is_left_alone_until_it_is_not(
    asker: Asker, ailing: Ailing
) -> None:
    ailing.needed = False
    started = time.monotonic()
    for _ in range(5):  # whoever asks once a second
        if await asker.is_refused():
            break
        await asyncio.sleep(max(0.0, 1 - (time.monotonic() - started) % 1))
    assert await asker.is_refused()
    assert time.monotonic() - started < 5

    assert asker.state() is not BreakerState.CLOSED
    answer = await asker.get("good")
    assert (answer.status_code, answer.json()["code"]) == (503, "upstream.unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    ailing.asked.clear()
    assert set(await asker.codes_for(3.5)) == {"upstream.unavailable"}
    assert set(ailing.asked) == {"/health"}
    assert 2 <= ailing.health_checks <= 4

    ailing.health_takes = 1.3  # longer than a probe has before the next may go: requests are none all the same
    assert set(await asker.codes_for(3)) == {"upstream.unavailable"}
    assert set(ailing.asked) == {"/health"}

    ailing.needed, ailing.status, ailing.health_takes = True, 200, 0.0
    await eventually(lambda: is_well(asker), within=5, what="back without help")
    assert asker.state() is BreakerState.CLOSED


async def is_well(asker: Asker) -> bool:
    return (await asker.get()).status_code == 200


async def test_other_services_do_not_notice(builder: Builder, ailing: Ailing) -> None:
    ailing.needed = False
    asker = await asker_at(builder, strava=ailing.app, trainer=Ailing().app)
    await eventually(asker.is_refused, within=5)
    assert asker.state() is not BreakerState.CLOSED
    assert (await asker.platform.get("/api/v1/plans/1")).status_code == 404


async def test_a_service_whose_health_fails_like_all_else_is_left_alone(builder: Builder) -> None:
    async def failing(_request: Request) -> Response:
        return JSONResponse(PROBLEM, 500, media_type="application/problem+json")

    app = FastAPI()
    app.add_route("/{path:path}", failing)
    asker = await asker_at(builder, strava=app)
    await eventually(asker.is_refused, within=5)


@pytest.mark.parametrize("status", [500, 503])
async def test_errors_of_a_service_that_is_well_do_not_close_it_off(asker: Asker, ailing: Ailing, status: int) -> None:
    ailing.status = status
    assert set(await asker.codes_for(3.5)) == {"its.own"}
    assert 2 <= ailing.health_checks <= 4, "asked, but about once a second only"


async def test_a_service_without_what_it_can_do_without_is_not_closed_off(asker: Asker, ailing: Ailing) -> None:
    ailing.liked = False
    assert set(await asker.codes_for(2.5)) == {"its.own"}
    assert ailing.health_checks


async def test_a_service_about_to_stop_is_not_closed_off(asker: Asker, ailing: Ailing) -> None:
    """Its health refuses then, so that balancers go elsewhere, and it answers what still comes."""
    ailing.app.state.draining = True
    assert set(await asker.codes_for(2.5)) == {"its.own"}
    assert ailing.health_checks


async def test_a_service_that_does_not_say_how_it_is_is_not_closed_off(asker: Asker, ailing: Ailing) -> None:
    ailing.health_takes = 30
    assert set(await asker.codes_for(4)) == {"its.own"}
    assert ailing.health_checks


async def test_a_faulty_route_between_good_ones_has_nobody_asked(asker: Asker, ailing: Ailing) -> None:
    ailing.needed = False
    assert len(await asker.codes_for(2.5, "bad", "bad", "good")) == 1
    assert not ailing.health_checks


async def test_a_moment_of_errors_has_nobody_asked(asker: Asker, ailing: Ailing) -> None:
    ailing.needed = False
    assert set(await asker.codes_for(0.6)) == {"its.own"}
    assert await asker.code("good") == "its.own"
    assert set(await asker.codes_for(0.6)) == {"its.own"}
    assert not ailing.health_checks
