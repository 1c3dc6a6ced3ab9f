from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from common.queue import redis_client
from strava.remote.errors import RateLimited
from strava.remote.limits import Quota, RateLimits, Window, Windows
from strava.remote.quota import SharedQuota

NOON = datetime(2076, 11, 21, 12, 7, 30, tzinfo=UTC)  # far ahead, lest what is kept expires during the test
RECORDED = {
    "x-ratelimit-limit": "200,2000",
    "x-ratelimit-usage": "14,203",
    "x-readratelimit-limit": "100,1000",
    "x-readratelimit-usage": "13,102",
}


class Clock:
    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def headers(used: int, *, of: int = 100, day: int = 200) -> dict[str, str]:
    return RECORDED | {"x-readratelimit-limit": f"{of},1000", "x-readratelimit-usage": f"{used},{day}"}


def test_headers_become_a_small_named_type() -> None:
    limits = RateLimits.from_headers(RECORDED)
    assert limits.overall == Quota(Window(200, 14), Window(2000, 203))
    assert limits.read == Quota(Window(100, 13), Window(1000, 102))
    assert limits.read.quarter.left == 87


@pytest.mark.parametrize("value", [None, "", ",", "100", "a,b", "1,2,3", "-1,5", "٣,٤", "1.5,2"])
def test_headers_that_say_nothing_are_nothing(value: str | None) -> None:
    given = {} if value is None else {"x-ratelimit-limit": value, "x-ratelimit-usage": value}
    assert RateLimits.from_headers(given) == RateLimits()


@pytest.mark.parametrize(
    ("now", "quarter"), [("12:00:00", "12:15"), ("12:14:59", "12:15"), ("12:15:00", "12:30"), ("12:59:59", "13:00")]
)
def test_limits_are_reset_on_the_quarter_hour(now: str, quarter: str) -> None:
    moment = datetime.fromisoformat(f"2026-11-21T{now}+00:00")
    assert Windows().next_quarter(moment) == datetime.fromisoformat(f"2026-11-21T{quarter}:00+00:00")


def test_the_day_ends_at_midnight_utc_whatever_zone_a_moment_is_in() -> None:
    moment = datetime.fromisoformat("2076-11-22T09:30:00+10:30")
    assert Windows().next_day(moment) == datetime(2076, 11, 22, tzinfo=UTC)
    assert Windows().next_quarter(moment) == datetime(2076, 11, 21, 23, 15, tzinfo=UTC)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with redis_client(redis_url) as client:
        yield client


async def test_what_one_worker_learns_holds_for_all(redis: Redis) -> None:
    one, other = SharedQuota(redis, clock=Clock()), SharedQuota(redis, clock=Clock())
    await one.learn(headers(100), NOON)
    with pytest.raises(RateLimited) as refused:
        await other.admit(urgent=True)
    assert refused.value.until == datetime(2076, 11, 21, 12, 15, tzinfo=UTC)
    assert (await other.state()).read == Quota(Window(100, 100), Window(1000, 200))


async def test_the_next_quarter_opens_what_was_closed(redis: Redis) -> None:
    clock = Clock()
    quota = SharedQuota(redis, clock=clock)
    await quota.learn(headers(100), NOON)
    clock.now += timedelta(minutes=8)
    await quota.admit(urgent=True)
    assert (await quota.state()).read is None


async def test_backfill_leaves_a_reserve_to_webhooks(redis: Redis) -> None:
    quota = SharedQuota(redis, clock=Clock())
    await quota.learn(headers(74), NOON)
    await quota.admit(urgent=False)
    await quota.learn(headers(75), NOON)
    with pytest.raises(RateLimited):
        await quota.admit(urgent=False)
    await quota.admit(urgent=True)


async def test_the_last_place_is_given_away_once(redis: Redis) -> None:
    workers = [SharedQuota(redis, clock=Clock()) for _ in range(4)]
    await workers[0].learn(headers(97), NOON)
    admitted = []
    for worker in workers:
        try:
            admitted.append(await worker.admit(urgent=True))
        except RateLimited:
            continue
    assert len(admitted) == 3
    await workers[0].settle(admitted[0], headers(98))  # two are still on their way
    with pytest.raises(RateLimited):
        await workers[3].admit(urgent=True)


async def test_a_call_that_never_reached_strava_gives_its_place_back(redis: Redis) -> None:
    quota = SharedQuota(redis, clock=Clock())
    await quota.learn(headers(99), NOON)
    await quota.settle(await quota.admit(urgent=True), None, reached=False)
    await quota.settle(await quota.admit(urgent=True), None, reached=True)  # it may have counted
    with pytest.raises(RateLimited):
        await quota.admit(urgent=True)
    await quota.learn(headers(99), NOON)  # it did not
    await quota.admit(urgent=True)


