"""Settings of the auth service."""

import json
from collections.abc import Mapping
from email.utils import parseaddr
from functools import cached_property
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from auth.mail.mailer import MailServer, Security
from common.crypto import KeyRing
from common.settings import Environment, SigningSettings

OptionalSecret = Annotated[SecretStr | None, BeforeValidator(lambda value: value or None)]
"""A secret that may be left out; an empty variable counts as left out."""

ARGON2_FLOOR: Final[Mapping[str, int]] = {"argon2_memory_kib": 19456, "argon2_time_cost": 2, "argon2_parallelism": 1}
"""What a hash of a password costs at least in production; more is welcome."""


class AuthSettings(SigningSettings):
    """``service_client_secrets`` is a JSON object: service name to secret."""

    strava_url: str = "http://127.0.0.1:8003"
    analytics_url: str = "http://127.0.0.1:8005"
    trainer_url: str = "http://127.0.0.1:8001"
    pdf_url: str = "http://127.0.0.1:8002"
    thumbnails_url: str = "http://127.0.0.1:8006"
    service_client_secrets: SecretStr
    encryption_keys: SecretStr
    access_token_seconds: int = 600
    service_token_seconds: int = 300
    key_rotation_days: float = Field(default=90, gt=0, description="age at which the signing key is changed")
    key_cache_seconds: float = Field(default=5, description="how old the keys may be that a process signs with")
    jwks_max_age_seconds: int = Field(default=300, description="how long others may keep the published keys")
    key_margin_seconds: float = Field(default=60, description="for clocks that differ, at each step of a rotation")
    session_days: int = 30
    refresh_grace_seconds: int = 10
    argon2_memory_kib: int = ARGON2_FLOOR["argon2_memory_kib"]
    argon2_time_cost: int = ARGON2_FLOOR["argon2_time_cost"]
    argon2_parallelism: int = ARGON2_FLOOR["argon2_parallelism"]
    password_hashing_at_once: int = 2
    public_url: str = Field(default="http://127.0.0.1:8000", description="the gateway as browsers see it")
    smtp_host: str | None = Field(default=None, description="unset: no mail, every address counts as verified")
    smtp_port: int = Field(default=587, gt=0, lt=65536)
    smtp_username: str | None = None
    smtp_password: OptionalSecret = None
    smtp_security: Security = "starttls"
    smtp_ca_file: str | None = Field(default=None, description="authorities of the mail server, other than the usual")
    mail_from: str = Field(default="", description="sender of mails, as in Running Trainer <no-reply@example.org>")

    google_issuer: str = "https://accounts.google.com"
    google_client_id: str = Field(
        default="", description="of the operator's application; empty: no sign-in with Google"
    )
    google_client_secret: OptionalSecret = None
    strava_client_id: str = Field(
        default="", description="of the operator's application; empty: no sign-in with Strava"
    )
    strava_client_secret: OptionalSecret = None
    strava_oauth_base: str = "https://www.strava.com"
    strava_token_base: str = Field(default="", description="where auth asks for tokens; empty: the OAuth base")
    sign_in_targets: tuple[str, ...] = Field(
        default=(), description="addresses besides the public URL that a provider's sign-in may lead back to"
    )

    @field_validator("service_client_secrets")
    @classmethod
    def _is_an_object(cls, value: SecretStr) -> SecretStr:
        if not isinstance(json.loads(value.get_secret_value()), dict):
            raise ValueError("must be a JSON object of service name to secret")  # noqa: TRY004 - pydantic wants ValueError
        return value

    @model_validator(mode="after")
    def _hashes_cost_enough(self) -> Self:
        low = [
            f"{name.upper()} must be at least {least}"
            for name, least in ARGON2_FLOOR.items()
            if getattr(self, name) < least
        ]
        if low and self.environment is Environment.PRODUCTION:
            raise ValueError(f"{', '.join(low)}: cheaper hashes of passwords are for tests only")
        return self

    @model_validator(mode="after")
    def _mail_is_whole(self) -> Self:
        if self.smtp_host and "@" not in parseaddr(self.mail_from)[1]:
            raise ValueError("MAIL_FROM must be an address when SMTP_HOST is set")
        if self.smtp_username and self.smtp_security == "none":
            raise ValueError("SMTP_USERNAME needs SMTP_SECURITY starttls or tls: the password would be in clear")
        return self

    @property
    def sends_mail(self) -> bool:
        return bool(self.smtp_host)

    @property
    def mail_server(self) -> MailServer | None:
        """Where mail goes out, or None."""
        if not self.smtp_host:
            return None
        return MailServer(
            host=self.smtp_host,
            port=self.smtp_port,
            sender=self.mail_from,
            security=self.smtp_security,
            username=self.smtp_username or None,
            password=self.smtp_password.get_secret_value() if self.smtp_password else None,
            ca_file=self.smtp_ca_file,
        )

    @cached_property
    def client_secrets(self) -> dict[str, str]:
        secrets: dict[str, str] = json.loads(self.service_client_secrets.get_secret_value())
        return secrets

    @cached_property
    def key_ring(self) -> KeyRing:
        return KeyRing.from_setting(self.encryption_keys.get_secret_value())
