"""A service that holds something of people, in memory, for the tests of who asks it."""

from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID

from fastapi import FastAPI, Response

from common.outbox import EventPage, PublishedEvent
from common.personal import Given, Tally


class HolderDouble:
    """``files`` are a person's by name. ``late`` come only after a deletion; while ``away`` it answers 503.

    ``logged`` are the positions up to which those who had something deleted had read the ``events``.
    """

    def __init__(self, files: Mapping[UUID, Mapping[str, bytes]] | None = None) -> None:
        self.files: defaultdict[UUID, dict[str, bytes]] = defaultdict(dict)
        for person, named in (files or {}).items():
            self.files[person] = dict(named)
        self.late: dict[UUID, list[dict[str, bytes]]] = {}
        self.gone: set[str] = set()
        self.away = False
        self.asked: list[str] = []
        self.events: list[PublishedEvent] = []
        self.logged: list[int] = []
        self.app = FastAPI()
        self.app.get("/internal/events")(self._events)
        self.app.get("/internal/people/{person}")(self._tally)
        self.app.delete("/internal/people/{person}")(self._erase)
        self.app.get("/internal/people/{person}/given")(self._given)
        self.app.get("/internal/people/{person}/given/{name:path}")(self._file)

    async def _events(self, after: int = 0) -> EventPage:
        return EventPage(items=[each for each in self.events if each.position > after])

    async def _tally(self, person: UUID) -> Response:
        return self._told("count", Tally(tables={"things": len(self.files[person])}))

    async def _erase(self, person: UUID, logged: int) -> Response:
        self.logged.append(logged)
        told = Tally(tables={"things": len(self.files[person])})
        if not self.away:
            self.files[person] = {}
            if waiting := self.late.get(person):
                self.files[person] = waiting.pop(0)
        return self._told("delete", told)

    async def _given(self, person: UUID) -> Response:
        return self._told("given", Given(names=[*self.files[person], *self.gone]))

    async def _file(self, person: UUID, name: str) -> Response:
        if self.away:
            return Response(status_code=503)
        content = self.files[person].get(name)
        return Response(status_code=404) if content is None else Response(content)

    def _told(self, asked: str, answer: Tally | Given) -> Response:
        self.asked.append(asked)
        if self.away:
            return Response(status_code=503)
        return Response(answer.model_dump_json(), media_type="application/json")
