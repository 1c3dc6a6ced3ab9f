"""What pdf holds of a person."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from common.personal import Holding, PersonalData, PersonalFile
from common.resources import Resources
from pdf.documents.files import key_of
from pdf.models import Document


async def _documents(_resources: Resources, session: AsyncSession, person: UUID) -> Sequence[PersonalFile]:
    printed = select(Document.id, Document.sha256).where(Document.athlete_id == person)
    return [
        PersonalFile(f"documents/{document_id}.pdf", key_of(document_id, sha256))
        for document_id, sha256 in await session.execute(printed)
        if sha256 is not None
    ]


PERSONAL = PersonalData(
    [Holding(Document, lambda person: Document.athlete_id == person, withheld=frozenset({"plan"}))], files=_documents
)
