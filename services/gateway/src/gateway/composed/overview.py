"""Is everything well, from ingest over workers to databases: one answer of all services."""

import asyncio
from collections.abc import Mapping
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field, ValidationError

from common.errors import ServiceError
from common.http import ServiceClient, UpstreamRejected
from common.oversight import Overview, Work
from gateway.composed.parts import AllServices

# Work that could have been done for so long, or events that wait for the relay so long: no worker is at it.
BEHIND_SECONDS = 60.0
_PATIENCE_SECONDS = 4.0
_PATH = "/internal/overview"

router = APIRouter(tags=["admin"])

State = Literal["ok", "degraded", "down"]


class Worker(BaseModel):
    """Whether the service's worker keeps up; figures over all kinds of its jobs."""

    state: Literal["ok", "behind", "unknown"]
    queued: int = 0
    running: int = 0
    dead: int = 0
    overdue: float = Field(default=0.0, description="s, of the job that waits the longest")
    outbox_pending: int = 0
    outbox_age: float = Field(default=0.0, description="s, of the oldest event that waits for the relay")


class Lag(BaseModel):
    """How many events of a publisher a service has not read yet."""

    publisher: str
    events: int


class ServiceState(BaseModel):
    """One service; ``detail`` is null while it does not answer."""

    service: str
    state: State
    worker: Worker
    lags: list[Lag]
    detail: Overview | None


class PlatformOverview(BaseModel):
    """``partial`` says that a service did not answer and its figures are missing."""

    state: State
    partial: bool
    dead_letters: int
    services: list[ServiceState]


@router.get("/overview")
async def overview(services: AllServices) -> PlatformOverview:
    """Ask every service at the same time; one that does not answer within 4 s counts as down.

    The answer may be 1 s old.
    """
    names = sorted(services.peers)
    answers = await asyncio.gather(*(_ask(services.peers[name]) for name in names))
    found = dict(zip(names, answers, strict=True))
    positions = {name: each.work.published.position for name, each in found.items() if each and each.work}
    states = [_state(name, each, positions) for name, each in found.items()]
    return PlatformOverview(
        state=_worst(states),
        partial=any(each.detail is None or each.detail.work is None for each in states),
        dead_letters=sum(each.worker.dead for each in states),
        services=states,
    )


async def _ask(client: ServiceClient) -> Overview | None:
    try:
        answer = await client.get(_PATH, timeout=_PATIENCE_SECONDS)
        return Overview.model_validate_json(answer.content)
    except (ServiceError, UpstreamRejected, ValidationError):
        return None


def _state(name: str, found: Overview | None, positions: Mapping[str, int]) -> ServiceState:
    if found is None:
        return ServiceState(service=name, state="down", worker=Worker(state="unknown"), lags=[], detail=None)
    worker = _worker(found.work)
    lags = [
        Lag(publisher=each.publisher, events=max(0, positions[each.publisher] - each.position))
        for each in (found.work.followed if found.work else [])
        if each.publisher in positions
    ]
    state: State = found.status
    if state == "ok" and worker.state != "ok":
        state = "degraded"
    return ServiceState(service=name, state=state, worker=worker, lags=lags, detail=found)


def _worker(work: Work | None) -> Worker:
    if work is None:
        return Worker(state="unknown")
    overdue = max((each.overdue for each in work.jobs), default=0.0)
    behind = max(overdue, work.published.oldest_pending) > BEHIND_SECONDS
    return Worker(
        state="behind" if behind else "ok",
        queued=sum(each.queued for each in work.jobs),
        running=sum(each.running for each in work.jobs),
        dead=sum(each.dead for each in work.jobs),
        overdue=overdue,
        outbox_pending=work.published.pending,
        outbox_age=work.published.oldest_pending,
    )


def _worst(states: list[ServiceState]) -> State:
    found = {each.state for each in states}
    if found == {"down"}:
        return "down"
    return "ok" if found <= {"ok"} else "degraded"
