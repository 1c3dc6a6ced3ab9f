"""Alembic's environment; the body is the library's."""

from common.db.migrate import run_environment
from thumbnails.models import Base

run_environment(Base)
