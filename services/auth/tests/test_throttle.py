import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx2
import pytest
from rows import execute, scalar

from auth import throttle
from auth.main import create
from auth.throttle import LONGEST_DELAY, delay_after
from common.testing.plugin import Environment, serving

LOGIN = "/api/v1/auth/login"
PASSWORD = "a long enough password"
EMAIL = "ana@example.org"


async def login(
    auth: httpx2.AsyncClient, password: str = "wrong", email: str = EMAIL, **headers: str
) -> httpx2.Response:
    return await auth.post(LOGIN, json={"email": email, "password": password}, headers=headers)


async def time_passes(environment: Environment, seconds: int) -> None:
    moved = f"- interval '{seconds} seconds'"
    await execute(
        environment, f"UPDATE throttles SET counted_at = counted_at {moved}, blocked_until = blocked_until {moved}"
    )


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have waits last a minute for a second: on a busy machine a second may be over before the next try."""
    monkeypatch.setattr("auth.throttle.delay_after", lambda failures, free: 60 * delay_after(failures, free))


def test_delays_double_from_one_second_to_a_quarter_of_an_hour() -> None:
    delays = [delay_after(failures, 5) for failures in range(40)]
    assert delays[:5] == [timedelta()] * 5
    assert [delay.total_seconds() for delay in delays[5:15]] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
    assert set(delays[15:]) == {LONGEST_DELAY}
    assert all(a <= b for a, b in pairwise(delays))


def test_an_ipv6_subscriber_is_one_origin() -> None:
    same = {throttle.origin(f"2001:db8:1:2:{host}::1").key for host in ("a", "b", "c")}
    assert len(same) == 1
    assert throttle.origin("2001:db8:1:3::1").key not in same
    assert throttle.origin("::ffff:192.0.2.1").key == throttle.origin("192.0.2.1").key


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.org"])
async def test_after_five_failures_known_and_unknown_accounts_have_to_wait(
    auth: httpx2.AsyncClient, ana: dict[str, Any], email: str
) -> None:
    answers = [await login(auth, email=email) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    refused = answers[-1].json()
    assert (refused["code"], refused["retryable"]) == ("auth.too_many_tries", True)
    assert 0 < refused["retry_after_s"] <= 1
    assert answers[-1].headers["retry-after"] == "1"


async def test_the_right_password_waits_too_and_then_starts_over(
    auth: httpx2.AsyncClient, ana: dict[str, Any], auth_environment: Environment
) -> None:
    for _ in range(5):
        await login(auth)
    assert (await login(auth, PASSWORD)).status_code == 429
    await time_passes(auth_environment, 2)
    assert (await login(auth, PASSWORD)).status_code == 200
    assert [(await login(auth)).status_code for _ in range(5)] == [401] * 5


@pytest.mark.usefixtures("unhurried")
async def test_strangers_who_guess_keep_nobody_out_who_comes_from_a_place_they_know(
    auth: httpx2.AsyncClient, ana: dict[str, Any]
) -> None:
    home, elsewhere = {"X-Forwarded-For": "2001:db8:1:2::7"}, {"X-Forwarded-For": "192.0.2.66"}
    assert (await login(auth, PASSWORD, **home)).status_code == 200
    assert [(await login(auth, **elsewhere)).status_code for _ in range(6)] == [401] * 5 + [429]
    answer = await login(auth, PASSWORD, **{"X-Forwarded-For": "2001:db8:1:2::8"})
    assert answer.status_code == 200
    assert (await login(auth, PASSWORD, **elsewhere)).status_code == 429, "the sign-in at home is no help to them"
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    change = {"current_password": PASSWORD, "new_password": "quite another password"}
    assert (await auth.post("/api/v1/auth/password", json=change, headers=bearer)).status_code == 204


@pytest.mark.usefixtures("unhurried")
async def test_guesses_have_to_wait_at_home_too(auth: httpx2.AsyncClient, ana: dict[str, Any]) -> None:
    assert (await login(auth, PASSWORD)).status_code == 200
    assert [(await login(auth)).status_code for _ in range(6)] == [401] * 5 + [429]


async def test_no_account_is_ever_locked_for_good(
    auth: httpx2.AsyncClient, ana: dict[str, Any], auth_environment: Environment
) -> None:
    await login(auth)
    await execute(
        auth_environment,
        "UPDATE throttles SET failures = 1000000, counted_at = now(), blocked_until = now() - interval '1 second'",
    )
    await login(auth)
    wait = (await login(auth, PASSWORD)).json()["retry_after_s"]
    assert 890 < wait <= 900
    await time_passes(auth_environment, 901)
    assert (await login(auth, PASSWORD)).status_code == 200


async def test_failures_are_forgotten_with_time(
    auth: httpx2.AsyncClient, ana: dict[str, Any], auth_environment: Environment
) -> None:
    for _ in range(4):
        await login(auth)
    await time_passes(auth_environment, 4 * 900)
    assert [(await login(auth)).status_code for _ in range(5)] == [401] * 5


@pytest.mark.usefixtures("unhurried")
async def test_of_many_guesses_at_once_no_more_get_through(auth: httpx2.AsyncClient, ana: dict[str, Any]) -> None:
    answers = await asyncio.gather(*(login(auth) for _ in range(30)))
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 25


@pytest.mark.usefixtures("unhurried")
async def test_one_address_cannot_try_many_accounts(auth: httpx2.AsyncClient, ana: dict[str, Any]) -> None:
    here = {"X-Forwarded-For": "192.0.2.9"}
    answers = [await login(auth, email=f"somebody{n}@example.org", **here) for n in range(51)]
    assert [answer.status_code for answer in answers] == [401] * 50 + [429]
    assert (await login(auth, PASSWORD, **here)).status_code == 429
    assert (await login(auth, PASSWORD, **{"X-Forwarded-For": "192.0.2.10"})).status_code == 200


async def test_signing_in_well_does_not_count_against_an_address(
    auth: httpx2.AsyncClient, ana: dict[str, Any], auth_environment: Environment
) -> None:
    for _ in range(5):
        assert (await login(auth, PASSWORD)).status_code == 200
    assert await scalar(auth_environment, "SELECT coalesce(sum(failures), 0) FROM throttles") == 0


async def test_a_restart_forgets_no_failures(
    auth: httpx2.AsyncClient, ana: dict[str, Any], auth_environment: Environment
) -> None:
    for _ in range(5):
        await login(auth)
    async with serving(create()) as restarted:
        assert (await login(restarted)).status_code == 429


async def test_no_address_is_kept_in_clear(
    auth: httpx2.AsyncClient, ana: dict[str, Any], auth_environment: Environment
) -> None:
    await login(auth, **{"X-Forwarded-For": "192.0.2.9"})
    rows = await scalar(auth_environment, "SELECT string_agg(encode(key, 'escape'), ' ') FROM throttles")
    assert "example" not in rows
    assert "192.0.2.9" not in rows
    assert await scalar(auth_environment, "SELECT min(length(key)) FROM throttles") == 32


@pytest.mark.parametrize("address", ["", "unknown", "192.0.2.1", "2001:db8::1", "x" * 400])
def test_any_address_has_an_origin(address: str) -> None:
    assert len(throttle.origin(address).key) == 32


def test_the_moment_of_a_delay_is_within_range() -> None:
    assert datetime.now(UTC) + delay_after(10**9, 1) < datetime.now(UTC) + timedelta(minutes=16)
