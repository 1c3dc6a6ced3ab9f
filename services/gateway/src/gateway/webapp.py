"""The pages a browser gets: files of this package, with a policy that lets them load nothing from elsewhere."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

START, ASSETS = "/", "/assets"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_FOLDER = Path(__file__).parent / "web"
_HEADERS = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}


class _Files(StaticFiles):
    """Files that browsers ask after each time, and are told 304."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await super().__call__(scope, receive, with_headers)


def is_web(path: str) -> bool:
    """Tell whether the path is a file of the web app."""
    return path == START or path.startswith(f"{ASSETS}/")


def add_web_app(app: FastAPI) -> None:
    """Serve the start page and what it loads."""
    app.mount(ASSETS, _Files(directory=_FOLDER))

    @app.get(START)
    async def start() -> Response:
        return FileResponse(_FOLDER / "index.html", headers=_HEADERS)
