import base64
from datetime import timedelta

import pytest
from pydantic import ValidationError

from strava.settings import StravaSettings

GIVEN = {
    "service_client_secret": "a secret of our own",
    "database_url": "postgresql+asyncpg://strava:pw@127.0.0.1:5432/rt",
    "signing_secrets": "c2lnbmluZyBzZWNyZXQgb2YgMzIgYnl0ZXMgb3Igc28=",
    "strava_client_id": "1",
    "strava_client_secret": "of the application",
    "strava_webhook_secret": "guess-me-not",
    "strava_verify_token": "repeat after me",
    "encryption_keys": f"k1:{base64.b64encode(bytes(range(7, 231, 7))).decode()}",
    "public_url": "https://run.example.org/",
}


def test_strava_calls_back_where_browsers_go() -> None:
    settings = StravaSettings.from_environment(**GIVEN)
    assert settings.callback_uri == "https://run.example.org/api/v1/strava/callback"
    assert settings.webhook_url == "https://run.example.org/api/v1/strava/webhook/guess-me-not"


def test_strava_may_reach_the_gateway_by_another_name_than_browsers() -> None:
    settings = StravaSettings.from_environment(**GIVEN, strava_webhook_base="http://gateway:8000/")
    assert settings.callback_uri == "https://run.example.org/api/v1/strava/callback"
    assert settings.webhook_url == "http://gateway:8000/api/v1/strava/webhook/guess-me-not"


def test_originals_are_not_encrypted_without_a_key() -> None:
    given = {name: value for name, value in GIVEN.items() if name not in ("strava_client_id", "encryption_keys")}
    with pytest.raises(ValueError, match="ENCRYPTION_KEYS must be"):
        StravaSettings.from_environment(**given, encrypt_originals=True)


@pytest.mark.parametrize("days", ["30.01", "31", "365", "-1", "inf", "nan", "soon"])
def test_what_came_from_strava_stays_no_longer_than_30_days_after_a_disconnect(days: str) -> None:
    with pytest.raises(ValidationError, match="strava_purge_after_days"):
        StravaSettings.from_environment(**GIVEN, strava_purge_after_days=days)


@pytest.mark.parametrize(("days", "grace"), [("30", 30), ("0", 0), ("7", 7)])
def test_the_operator_chooses_how_long_until_then(days: str, grace: int) -> None:
    settings = StravaSettings.from_environment(**GIVEN, strava_purge_after_days=days)
    assert settings.purge_grace == timedelta(days=grace)


def test_by_default_what_strava_has_not_ready_is_asked_for_after_5_s_30_s_5_15_and_45_min() -> None:
    settings = StravaSettings.from_environment(**GIVEN)
    assert list(settings.strava_retry_delays) == [5, 30, 5 * 60, 15 * 60, 45 * 60]
    assert settings.purge_grace == timedelta(days=7)
    assert (settings.strava_poll_seconds, settings.strava_silent_seconds) == (15 * 60, 24 * 3600)
