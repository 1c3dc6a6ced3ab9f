import base64

import pytest

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
