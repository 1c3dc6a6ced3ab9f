"""What all tables of the strava schema have in common."""

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from common.db.tables import NAMING, TYPES


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES
