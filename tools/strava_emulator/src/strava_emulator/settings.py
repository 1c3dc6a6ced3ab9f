"""Settings of the emulator: ``EMULATOR_*`` in the environment, and HOST and PORT."""

from pathlib import Path

from pydantic import Field, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from strava_emulator import people


class EmulatorSettings(BaseSettings):
    """How one emulator behaves; everything has a default that suits a person at a desk."""

    model_config = SettingsConfigDict(env_prefix="EMULATOR_", frozen=True, populate_by_name=True)

    host: str = Field(default="127.0.0.1", validation_alias="HOST")
    port: int = Field(default=9200, validation_alias="PORT")
    client_id: str = "1"
    client_secret: SecretStr = SecretStr("emulator-secret")
    home: Path | None = Field(default=None, description="folder of the snapshot; without it a restart forgets")
    athletes: int = Field(default=3, ge=0, le=10_000, description="made-up athletes at the start")
    history_months: int = Field(
        default=4, ge=0, le=people.MOST_MONTHS, description="training each of them has behind them"
    )
    token_lifetime_s: int = 21_600
    rate_limit: tuple[int, int] = Field(default=(200, 2_000), description="all calls: in 15 minutes, in a day")
    read_limit: tuple[int, int] = Field(default=(100, 1_000), description="GET calls: in 15 minutes, in a day")
    windows: tuple[PositiveInt, PositiveInt] = Field(
        default=(900, 86_400), description="s of the two windows in which calls are counted: shorter to hurry time"
    )
    upload_s: float = Field(default=1.0, ge=0, description="how long an upload is processed")
    webhook_timeout_s: float = Field(default=2.0, gt=0, description="for the handshake and for each attempt")
    webhook_attempts: int = Field(default=3, ge=1)
    webhook_pause_s: float = Field(default=1.0, ge=0, description="between two attempts")
