"""What a service holds of one person: counted, given out and deleted, so that an account can leave nothing behind.

A service names its tables and files once, in a ``PersonalData``; ``router`` makes its internal endpoints of that.
The jobs, idempotency keys and events that every service has are covered here.
"""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sqlalchemy import ColumnElement, delete, func, inspect, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase

from common.db.engine import Database
from common.db.tables import IdempotencyKey, Job, OutboxEvent
from common.errors import NotFound
from common.resources import Resources
from common.route import DbSession, ProcessResources, TransactionalRoute
from common.tokens import require_scope
from common.withdrawal import naming, withdraw

_ROWS_AT_ONCE = 500
_OWN_DEPTH = 2  # keys begin with the folder of a kind of files, then with the id of whose or of what they are
Position = Annotated[int, Query(ge=0, lt=1 << 63)]
_MEDIA_TYPES = {"json": "application/json", "csv": "text/csv"}


@dataclass(frozen=True)
class Holding:
    """Rows of a table that are a person's, as ``whose`` selects them.

    ``withheld`` are columns that are not given out: secrets, and what only the machine reads. ``dress`` puts into rows,
    before they are given out, what the table alone does not tell. A table that is not ``given`` at all holds nothing
    that is not in another form elsewhere.
    """

    model: type[DeclarativeBase]
    whose: Callable[[UUID], ColumnElement[bool]]
    given: bool = True
    withheld: frozenset[str] = frozenset()
    dress: "Dress | None" = None

    @property
    def name(self) -> str:
        return str(self.model.__tablename__)


@dataclass(frozen=True)
class PersonalFile:
    """An object of a person, and the name under which it is given out."""

    name: str
    key: str


Dress = Callable[[AsyncSession, Sequence[dict[str, Any]]], Awaitable[None]]
Files = Callable[[Resources, AsyncSession, UUID], Awaitable[Sequence[PersonalFile]]]
Leave = Callable[[Resources, AsyncSession, UUID], Awaitable[None]]


async def _no_files(_resources: Resources, _session: AsyncSession, _person: UUID) -> Sequence[PersonalFile]:
    return ()


async def _nothing_first(_resources: Resources, _session: AsyncSession, _person: UUID) -> None:
    return


@dataclass(frozen=True)
class PersonalData:
    """All that a service holds of a person.

    ``holdings`` are deleted in their order. ``leave`` is done before, in the same transaction. ``jobs`` selects those
    that may be taken out of the queue. In ``folder`` of the object store each person has a folder of their own, called
    by their id.
    """

    holdings: Sequence[Holding]
    files: Files = _no_files
    gives_files: bool = True
    leave: Leave = _nothing_first
    jobs: Callable[[UUID], ColumnElement[bool]] = field(default=lambda person: Job.subject_id == person)
    folder: str = ""

    def all(self) -> list[Holding]:
        """The service's own holdings and those that every service has."""
        return [
            *self.holdings,
            Holding(IdempotencyKey, lambda person: IdempotencyKey.subject == f"user:{person}", given=False),
        ]


class Tally(BaseModel):
    """Rows by table and files of a person: that are there, or that were deleted."""

    tables: dict[str, int]
    files: int = 0

    @property
    def total(self) -> int:
        return sum(self.tables.values()) + self.files


class Given(BaseModel):
    """Names of the files in which a person's data are given out."""

    names: list[str]


async def tally(data: PersonalData, resources: Resources, session: AsyncSession, person: UUID) -> Tally:
    """Count what is there of a person."""
    tables = {
        "jobs": await _count(session, Job, Job.subject_id == person),
        "outbox": await _count(session, OutboxEvent, naming(person)),
    }
    for each in data.all():
        tables[each.name] = await _count(session, each.model, each.whose(person))
    return Tally(tables=tables, files=len(await data.files(resources, session, person)))


async def _count(session: AsyncSession, model: type[DeclarativeBase], condition: ColumnElement[bool]) -> int:
    return await session.scalar(select(func.count()).select_from(model).where(condition)) or 0


async def erase(
    data: PersonalData, resources: Resources, session: AsyncSession, person: UUID, *, logged: int = 0
) -> Tally:
    """Delete what is there of a person, files before the commit, so that none is forgotten. Returns what it was.

    The jobs go first: one that runs loses its lease with its row, and what it did is undone. The audit log has read the
    service's events up to the position ``logged``; those after it stay for it.
    """
    tables = {"jobs": await _delete(session, Job, data.jobs(person))}
    await data.leave(resources, session, person)
    keys = {each.key for each in await data.files(resources, session, person)}
    for each in data.all():
        tables[each.name] = await _delete(session, each.model, each.whose(person))
    tables["outbox"] = await withdraw(session, person, logged=logged)
    for key in keys:
        await resources.objects.delete(key)
    await _remove_folders(data, resources, person, keys)
    return Tally(tables=tables, files=len(keys))


