"""Shapes of imports in the API."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

ImportState = Literal["pending", "running", "preview", "done", "failed", "undone"]
ItemState = Literal["pending", "imported", "merged", "duplicate", "route", "rejected", "failed", "undone"]


class ImportedActivity(BaseModel):
    """What became of one recording of a file, or would become of it when the import is a preview.

    ``activity_id`` is of the activity it is a recording of; null in a preview when there is none yet.
    """

    outcome: Literal["imported", "merged", "duplicate"]
    activity_id: UUID | None
    reason: str
    name: str | None
    sport: str
    start_time: datetime
    timezone: str
    distance: float = Field(description="m")
    elapsed_time: float = Field(description="s")


class ImportItemOut(BaseModel):
    """One file and what became of it; ``quality`` has a report per recording."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    state: ItemState
    reason: str | None
    quality: list[dict[str, Any]]
    activity_ids: list[UUID]
    activities: list[ImportedActivity]


class LeftOut(BaseModel):
    """Files of an archive that are no activities: pictures, daily monitoring, ..."""

    reason: str
    count: int


class ImportSummary(BaseModel):
    """A batch: ``done`` of ``total`` files have an outcome, or are taken back while it is undone."""

    id: UUID
    state: ImportState
    dry_run: bool
    total: int
    done: int
    created_at: datetime


class ImportOut(ImportSummary):
    """A batch with its first 200 files; all of them are at ``/imports/{id}/items``."""

    left_out: list[LeftOut]
    items: list[ImportItemOut]
