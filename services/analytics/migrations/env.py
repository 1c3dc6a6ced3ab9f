"""Alembic's environment; the body is the library's."""

from analytics.models import Base
from common.db.migrate import run_environment

run_environment(Base)
