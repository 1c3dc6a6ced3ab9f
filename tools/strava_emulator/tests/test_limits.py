import pytest
from emulator_support import App, Clock, Starter, errors


async def test_every_call_tells_limits_and_usage(app: App) -> None:
    await app.sign_in()
    await app.http.get("/api/v3/athlete")
    answer = await app.http.put("/api/v3/activities/1", json={})
    assert answer.headers["X-RateLimit-Limit"] == "200,2000"
    assert answer.headers["X-RateLimit-Usage"] == "2,2"
    assert answer.headers["X-ReadRateLimit-Limit"] == "100,1000"
    assert answer.headers["X-ReadRateLimit-Usage"] == "1,1"


async def test_tokens_and_subscriptions_cost_nothing(app: App) -> None:
    answer = await app.token(code="none")
    assert "X-RateLimit-Usage" not in answer.headers
    state = await app.control("GET", "/state")
    assert state["limits"]["overall_usage"] == [0, 0]


@pytest.mark.parametrize("which", ["overall", "read"])
async def test_one_call_too_many_is_429_and_counts_for_the_day_until_the_quarter_hour(
    start: Starter, which: str
) -> None:
    clock = Clock()
    limits = {"rate_limit": (2, 10)} if which == "overall" else {"read_limit": (2, 10)}
    header = "X-RateLimit-Usage" if which == "overall" else "X-ReadRateLimit-Usage"
    async with start(clock, **limits) as app:
        await app.sign_in()
        assert [(await app.http.get("/athlete")).status_code for _ in range(2)] == [200, 200]
        refused = await app.http.get("/athlete")
        error = ("Application", f"{which} rate limit", "exceeded")
        assert errors(refused) == (429, "Rate Limit Exceeded", [error])
        assert "Retry-After" not in refused.headers
        assert refused.headers[header] == "2,3"
        clock.now += 899 - clock.now % 900
        assert (await app.http.get("/athlete")).status_code == 429
        clock.now += 1
        answer = await app.http.get("/athlete")
        assert (answer.status_code, answer.headers[header]) == (200, "1,5")


async def test_the_day_ends_at_midnight_utc(start: Starter) -> None:
    clock = Clock()
    async with start(clock, rate_limit=(100, 1)) as app:
        await app.sign_in()
        assert [(await app.http.get("/athlete")).status_code for _ in range(2)] == [200, 429]
        clock.now += 86_400 - clock.now % 86_400
        assert (await app.http.get("/athlete")).status_code in {200, 401}
        assert (await app.control("GET", "/state"))["limits"]["overall_usage"] == [1, 1]


async def test_limits_usage_and_headers_can_be_set(app: App) -> None:
    await app.sign_in()
    await app.control("PUT", "/limits", {"overall": [600, 30000], "overall_usage": [599, 100]})
    answer = await app.http.get("/athlete")
    assert (answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Usage"]) == ("600,30000", "600,101")
    await app.control("PUT", "/limits", {"headers": "empty", "overall": [1000, 30000]})
    assert (await app.http.get("/athlete")).headers["X-RateLimit-Usage"] == ","
    await app.control("PUT", "/limits", {"headers": "missing"})
    assert "X-RateLimit-Usage" not in (await app.http.get("/athlete")).headers


async def test_hurried_windows_are_reset_sooner(start: Starter) -> None:
    clock = Clock()
    async with start(clock, read_limit=(1, 2), windows=(2, 10)) as app:
        await app.sign_in()
        clock.now += 10 - clock.now % 10
        assert [(await app.http.get("/athlete")).status_code for _ in range(2)] == [200, 429]
        assert (await app.control("GET", "/state"))["limits"]["rejected"] == 1
        clock.now += 2
        assert (await app.http.get("/athlete")).status_code == 429  # both of the day are used up
        clock.now += 8
        assert (await app.http.get("/athlete")).status_code == 200
