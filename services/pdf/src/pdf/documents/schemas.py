"""Shapes of documents in the API."""

from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from common.app import API_PREFIX
from common.signing import UrlSigner, stable_expiry
from pdf.documents.repository import Standing

LIFETIME_S = 3600


class DocumentOut(BaseModel):
    """A plan as a PDF. ``reason`` says why there is none (yet)."""

    id: UUID
    plan_id: UUID
    plan_version: int
    title: str
    paper: str
    units: str
    state: Literal["queued", "running", "done", "failed", "dead"]
    reason: str | None
    pages: int | None
    size: int | None = Field(description="bytes")
    sha256: str | None
    created_at: datetime
    updated_at: datetime
    download_url: str | None = Field(description="works without a token for one to two hours; null until done")
    version: int


def path_of(document_id: UUID) -> str:
    """Where a document is in the API."""
    return f"{API_PREFIX}/pdf/documents/{document_id}"


def shown(standing: Standing, signer: UrlSigner) -> DocumentOut:
    """Return a document as the API shows it."""
    document = standing.document
    address = None
    if standing.state == "done":
        expires = stable_expiry(datetime.now(UTC), LIFETIME_S)
        address = signer.sign(f"{path_of(document.id)}/download", expires)
    return DocumentOut.model_validate(
        {
            **{name: getattr(document, name, None) for name in DocumentOut.model_fields},
            "state": standing.state,
            "reason": standing.reason if standing.state != "done" else None,
            "updated_at": standing.updated_at,
            "download_url": address,
        }
    )
