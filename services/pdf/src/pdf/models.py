"""Tables of the pdf schema."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, MetaData, UniqueConstraint, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common.db.tables import NAMING, TYPES
from common.ids import uuid7


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES


class Document(Base):
    """A plan as it was at one version, to be printed or printed; the PDF itself is an object."""

    __tablename__ = "documents"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    athlete_id: Mapped[UUID]
    plan_id: Mapped[UUID]
    plan_version: Mapped[int]
    template: Mapped[str] = mapped_column(comment="see pdf.rendering.order.template_version")
    paper: Mapped[str]
    units: Mapped[str]
    title: Mapped[str]
    printed_on: Mapped[date]
    plan: Mapped[bytes | None] = mapped_column(deferred=True, comment="JSON; null once it is settled")
    job_id: Mapped[UUID]
    outcome: Mapped[str | None] = mapped_column(comment="done or failed; null while the job has the say")
    reason: Mapped[str | None]
    pages: Mapped[int | None]
    size: Mapped[int | None] = mapped_column(BigInteger, comment="bytes")
    sha256: Mapped[str | None] = mapped_column(comment="of the PDF, hex")
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint(
            "athlete_id", "plan_id", "plan_version", "template", "paper", "units", name="uq_documents_edition"
        ),
        Index("ix_documents_list", "athlete_id", "id"),
    )