async def test_what_writes_takes_no_place_of_what_reads(redis: Redis) -> None:
    quota = SharedQuota(redis, clock=Clock())
    await quota.learn(headers(100), NOON)
    await quota.admit(urgent=True, reading=False)
    with pytest.raises(RateLimited):
        await quota.admit(urgent=True)


async def test_before_strava_has_told_any_the_limits_are_those_of_a_new_application(redis: Redis) -> None:
    quota = SharedQuota(redis, clock=Clock())
    for _ in range(75):
        await quota.admit(urgent=False)
    with pytest.raises(RateLimited):
        await quota.admit(urgent=False)
    for _ in range(25):
        await quota.admit(urgent=True)
    with pytest.raises(RateLimited):
        await quota.admit(urgent=True)


async def test_hurried_windows_are_counted_like_the_real_ones(redis: Redis) -> None:
    clock = Clock(datetime(2076, 11, 21, 12, 0, 1, tzinfo=UTC))
    quota = SharedQuota(redis, windows=Windows(2, 20), clock=clock)
    await quota.learn(headers(100), clock.now)
    with pytest.raises(RateLimited) as refused:
        await quota.admit(urgent=True)
    assert refused.value.until == clock.now + timedelta(seconds=1)
    clock.now = refused.value.until
    await quota.admit(urgent=True)


async def test_an_answer_that_was_overtaken_does_not_lower_what_is_used(redis: Redis) -> None:
    quota = SharedQuota(redis, clock=Clock())
    await quota.learn(headers(50), NOON)
    await quota.learn(headers(40), NOON)
    known = (await quota.state()).read
    assert known is not None
    assert known.quarter.used == 50


async def test_an_answer_that_crosses_a_reset_counts_for_the_window_it_began_in(redis: Redis) -> None:
    clock = Clock()
    quota = SharedQuota(redis, clock=clock)
    admission = await quota.admit(urgent=True)
    clock.now += timedelta(minutes=10)
    await quota.settle(admission, headers(100))
    await quota.admit(urgent=True)


@pytest.mark.parametrize("url", [None, "redis://127.0.0.1:1/0"])
async def test_a_call_that_is_on_its_way_at_a_reset_counts_after_it_too(redis_url: str, url: str | None) -> None:
    clock = Clock()
    async with redis_client(url or redis_url) as client:
        quota = SharedQuota(client, clock=clock)
        late, lost, early = [await quota.admit(urgent=True) for _ in range(3)]
        await quota.settle(early, headers(1))
        clock.now += timedelta(minutes=10)
        await quota.settle(await quota.admit(urgent=True), headers(98))
        with pytest.raises(RateLimited):  # two places, and two calls that may take them
            await quota.admit(urgent=True)
        await quota.settle(late, headers(5))
        with pytest.raises(RateLimited):  # nobody told yet where it counted
            await quota.admit(urgent=True)
        await quota.settle(lost, None, reached=False)
        await quota.admit(urgent=True)
        with pytest.raises(RateLimited):
            await quota.admit(urgent=True)


async def test_after_a_reset_an_answer_tells_whether_a_late_call_counted(redis: Redis) -> None:
    clock = Clock()
    quota = SharedQuota(redis, clock=clock)
    late = await quota.admit(urgent=True)
    clock.now += timedelta(minutes=10)
    await quota.learn(headers(99), clock.now)
    await quota.settle(late, headers(60))
    with pytest.raises(RateLimited):
        await quota.admit(urgent=True)
    await quota.learn(headers(99), clock.now)
    await quota.admit(urgent=True)


async def test_a_refusal_without_headers_closes_the_quarter(redis: Redis) -> None:
    quota = SharedQuota(redis, clock=Clock())
    assert (await quota.exceeded({})).until == datetime(2076, 11, 21, 12, 15, tzinfo=UTC)
    with pytest.raises(RateLimited):
        await quota.admit(urgent=True)


async def test_a_used_up_day_ends_at_midnight(redis: Redis) -> None:
    quota = SharedQuota(redis, clock=Clock())
    assert (await quota.exceeded(headers(10, day=1000))).until == datetime(2076, 11, 22, tzinfo=UTC)


async def test_without_redis_a_process_goes_by_what_it_has_seen() -> None:
    async with redis_client("redis://127.0.0.1:1/0") as nobody:
        quota = SharedQuota(nobody, clock=Clock())
        await quota.settle(await quota.admit(urgent=True), headers(99))
        admission = await quota.admit(urgent=True)
        with pytest.raises(RateLimited):
            await quota.admit(urgent=True)
        await quota.settle(admission, headers(99))
        await quota.admit(urgent=True)
