"""Answering Strava in time, whatever hangs here."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response

from common.errors import Unavailable
from common.route import TransactionalRoute

ANSWER_WITHIN = 1.5
"""s; Strava waits for two and needs some of them for the way."""

_given_up: set[asyncio.Task[Response]] = set()


class PromptRoute(TransactionalRoute):
    """Answers 503 when the transaction takes longer than Strava waits; Strava then sends the event again.

    What hangs is cancelled and not waited for: taking a statement back may hang as well. Was it committed after all,
    the repetition finds the event there.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def run(request: Request) -> Response:
            work = asyncio.create_task(handler(request))
            try:
                done, _ = await asyncio.wait({work}, timeout=ANSWER_WITHIN)
            finally:
                if not work.done():
                    _give_up(work)
            if not done:
                raise Unavailable("The database does not answer in time.", code="database.unavailable")
            return work.result()

        return run


def _give_up(work: asyncio.Task[Response]) -> None:
    _given_up.add(work)
    work.add_done_callback(_forget)
    work.cancel()


def _forget(work: asyncio.Task[Response]) -> None:
    _given_up.discard(work)
    if not work.cancelled():
        work.exception()  # it was answered already: nobody else asks
