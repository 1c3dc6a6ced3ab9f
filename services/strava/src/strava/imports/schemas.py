"""Shapes of imports in the API."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

ImportState = Literal["pending", "running", "done", "failed"]
ItemState = Literal["pending", "imported", "merged", "duplicate", "route", "rejected", "failed"]


class ImportItemOut(BaseModel):
    """One file and what became of it; ``quality`` has a report per recording."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    state: ItemState
    reason: str | None
    quality: list[dict[str, Any]]
    activity_ids: list[UUID]


class ImportSummary(BaseModel):
    """A batch: ``done`` of ``total`` files have an outcome."""

    id: UUID
    state: ImportState
    dry_run: bool = False
    total: int
    done: int
    created_at: datetime


class ImportOut(ImportSummary):
    """A batch with its first 200 files; all of them are at ``/imports/{id}/items``."""

    items: list[ImportItemOut]
