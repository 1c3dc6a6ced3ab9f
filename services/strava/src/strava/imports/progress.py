"""Progress of an import as server-sent events (HTML Living Standard, 9.2)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from uuid import UUID

from common.db.engine import Database
from common.errors import ServiceError
from strava.imports import service
from strava.imports.schemas import ImportState, ImportSummary

RETRY_MS = 2000
AT_REST: frozenset[ImportState] = frozenset({"preview", "done", "failed", "undone"})

Leaving = Callable[[], bool]


@dataclass(frozen=True)
class Pace:
    """Seconds between two looks, and of silence before a sign of life."""

    look: float = 0.5
    heartbeat: float = 15.0


async def events(
    database: Database, athlete_id: UUID, import_id: UUID, *, leaving: Leaving, pace: Pace = Pace()
) -> AsyncIterator[bytes]:
    """Yield ``progress`` whenever the import has come further, and ``end`` when it rests; then nothing more.

    Each look is a read of its own. Every event tells all there is to know, so a client that was away misses nothing.
    ``leaving`` says that the process is about to stop: the client is sent away, and comes back elsewhere.
    """
    yield f"retry: {RETRY_MS}\n\n".encode()
    told, quiet = "", 0.0
    while not leaving():
        try:
            summary = await _look(database, athlete_id, import_id)
        except ServiceError:
            return  # the database is away, or the import is gone: asking again says which
        if (body := summary.model_dump_json()) != told:
            yield _event("end" if summary.state in AT_REST else "progress", f"{summary.done}", body)
            told, quiet = body, 0.0
        if summary.state in AT_REST:
            return
        if quiet >= pace.heartbeat:
            yield b": still here\n\n"
            quiet = 0.0
        await asyncio.sleep(pace.look)
        quiet += pace.look


async def _look(database: Database, athlete_id: UUID, import_id: UUID) -> ImportSummary:
    async with database.reading() as session:
        return service.summary_of(await service.find(session, athlete_id, import_id))


def _event(name: str, number: str, body: str) -> bytes:
    return f"event: {name}\nid: {number}\ndata: {body}\n\n".encode()
