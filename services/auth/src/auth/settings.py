"""Settings of the auth service."""

import json
from functools import cached_property

from pydantic import SecretStr, field_validator

from common.crypto import KeyRing
from common.settings import DataSettings


class AuthSettings(DataSettings):
    """``service_client_secrets`` is a JSON object: service name to secret."""

    strava_url: str = "http://127.0.0.1:8003"
    analytics_url: str = "http://127.0.0.1:8005"
    trainer_url: str = "http://127.0.0.1:8001"
    service_client_secrets: SecretStr
    encryption_keys: SecretStr
    access_token_seconds: int = 600
    service_token_seconds: int = 300
    session_days: int = 30
    refresh_grace_seconds: int = 10
    argon2_memory_kib: int = 19456
    argon2_time_cost: int = 2
    argon2_parallelism: int = 1
    password_hashing_at_once: int = 2

    @field_validator("service_client_secrets")
    @classmethod
    def _is_an_object(cls, value: SecretStr) -> SecretStr:
        if not isinstance(json.loads(value.get_secret_value()), dict):
            raise ValueError("must be a JSON object of service name to secret")  # noqa: TRY004 - pydantic wants ValueError
        return value

    @cached_property
    def client_secrets(self) -> dict[str, str]:
        secrets: dict[str, str] = json.loads(self.service_client_secrets.get_secret_value())
        return secrets

    @cached_property
    def key_ring(self) -> KeyRing:
        return KeyRing.from_setting(self.encryption_keys.get_secret_value())
