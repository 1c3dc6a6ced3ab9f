"""Tables of the thumbnails schema."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import MetaData, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common.db.tables import NAMING, TYPES


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES


class Picture(Base):
    """What is drawn of an activity; the images themselves are objects."""

    __tablename__ = "pictures"

    activity_id: Mapped[UUID] = mapped_column(primary_key=True)
    athlete_id: Mapped[UUID]
    revision: Mapped[str | None] = mapped_column(comment="hash of route and style; null when there is no route")
    route: Mapped[bytes] = mapped_column(comment="see thumbnails.pictures.route")
    rendered_at: Mapped[datetime] = mapped_column(server_default=func.now())
