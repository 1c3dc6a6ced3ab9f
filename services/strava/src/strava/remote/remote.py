"""All that a process holds to reach Strava, made once."""

from dataclasses import dataclass
from typing import Self

from common.crypto import KeyRing
from common.http import RetryPolicy, ServiceClient
from common.resources import Resources
from strava.remote.api import StravaApi
from strava.remote.calls import Calls
from strava.remote.errors import NotConfigured
from strava.remote.limits import Windows
from strava.remote.oauth import StravaOAuth
from strava.remote.push import PushSubscriptions
from strava.remote.quota import SharedQuota
from strava.remote.writing import StravaWriting
from strava.settings import StravaSettings

_CALL_S, _ATTEMPT_S, _CONNECT_S = 20.0, 8.0, 4.0
_CONNECTIONS = 8


def settings_of(resources: Resources) -> StravaSettings:
    """The settings as this service's own."""
    settings = resources.settings
    assert isinstance(settings, StravaSettings)
    return settings


def _client(base: str, name: str, retry: RetryPolicy | None = None) -> ServiceClient:
    return ServiceClient(
        base,
        name=name,
        timeout=_CALL_S,
        attempt_timeout=_ATTEMPT_S,
        connect_timeout=_CONNECT_S,
        retry=retry,
        max_connections=_CONNECTIONS,
        trust_env=base.startswith("https:"),  # Strava may be behind a proxy, what is on this machine never is
    )


@dataclass(frozen=True)
class Remote:
    """Use ``Remote.of(resources)``."""

    settings: StravaSettings
    api: StravaApi
    writing: StravaWriting
    oauth: StravaOAuth
    push: PushSubscriptions
    quota: SharedQuota
    keys: KeyRing
    _clients: tuple[ServiceClient, ...]

    @classmethod
    def of(cls, resources: Resources) -> Self:
        """Return the process's own. Raises ``NotConfigured`` when the operator has set no application."""
        if not settings_of(resources).strava_client_id:
            raise NotConfigured
        return resources.shared(cls, cls._make)

    @classmethod
    def _make(cls, resources: Resources) -> Self:
        settings = settings_of(resources)
        application = settings.application
        quota = SharedQuota(resources.redis, windows=Windows(*settings.strava_windows))
        api_base, oauth_base = (base.rstrip("/") for base in (settings.strava_api_base, settings.strava_oauth_base))
        token_base = settings.strava_token_base.rstrip("/") or oauth_base
        api = _client(api_base, "strava-api", RetryPolicy(attempts=1))  # its attempts are counted one by one
        oauth = _client(token_base, "strava-oauth")
        calls = Calls(api, quota)
        own = {"client_id": settings.strava_client_id, "client_secret": application.client_secret}
        return cls(
            settings=settings,
            api=StravaApi(calls),
            writing=StravaWriting(calls),
            oauth=StravaOAuth(oauth, quota, base=oauth_base, **own),
            push=PushSubscriptions(api, quota, **own),
            quota=quota,
            keys=application.keys,
            _clients=(api, oauth),
        )

    async def aclose(self) -> None:
        for client in self._clients:
            await client.aclose()
