"""``/health`` says whether the process can do its work, ``/health/live`` whether it runs."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter, FastAPI, Request, Response
from pydantic import BaseModel

from common.db.engine import Database
from common.metrics import metrics_endpoint
from common.resources import Resources

CHECK_SECONDS = 1.0
"""For what a service itself needs. Who asks a service waits longer, so that the answer is not taken for none."""

# The loop itself holds tasks weakly.
_RUNNING: set["asyncio.Task[Status]"] = set()

Status = Literal["ok", "degraded", "down"]


class CheckResult(BaseModel):
    """Outcome of one check; ``latency`` in seconds."""

    status: Status
    latency: float


class HealthReport(BaseModel):
    status: Status
    version: str
    checks: dict[str, CheckResult]


class LiveReport(BaseModel):
    status: Literal["ok"] = "ok"


class Degraded(Exception):
    """What was checked serves, though not as it should."""


@dataclass(frozen=True)
class Check:
    """A dependency; without a ``required`` one the service is down, without another it is degraded.

    It is down when ``run`` raises, or does not return within so many ``seconds``; ``Degraded`` says that it is that.
    """

    name: str
    run: Callable[[], Awaitable[object]]
    required: bool = True
    seconds: float = CHECK_SECONDS


async def examine(checks: list[Check], version: str) -> HealthReport:
    """Run the checks at the same time."""
    results = await asyncio.gather(*(_run(check) for check in checks))
    status: Status = "ok" if all(result.status == "ok" for result in results) else "degraded"
    if any(check.required and result.status == "down" for check, result in zip(checks, results, strict=True)):
        status = "down"
    named = {check.name: result for check, result in zip(checks, results, strict=True)}
    return HealthReport(status=status, version=version, checks=named)


async def _run(check: Check) -> CheckResult:
    started = time.perf_counter()
    running = asyncio.create_task(_outcome(check))
    _RUNNING.add(running)
    running.add_done_callback(_RUNNING.discard)
    try:
        done, _ = await asyncio.wait({running}, timeout=check.seconds)
    finally:
        running.cancel()  # what hangs may take its time for that too, so it is not waited for
    status = running.result() if done else "down"
    return CheckResult(status=status, latency=round(time.perf_counter() - started, 6))


async def _outcome(check: Check) -> Status:
    try:
        await check.run()
    except Degraded:
        return "degraded"
    except Exception:  # noqa: BLE001 - whatever is wrong with it, the dependency is down
        return "down"
    return "ok"


def standard_checks(resources: Resources) -> list[Check]:
    """Database (required) and Redis (without it the platform is slower, not down)."""
    return [database_check(resources.database), Check("redis", resources.redis.ping, required=False)]


def database_check(database: Database) -> Check:
    return Check("database", database.check)


def health_router(checks: Callable[[Request], list[Check]], version: str) -> APIRouter:
    """Make the routes ``/health`` and ``/health/live``."""
    router = APIRouter(tags=["health"])

    @router.get("/health", responses={503: {"model": HealthReport}})
    async def health(request: Request, response: Response) -> HealthReport:
        report = await examine(checks(request), version)
        response.status_code = 503 if report.status == "down" or request.app.state.draining else 200
        return report

    @router.get("/health/live")
    async def live() -> LiveReport:
        return LiveReport()

    return router


def worker_app(resources: Resources) -> FastAPI:
    """The small web face of a worker: health and metrics."""
    app = FastAPI(
        openapi_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.draining = False
    app.include_router(health_router(lambda _: standard_checks(resources), resources.settings.version))
    app.add_route("/metrics", metrics_endpoint)
    return app
