"""Settings of a process, read once from the environment and passed in.

A secret may also be a file: ``SECRETS_DIR`` names a folder that holds one file per setting.
"""

import base64
import os
from enum import StrEnum
from typing import Any, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from common.example_secrets import EXAMPLE_SECRETS
from common.signing import UrlSigner
from common.storage import ObjectStore


class Environment(StrEnum):
    PRODUCTION = "production"
    DEVELOPMENT = "development"
    TEST = "test"


class Settings(BaseSettings):
    """What every process of the platform is told.

    Raises ``pydantic.ValidationError`` when a needed secret is unset or an example: such a process must
    not start.
    """

    # What was given must not be printed when it is refused: it may be a secret.
    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    environment: Environment = Environment.PRODUCTION
    log_level: str = "INFO"
    version: str = "0.1.0"
    host: str = "127.0.0.1"
    port: int = 8000
    metrics_port: int = 9100
    redis_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    auth_url: str = "http://127.0.0.1:8004"
    token_issuer: str = "running-trainer"
    token_audience: str = "running-trainer"
    service_client_secret: SecretStr
    otel_exporter_otlp_endpoint: str | None = None
    drain_seconds: float = Field(default=20, description="time for work in hand at a graceful stop")
    notice_seconds: float = Field(
        default=1, ge=0, description="how long a process that is to stop still takes requests, so that balancers see it"
    )
    reuse_port: bool = Field(default=False, description="share the port with the process that this one takes over from")
    max_body_size: int = Field(default=1 << 20, description="bytes; uploads set their own")

    @classmethod
    def from_environment(cls, **overrides: Any) -> Self:
        """Read the settings; ``overrides`` are for tests."""
        return cls(_secrets_dir=os.environ.get("SECRETS_DIR"), **overrides)

    @model_validator(mode="after")
    def _refuse_example_secrets(self) -> Self:
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr) and value.get_secret_value().lower() in EXAMPLE_SECRETS:
                raise ValueError(f"{name.upper()} is unset or an example: set a secret of your own")
        return self


def missing(error: ValidationError) -> list[str]:
    """Return the names of the settings that are not there."""
    return [str(each["loc"][0]).upper() for each in error.errors() if each["type"] == "missing"]


def refusal(error: ValidationError) -> str:
    """Say which settings are missing and what is wrong with others, without what they hold."""
    told = [f"Settings are missing: {', '.join(missing(error))}"] if missing(error) else []
    for each in error.errors():
        if each["type"] != "missing":
            name = f"{str(each['loc'][0]).upper()}: " if each["loc"] else ""
            told.append(name + each["msg"].removeprefix("Value error, "))
    return "; ".join(told)


class DataSettings(Settings):
    """Settings of a service that keeps data."""

    database_url: SecretStr
    database_pool_size: int = 5
    object_store_url: str = "memory://"

    def object_store(self) -> ObjectStore:
        """Open what ``object_store_url`` names."""
        return ObjectStore.from_url(self.object_store_url)


class SigningSettings(DataSettings):
    """Settings of a service that gives out or takes signed addresses."""

    signing_secrets: SecretStr = Field(description="base64 of 32 bytes or more each, commas between; the first signs")

    def signer(self) -> UrlSigner:
        """Return what signs and verifies addresses. Raises ``ValueError`` for secrets that are too short."""
        given = self.signing_secrets.get_secret_value().split(",")
        return UrlSigner(*(base64.b64decode(secret, validate=True) for secret in given))
