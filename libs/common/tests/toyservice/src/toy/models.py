from uuid import UUID

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common.db.tables import NAMING, TYPES


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES


class Effect(Base):
    """One row per thing done; a second one for the same job or event would be a thing done twice."""

    __tablename__ = "effects"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    req_id: Mapped[str]
