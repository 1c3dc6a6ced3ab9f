"""The few pages that the gateway answers itself: health, metrics, API description."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from common import apidocs, errorhandlers
from common.errors import DOCS_PATH, NotFound
from common.headonly import HeadAsGet
from common.health import Check, health_router
from common.metrics import metrics_endpoint
from common.middleware import RequestMiddleware
from common.settings import Environment
from contracts import errors
from gateway.addresses import is_within
from gateway.openapi import Document, MergedOpenApi
from gateway.settings import GatewaySettings
from gateway.upstream import HEALTH_SECONDS, Upstream
from gateway.webapp import add_web_app, is_web

DOCS, DESCRIPTION, ASSETS = "/api/docs", "/api/openapi.json", "/api/docs/assets"
_PATHS = frozenset({"/health", "/health/live", "/metrics", DOCS, DESCRIPTION, DOCS_PATH})

# Longer than a service is asked for.
PATIENCE_SECONDS = HEALTH_SECONDS + 0.5

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def is_own(path: str) -> bool:
    """Tell whether the gateway answers this path itself."""
    return path in _PATHS or is_web(path) or path.startswith(f"{ASSETS}/")


def create_pages(
    settings: GatewaySettings,
    *,
    lifespan: Lifespan,
    upstreams: Callable[[], list[Upstream]],
    description: Callable[[], MergedOpenApi],
) -> FastAPI:
    """Make the application of the gateway's own pages; what it shows exists once ``lifespan`` has begun."""
    app = FastAPI(
        title="Running Trainer: gateway",
        version=settings.version,
        lifespan=lifespan,
        openapi_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.draining = False
    app.state.debug_errors = settings.environment is Environment.DEVELOPMENT
    app.add_middleware(HeadAsGet)
    app.add_middleware(RequestMiddleware, max_body_size=0, body_limits={})
    errorhandlers.install(app)

    def checks(_request: Request) -> list[Check]:
        return [Check(each.name, each.check_health, required=False, seconds=PATIENCE_SECONDS) for each in upstreams()]

    async def metrics(request: Request) -> Response:
        _only_for_neighbours(request, settings)
        return await metrics_endpoint(request)

    app.include_router(health_router(checks, settings.version))
    app.add_route("/metrics", metrics)
    _add_documentation(app, description)
    add_web_app(app)
    return app


def _add_documentation(app: FastAPI, description: Callable[[], MergedOpenApi]) -> None:
    @app.get(DESCRIPTION)
    async def openapi() -> Document:
        return await description().document()

    apidocs.add_page(app, path=DOCS, description=DESCRIPTION, title="Running Trainer: API")

    @app.get(DOCS_PATH)
    async def error_codes() -> HTMLResponse:
        return HTMLResponse(errors.page())


def _only_for_neighbours(request: Request, settings: GatewaySettings) -> None:
    """Hide metrics from the world: also from what a proxy in our own network passes on."""
    peer = request.client.host if request.client else ""
    passed_on = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    if passed_on or not is_within(peer, settings.metrics_networks):
        raise NotFound
