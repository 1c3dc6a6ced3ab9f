"""Looks for tables that an account would leave something in."""

from sqlalchemy import Table
from sqlalchemy.orm import DeclarativeBase

from common.personal import PersonalData


def unreached(base: type[DeclarativeBase], data: PersonalData) -> set[str]:
    """Return the tables whose rows go neither as a holding nor with a row of one (``ON DELETE CASCADE``)."""
    tables = set(base.metadata.tables.values())
    reached = {base.metadata.tables[each.name] for each in data.holdings if each.name in base.metadata.tables}
    while more := {table for table in tables - reached if _goes_with(table, reached)}:
        reached |= more
    return {table.name for table in tables - reached}


def _goes_with(table: Table, reached: set[Table]) -> bool:
    return any(key.ondelete == "CASCADE" and key.column.table in reached for key in table.foreign_keys)
