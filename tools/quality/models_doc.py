"""Write docs/models.md from the models: a section per schema with its diagram, a table per table.

``python -m tools.quality.models_doc`` after a change of models; the check compares the two.
"""

import importlib
from collections.abc import Iterator

from sqlalchemy import Column, Dialect, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase
from tools.quality.docs_check import MODELS
from tools.quality.workspace import services

from common.db.tables import Base

INTRODUCTION = """# Models

One Postgres, one schema and one role per service, both named like the service; no foreign key leaves a schema. A
person is the same `uuid` everywhere (`users.id` in auth, `athlete_id` or `subject_id` elsewhere), an activity is
`activities.id` of strava. The tables of [common](#common) stand in every schema.

This page is written from the models by `python -m tools.quality.models_doc`.
"""
DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves this one bare


def type_of(column: Column[object]) -> str:
    """The column's type as Postgres names it, in lower case."""
    return str(column.type.compile(DIALECT)).lower().replace("timestamp with time zone", "timestamptz")


def notes_of(column: Column[object]) -> str:
    """Key, reference, null and comment of a column."""
    notes = ["key"] if column.primary_key else []
    notes += [f"references `{key.target_fullname}`" for key in column.foreign_keys]
    notes += ["may be null"] if column.nullable else []
    notes += [column.comment] if column.comment else []
    return ", ".join(notes)


def diagram(tables: list[Table]) -> Iterator[str]:
    """The schema as a Mermaid entity-relationship diagram: keys and references only."""
    yield "```mermaid"
    yield "erDiagram"
    for table in tables:
        for column in table.columns:
            for key in column.foreign_keys:
                yield f"    {key.column.table.name} ||--o{{ {table.name} : {column.name}"
        yield f"    {table.name} {{"
        for column in table.columns:
            if column.primary_key or column.foreign_keys:
                kind = type_of(column).replace(" ", "_")
                yield f"        {kind} {column.name} {'PK' if column.primary_key else 'FK'}"
        yield "    }"
    yield "```"


def section(title: str, base: type[DeclarativeBase]) -> Iterator[str]:
    """A schema: diagram, then each table with its model's docstring and its columns."""
    described = {mapper.class_.__tablename__: mapper.class_.__doc__ or "" for mapper in base.registry.mappers}
    tables = list(base.metadata.sorted_tables)
    yield f"\n## {title}\n"
    yield from diagram(tables)
    for table in tables:
        yield f"\n### {table.name}\n"
        yield " ".join(described.get(table.name, "").split()).replace("``", "`")
        yield "\n| column | type | notes |\n| --- | --- | --- |"
        for column in table.columns:
            yield f"| `{column.name}` | {type_of(column)} | {notes_of(column)} |"


def main() -> None:
    lines = [INTRODUCTION, *section("common", Base)]
    for name in (member.folder.name for member in services()):
        try:
            models = importlib.import_module(f"{name}.models")
        except ModuleNotFoundError:
            continue  # a service that keeps nothing
        lines += section(name, models.Base)
    MODELS.write_text("\n".join(lines).strip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