async def _remove_folders(data: PersonalData, resources: Resources, person: UUID, keys: Collection[str]) -> None:
    """Remove what the files have left: the person's folder, or those of the things that they showed."""
    own = {f"{data.folder}/{person}"} if data.folder else set()
    for folder in own | {"/".join(key.split("/")[:_OWN_DEPTH]) for key in keys}:
        await resources.objects.remove_empty(folder)


async def _delete(session: AsyncSession, model: type[DeclarativeBase], condition: ColumnElement[bool]) -> int:
    first, *_ = inspect(model).primary_key
    statement = delete(model).where(condition).returning(first).execution_options(synchronize_session=False)
    return len((await session.execute(statement)).all())


async def given(data: PersonalData, resources: Resources, session: AsyncSession, person: UUID) -> Given:
    """Name the files of ``open_given``: two for each table that has rows, and the person's own."""
    names = []
    for each in data.holdings:
        if each.given and await _count(session, each.model, each.whose(person)):
            names += [f"{each.name}.{form}" for form in _MEDIA_TYPES]
    if data.gives_files:
        names += [each.name for each in await data.files(resources, session, person)]
    return Given(names=names)


async def open_given(data: PersonalData, resources: Resources, person: UUID, name: str) -> AsyncIterator[bytes]:
    """Return the chunks of one file of a person's data. Raises ``NotFound``."""
    table, _, form = name.rpartition(".")
    for each in data.holdings:
        if each.given and each.name == table and form in _MEDIA_TYPES:
            return (_as_json if form == "json" else _as_csv)(_rows(resources.database, each, person))
    async with resources.database.reading() as session:
        files = await data.files(resources, session, person) if data.gives_files else ()
    key = next((each.key for each in files if each.name == name), None)
    if key is None:
        raise NotFound
    return await resources.objects.stream(key)


async def _rows(database: Database, holding: Holding, person: UUID) -> AsyncIterator[list[dict[str, Any]]]:
    """Read a person's rows in batches, by key, so that no answer holds a connection for as long as it is read."""
    columns = [column for column in inspect(holding.model).local_table.columns if column.name not in holding.withheld]
    key = inspect(holding.model).primary_key
    after: tuple[Any, ...] | None = None
    while True:
        query = select(*columns, *(column.label(f"key_{column.name}") for column in key)).where(holding.whose(person))
        if after is not None:
            query = query.where(tuple_(*key) > after)
        async with database.reading() as session:
            rows = (await session.execute(query.order_by(*key).limit(_ROWS_AT_ONCE))).all()
            named = [{column.name: row[index] for index, column in enumerate(columns)} for row in rows]
            if holding.dress is not None:
                await holding.dress(session, named)
        if not rows:
            return
        yield named
        after = tuple(rows[-1][len(columns) :])


async def _as_json(batches: AsyncIterator[list[dict[str, Any]]]) -> AsyncIterator[bytes]:
    """Write a JSON array, an object a line."""
    begun = False
    async for rows in batches:
        lines = b",\n".join(orjson.dumps(row, default=_plain, option=orjson.OPT_NON_STR_KEYS) for row in rows)
        yield (b",\n" if begun else b"[\n") + lines
        begun = True
    yield b"\n]\n" if begun else b"[]\n"


async def _as_csv(batches: AsyncIterator[list[dict[str, Any]]]) -> AsyncIterator[bytes]:
    """Write comma-separated values with a head (RFC 4180); what is a list or an object is JSON in its cell."""
    begun = False
    async for rows in batches:
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]))
        if not begun:
            writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
        begun = True
        yield text.getvalue().encode()


def _cell(value: Any) -> Any:
    return orjson.dumps(value, default=_plain).decode() if isinstance(value, list | dict) else _safe(value)


def _safe(value: Any) -> Any:
    """Keep spreadsheets from taking a text for a formula (CWE-1236)."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else str(value)


def router(data: PersonalData) -> APIRouter:
    """Make the endpoints under ``/internal/people/{person}``; they need a service token."""
    made = APIRouter(
        prefix="/internal/people",
        route_class=TransactionalRoute,
        dependencies=[Depends(require_scope("internal"))],
        include_in_schema=False,
    )

    @made.get("/{person}")
    async def count(session: DbSession, resources: ProcessResources, person: UUID) -> Tally:
        return await tally(data, resources, session, person)

    @made.delete("/{person}")
    async def remove(session: DbSession, resources: ProcessResources, person: UUID, logged: Position = 0) -> Tally:
        return await erase(data, resources, session, person, logged=logged)

    @made.get("/{person}/given")
    async def names(session: DbSession, resources: ProcessResources, person: UUID) -> Given:
        return await given(data, resources, session, person)

    @made.get("/{person}/given/{name:path}")
    async def file(resources: ProcessResources, person: UUID, name: str) -> StreamingResponse:
        chunks = await open_given(data, resources, person, name)
        return StreamingResponse(
            chunks, media_type=_MEDIA_TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        )

    return made
