"""Postgres: engine, transactions, the tables every service has, migrations."""

from common.db.engine import Database, after_commit
from common.db.tables import Base

__all__ = ["Base", "Database", "after_commit"]
