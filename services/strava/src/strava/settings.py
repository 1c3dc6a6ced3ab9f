"""Settings of the activity store."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, PositiveInt, SecretStr, model_validator

from common.crypto import KeyRing
from common.settings import SigningSettings
from strava.packing import PackingStore

OptionalSecret = Annotated[SecretStr | None, BeforeValidator(lambda value: value or None)]
"""A secret that may be left out; an empty variable counts as left out."""


OptionalDays = Annotated[float | None, BeforeValidator(lambda value: None if value in ("", "never") else value)]
"""A number of days, or ``never``."""


@dataclass(frozen=True)
class Application:
    """The operator's application at Strava, and the keys that its athletes' tokens are sealed with."""

    client_secret: str
    webhook_secret: str
    verify_token: str
    keys: KeyRing


class StravaSettings(SigningSettings):
    thumbnails_url: str = "http://127.0.0.1:8006"
    max_file_size: int = Field(default=64 << 20, description="bytes of one file, inflated")
    max_archive_size: int = Field(default=2 << 30, description="bytes of one upload")

    public_url: str = Field(default="http://127.0.0.1:8000", description="the gateway as browsers and Strava see it")
    strava_client_id: str = Field(default="", description="of the operator's application; empty: no Strava")
    strava_client_secret: OptionalSecret = None
    strava_api_base: str = "https://www.strava.com/api/v3"
    strava_oauth_base: str = "https://www.strava.com"
    strava_token_base: str = Field(default="", description="where this service asks for tokens; empty: the OAuth base")
    strava_webhook_base: str = Field(default="", description="the gateway as Strava reaches it; empty: the public URL")
    strava_webhook_secret: OptionalSecret = Field(default=None, description="last part of the webhook's path")
    strava_verify_token: OptionalSecret = Field(default=None, description="what Strava repeats when it subscribes")
    strava_bare_webhook: bool = Field(default=False, description="whether the webhook works without its secret, too")
    encryption_keys: OptionalSecret = None
    encrypt_originals: bool = Field(default=False, description="whether files are sealed where they are stored")
    strava_retry_delays: tuple[float, ...] = Field(
        default=(5, 30, 300, 900, 2700), description="s until Strava is asked again for what it has not ready"
    )
    strava_recent_days: int = Field(default=90, ge=1, description="history that is fetched first; the rest follows")
    strava_reconcile_days: int = Field(default=30, ge=1, description="history that is compared every night")
    strava_windows: tuple[PositiveInt, PositiveInt] = Field(
        default=(900, 86_400), description="s of Strava's two windows; others only where an emulator has the same"
    )
    strava_poll_seconds: float = Field(default=900, description="how often to ask while webhooks are off or silent")
    strava_silent_seconds: float = Field(default=86_400, description="without any event, webhooks count as silent")

    strava_retention_days: OptionalDays = Field(
        default=None, gt=0, description="how long what came from Strava is kept; never: until the athlete disconnects"
    )
    strava_purge_after_days: OptionalDays = Field(
        default=7, ge=0, le=30, description="from a disconnect until what came from Strava is deleted; never: it stays"
    )

    @model_validator(mode="after")
    def _application_is_whole(self) -> Self:
        if self.strava_client_id:
            _ = self.application
        if self.encrypt_originals and self.encryption_keys is None:
            raise ValueError("ENCRYPT_ORIGINALS is set, so ENCRYPTION_KEYS must be too")
        return self

    def object_store(self) -> PackingStore:
        """Open what ``object_store_url`` names; what was sealed there is read whether new files are or not."""
        keys = None if self.encryption_keys is None else KeyRing.from_setting(self.encryption_keys.get_secret_value())
        return PackingStore.with_keys(self.object_store_url, keys, sealing=self.encrypt_originals)

    @cached_property
    def application(self) -> Application:
        """The secrets that go with ``strava_client_id``. Raises ``ValueError`` when one is unset."""
        names = ("strava_client_secret", "strava_webhook_secret", "strava_verify_token", "encryption_keys")
        given: list[SecretStr | None] = [getattr(self, name) for name in names]
        missing = [name.upper() for name, value in zip(names, given, strict=True) if value is None]
        if missing:
            raise ValueError(f"STRAVA_CLIENT_ID is set, so these must be too: {', '.join(missing)}")
        client_secret, webhook_secret, verify_token, keys = (each.get_secret_value() for each in given if each)
        return Application(client_secret, webhook_secret, verify_token, KeyRing.from_setting(keys))

    @property
    def purge_grace(self) -> timedelta | None:
        """From a disconnect until what came from Strava is deleted; None when it stays."""
        return None if self.strava_purge_after_days is None else timedelta(days=self.strava_purge_after_days)

    @property
    def callback_uri(self) -> str:
        """Where Strava sends the athlete's browser back to."""
        return f"{self.public_url.rstrip('/')}/api/v1/strava/callback"

    @property
    def webhook_url(self) -> str:
        """Where Strava sends events to."""
        return f"{self._bare_webhook_url}/{self.application.webhook_secret}"

    @property
    def _bare_webhook_url(self) -> str:
        base = self.strava_webhook_base or self.public_url
        return f"{base.rstrip('/')}/api/v1/strava/webhook"

    def is_own_webhook(self, address: str) -> bool:
        """Whether what Strava sends to this address arrives here."""
        return address == self.webhook_url or (self.strava_bare_webhook and address == self._bare_webhook_url)
