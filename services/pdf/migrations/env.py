"""Alembic's environment; the body is the library's."""

from common.db.migrate import run_environment
from pdf.models import Base

run_environment(Base)
