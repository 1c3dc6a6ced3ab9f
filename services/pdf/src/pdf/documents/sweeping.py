"""PDFs of no document: left where a process died between the object and its row, or between a commit and a deletion."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from common import orphans
from common.resources import Resources
from pdf.documents import repository
from pdf.documents.files import FOLDER

GRACE = timedelta(hours=1)


async def sweep_orphans(resources: Resources, *, grace: timedelta = GRACE) -> None:
    """Delete PDFs older than ``grace`` that no document has."""
    await orphans.sweep(resources, FOLDER, _kept, grace=grace)


async def _kept(session: AsyncSession, keys: Sequence[str]) -> Collection[str]:
    of = {key: (UUID(key.split("/")[1]), key.split("/")[2].removesuffix(".pdf")) for key in keys}
    present = await repository.present(session, [document_id for document_id, _ in of.values()])
    return {key for key, document in of.items() if document in present}
