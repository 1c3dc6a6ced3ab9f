"""A client that others wrote, unchanged, works against the emulator: only its session is led elsewhere."""

import asyncio
import io
import logging
import time
import warnings
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from emulator_support import App, Callback, Starter, gpx
from requests.adapters import HTTPAdapter

T = TypeVar("T")
BACK = "http://127.0.0.1:8000/back"


class Detour(HTTPAdapter):
    """Sends what is meant for Strava to the emulator."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: Any, *arguments: Any, **keywords: Any) -> Any:
        request.url = request.url.replace("https://www.strava.com", self._url, 1)
        return super().send(request, *arguments, **keywords)


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Callable[[App], Any]:
    """Make a client whose calls arrive at the emulator."""
    monkeypatch.setenv("SILENCE_TOKEN_WARNINGS", "true")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own imports, not of ours
        from stravalib import Client

    def making(app: App) -> Any:
        session = requests.Session()
        session.trust_env = False
        session.mount("https://www.strava.com", Detour(app.url))
        return Client(requests_session=session)

    return making


async def apart(work: Callable[[], T]) -> T:
    """Run what blocks beside the emulator, which runs here."""
    return await asyncio.to_thread(work)


async def signed_in(app: App, client: Any) -> dict[str, Any]:
    asked = client.authorization_url(
        client_id=1,
        redirect_uri=BACK,
        scope=["read", "profile:read_all", "activity:read_all", "activity:write"],
        state="s",
    )
    form = {name: values[0] for name, values in parse_qs(urlsplit(asked).query).items()}
    scopes = form.pop("scope")
    decision = {"athlete_id": str(app.athlete_id), "decision": "authorize", "requested": scopes}
    answer = await app.http.post("/oauth/authorize", data={**form, **decision, "scope": scopes.split(",")})
    code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
    tokens, athlete = await apart(
        lambda: client.exchange_code_for_token(
            client_id=1, client_secret="emulator-secret", code=code, return_athlete=True
        )
    )
    assert athlete.id == app.athlete_id
    return dict(tokens)


async def test_login_refresh_athlete_list_detail_and_streams(start: Starter, make: Callable[[App], Any]) -> None:
    async with start() as app:
        client = make(app)
        tokens = await signed_in(app, client)
        await app.control("PUT", f"/athletes/{app.athlete_id}/tokens", {"expires_in": 60})
        renewed = await apart(
            lambda: client.refresh_access_token(
                client_id=1, client_secret="emulator-secret", refresh_token=tokens["refresh_token"]
            )
        )
        assert renewed["access_token"] != tokens["access_token"]
        athlete = await apart(client.get_athlete)
        assert (athlete.id, len(athlete.shoes)) == (app.athlete_id, 2)
        stats = await apart(client.get_athlete_stats)
        assert stats.all_run_totals.count > 0
        zones = await apart(client.get_athlete_zones)
        assert len(zones.heart_rate.zones.root) == 5
        runs = await apart(lambda: list(client.get_activities(limit=10)))
        assert len(runs) == 10
        detail = await apart(lambda: client.get_activity(runs[0].id, include_all_efforts=True))
        assert detail.splits_metric
        assert detail.best_efforts
        assert detail.laps
        assert len(await apart(lambda: list(client.get_activity_laps(detail.id)))) == len(detail.laps)
        assert (await apart(lambda: client.get_activity_zones(detail.id)))[0].type == "heartrate"
        assert (await apart(lambda: client.get_gear("g7000000"))).brand_name == "Brand"
        streams = await apart(lambda: client.get_activity_streams(detail.id, types=["time", "latlng", "heartrate"]))
        assert set(streams) == {"time", "latlng", "heartrate", "distance"}
        assert len(streams["time"].data) == streams["time"].original_size


async def test_upload_manual_activity_and_change(start: Starter, make: Callable[[App], Any]) -> None:
    async with start() as app:
        client = make(app)
        await signed_in(app, client)

        def upload() -> Any:
            taken = client.upload_activity(io.BytesIO(gpx()), "gpx", name="By stravalib", trainer=True, commute=False)
            return taken.wait(timeout=10, poll_interval=0.05)

        activity = await apart(upload)
        assert (activity.name, activity.trainer, activity.commute) == ("By stravalib", True, False)
        with pytest.raises(Exception, match="duplicate of activity"):
            await apart(upload)
        made = await apart(
            lambda: client.create_activity("Gym", "2026-11-18T06:00:00Z", 1800, sport_type="WeightTraining")
        )
        assert made.manual
        changed = await apart(lambda: client.update_activity(made.id, name="Strength", trainer=True))
        assert (changed.name, changed.trainer) == ("Strength", True)


async def test_subscription(start: Starter, make: Callable[[App], Any], callback: Callback) -> None:
    async with start(webhook_timeout_s=2.0) as app:
        client = make(app)
        await signed_in(app, client)
        made = await apart(
            lambda: client.create_subscription(1, "emulator-secret", callback.url, verify_token="STRAVA")
        )
        listed = await apart(lambda: list(client.list_subscriptions(1, "emulator-secret")))
        assert [each.id for each in listed] == [made.id]
        await apart(lambda: client.delete_subscription(made.id, 1, "emulator-secret"))
        assert await apart(lambda: list(client.list_subscriptions(1, "emulator-secret"))) == []


async def test_an_inactive_application_and_a_full_quota_are_understood(
    start: Starter, make: Callable[[App], Any], caplog: pytest.LogCaptureFixture
) -> None:
    from stravalib import exc

    caplog.set_level(logging.ERROR)
    async with start() as app:
        client = make(app)
        await signed_in(app, client)
        await app.control("PUT", "/faults", {"inactive_application": True})
        with pytest.raises(exc.ApplicationInactive):
            await apart(client.get_athlete)
        await app.control("PUT", "/faults", {"status": 429, "calls": 1})
        with pytest.raises(exc.Fault, match="Rate Limit Exceeded"):
            await apart(client.get_athlete)
        started = time.monotonic()
        assert (await apart(client.get_athlete)).id == app.athlete_id
        assert time.monotonic() - started < 10


async def test_limits_are_read_from_the_headers_and_a_full_one_is_an_error(
    start: Starter, make: Callable[[App], Any], caplog: pytest.LogCaptureFixture
) -> None:
    from stravalib import exc
    from stravalib.protocol import RequestMethod
    from stravalib.util.limiter import RequestRate, get_rates_from_response_headers

    caplog.set_level(logging.ERROR)
    async with start(read_limit=(3, 9)) as app:
        client = make(app)
        await signed_in(app, client)
        seen: list[tuple[dict[str, str], RequestMethod]] = []
        client.protocol.rate_limiter = lambda headers, method: seen.append((dict(headers), method))
        for _ in range(3):
            await apart(client.get_athlete)
        assert get_rates_from_response_headers(*seen[-1]) == RequestRate(3, 3, 3, 9)
        with pytest.raises(exc.Fault, match="Rate Limit Exceeded"):
            await apart(client.get_athlete)
        assert get_rates_from_response_headers(*seen[-1]) == RequestRate(3, 4, 3, 9)
