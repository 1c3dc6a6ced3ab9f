"""The providers that the operator has switched on, made once in a process."""

from typing import Self

from auth.identities.errors import ProviderOff
from auth.identities.openid import OpenIdProvider
from auth.identities.provider import Clients, Provider, ProviderName
from auth.identities.strava import StravaProvider
from auth.settings import AuthSettings
from common.app import API_PREFIX
from common.resources import Resources


def settings_of(resources: Resources) -> AuthSettings:
    """The settings as this service's own."""
    settings = resources.settings
    assert isinstance(settings, AuthSettings)
    return settings


def callback_path(name: ProviderName) -> str:
    """Where a provider sends the browser back to."""
    return f"{API_PREFIX}/auth/oauth/{name}/callback"


class Providers:
    """Use ``Providers.of(resources)``."""

    def __init__(self, settings: AuthSettings) -> None:
        self._clients = Clients()
        self._providers: dict[ProviderName, Provider] = {}
        public_url = settings.public_url.rstrip("/")
        if settings.google_client_id and settings.google_client_secret:
            self._providers["google"] = OpenIdProvider(
                "google",
                self._clients,
                issuer=settings.google_issuer,
                client_id=settings.google_client_id,
                client_secret=settings.google_client_secret.get_secret_value(),
                redirect_uri=f"{public_url}{callback_path('google')}",
            )
        if settings.strava_client_id and settings.strava_client_secret:
            self._providers["strava"] = StravaProvider(
                self._clients,
                base=settings.strava_oauth_base,
                token_base=settings.strava_token_base,
                client_id=settings.strava_client_id,
                client_secret=settings.strava_client_secret.get_secret_value(),
                redirect_uri=f"{public_url}{callback_path('strava')}",
            )

    @classmethod
    def of(cls, resources: Resources) -> Self:
        """Return the process's own."""
        return resources.shared(cls, lambda _: cls(settings_of(resources)))

    def need(self, name: ProviderName) -> Provider:
        """Return a provider. Raises ``ProviderOff``."""
        if name not in self._providers:
            raise ProviderOff
        return self._providers[name]

    def is_on(self, name: ProviderName) -> bool:
        return name in self._providers

    async def aclose(self) -> None:
        await self._clients.aclose()
