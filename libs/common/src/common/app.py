"""The web half of a service: its domain's routers on a common footing."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.routing import APIRoute
from opentelemetry.sdk.trace import TracerProvider

from common import apidocs, audit, errorhandlers, jobs, openapi, outbox, oversight
from common.errors import NotFound, Problem
from common.headonly import HeadAsGet
from common.health import Check, examine, health_router, standard_checks
from common.logs import configure_logs
from common.metrics import metrics_endpoint
from common.middleware import RequestMiddleware
from common.outbox import EventPage
from common.oversight import DeadLetter, Overview
from common.pagination import Page, Paging
from common.personal import PersonalData
from common.personal import router as personal_router
from common.resources import Resources
from common.route import DbSession, TransactionalRoute
from common.settings import DataSettings, Environment
from common.tokens import Area, CurrentIdentity, require_scope
from common.traces import configure_traces

API_PREFIX = "/api/v1"

Checks = Callable[[Resources], list[Check]]
Setup = Callable[[FastAPI, Resources], None]
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(
    service: str,
    settings: DataSettings,
    *,
    routers: Sequence[APIRouter],
    area: Area,
    root_routers: Sequence[APIRouter] = (),
    personal: PersonalData | None = None,
    checks: Checks = lambda _: [],
    body_limits: Mapping[str, int] | None = None,
    setup: Setup = lambda _app, _resources: None,
) -> FastAPI:
    """Make a service's application.

    ``routers`` are served under ``/api/v1``, ``root_routers`` at the root. ``area`` is what personal access tokens
    name in their scopes, ``personal`` what the service holds of a person. ``checks`` are added to those of
    database and Redis. ``body_limits`` are bytes by path, where uploads need more than
    the rest. ``setup`` may put what the service's dependencies need on ``app.state``.
    """
    app = _bare_app(service, settings, setup)
    app.state.draining = False
    app.state.scope_area = area
    app.state.debug_errors = settings.environment == Environment.DEVELOPMENT
    app.add_middleware(HeadAsGet)
    app.add_middleware(RequestMiddleware, max_body_size=settings.max_body_size, body_limits=body_limits or {})
    errorhandlers.install(app)
    for router in routers:
        app.include_router(router, prefix=API_PREFIX)
    if personal is not None:
        app.include_router(personal_router(personal))
    for router in (*root_routers, internal_router(service, settings, checks), _health(settings, checks)):
        app.include_router(router)
    app.add_route("/metrics", metrics_endpoint)
    openapi.complete(app, routers, prefix=API_PREFIX)
    apidocs.add_page(app, path="/docs", description="/openapi.json", title=app.title)
    return app


def _bare_app(service: str, settings: DataSettings, setup: Setup) -> FastAPI:
    configure_logs(service, settings.log_level)
    provider = configure_traces(service, version=settings.version, otlp_endpoint=settings.otel_exporter_otlp_endpoint)
    return FastAPI(
        title=f"Running Trainer: {service}",
        version=settings.version,
        lifespan=_lifespan(service, settings, provider, setup),
        generate_unique_id_function=_operation_id,
        responses={"default": {"model": Problem, "description": "Problem", "content": _PROBLEM_CONTENT}},
        telemetry={"tracing": provider is not None, "metrics": False, "logs": False, "operation_spans": False},
        redirect_slashes=False,  # it would lead to where the Host header says
        docs_url=None,  # the framework's own page takes its assets from the internet
        redoc_url=None,
    )


def _lifespan(service: str, settings: DataSettings, provider: TracerProvider | None, setup: Setup) -> Lifespan:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with Resources.open(service, settings) as resources:
            app.state.resources = resources
            app.state.verifier = resources.verifier
            app.state.personal_tokens = resources.personal_tokens
            setup(app, resources)
            yield
        if provider is not None:
            provider.shutdown()

    return lifespan


def _health(settings: DataSettings, checks: Checks) -> APIRouter:
    def all_checks(request: Request) -> list[Check]:
        return _all_checks(request, checks)

    return health_router(all_checks, settings.version)


def _all_checks(request: Request, checks: Checks) -> list[Check]:
    resources: Resources = request.app.state.resources
    return [*standard_checks(resources), *checks(resources)]


_PROBLEM_CONTENT: dict[str, Any] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def _operation_id(route: APIRoute) -> str:
    return f"{route.tags[0] if route.tags else 'root'}-{route.name}".replace("_", "-")


def internal_router(service: str, settings: DataSettings, checks: Checks) -> APIRouter:
    """Routes that every service has for its peers: events, overview, dead letters. They need a service token."""
    router = APIRouter(
        prefix="/internal",
        route_class=TransactionalRoute,
        dependencies=[Depends(require_scope("internal"))],
        include_in_schema=False,
    )

    @router.get("/events")
    async def events(
        session: DbSession,
        after: Annotated[int, Query(ge=0, lt=1 << 63)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 200,
    ) -> EventPage:
        return await outbox.published_after(session, after, limit)

    @router.get("/overview")
    async def overview(request: Request, session: DbSession) -> Overview:
        health = await examine(_all_checks(request, checks), settings.version)
        asked = health.checks["database"].status == "ok"
        return oversight.overview_of(service, health, await oversight.work(session) if asked else None)

    @router.get("/dead-letters")
    async def dead_letters(session: DbSession, paging: Paging) -> Page[DeadLetter]:
        return await oversight.dead_letters(session, paging)

    @router.post("/dead-letters/{job_id}/replay", status_code=202)
    async def replay(
        session: DbSession, identity: CurrentIdentity, job_id: UUID, by: Annotated[UUID | None, Query()] = None
    ) -> None:
        """Give a job its attempts back; ``by`` is the administrator who asked the calling service for it."""
        if not await jobs.replay(session, job_id, queue=service):
            raise NotFound("No such dead letter.")
        actor = str(by or identity.subject)
        audit.record(session, service, actor=actor, action="job.replayed", target=str(job_id))

    return router
