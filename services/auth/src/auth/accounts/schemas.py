"""Shapes of exports and deletions in the API."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from auth.fields import Secret
from auth.users.schemas import MAX_PASSWORD
from common.fields import example
from common.jobs import JobOut


class ExportOut(JobOut):
    """``size`` in bytes; ``download_url`` is there once it is done, until ``expires_at``."""

    size: int | None = None
    expires_at: datetime | None = None
    download_url: str | None = None


class Farewell(BaseModel):
    """The ``password`` is needed where the account has one, else a sign-in of the last ten minutes."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"password": "four words in a row"}))

    password: Secret | None = Field(default=None, min_length=1, max_length=MAX_PASSWORD)


class Reported(BaseModel):
    """What a service said: rows and files it deleted so far, and those that are still there."""

    deleted: int
    remaining: int | None = Field(description="null until it was counted after the deletion")


class DepartureOut(BaseModel):
    """How far the deletion of an account is; ``status_url`` shows it without signing in."""

    id: UUID
    state: Literal["running", "done"]
    progress: float
    services: dict[str, Reported]
    created_at: datetime
    finished_at: datetime | None
    status_url: str | None = None
