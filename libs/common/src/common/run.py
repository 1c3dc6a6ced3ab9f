"""Run one process of a service: ``python -m common.run <service> [--worker]``."""

import argparse
import importlib
from typing import Literal, Protocol, cast

import uvicorn
import uvloop
from starlette.datastructures import State
from starlette.types import Receive, Scope, Send

from common.incoming import GatheringProtocol
from common.niceness import be_nice
from common.serving import DrainingServer
from common.settings import Settings
from common.sharedport import shared_socket

GRACEFUL_SECONDS = 20

Role = Literal["service", "worker"]


class _Application(Protocol):
    """What serves; its health looks at ``state.draining``."""

    state: State

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class _ProcessSettings(Settings):
    """Only where to listen; the service reads the rest itself."""


def run(service: str, role: Role) -> None:
    """Run until SIGTERM, then finish what is in hand (at most 25 s)."""
    if role == "worker":
        worker = importlib.import_module(f"{service}.worker").create()
        be_nice(worker.niceness)
        uvloop.run(worker.run())
        return
    app = cast("_Application", importlib.import_module(f"{service}.main").create())
    settings = _ProcessSettings.from_environment()
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=getattr(app, "protocol", GatheringProtocol),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        timeout_keep_alive=75,
    )

    def on_notice() -> None:
        app.state.draining = True

    server = DrainingServer(config, notice_seconds=settings.notice_seconds, on_notice=on_notice)
    server.run([shared_socket(settings.host, settings.port)] if settings.reuse_port else None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("service")
    parser.add_argument("--worker", action="store_true")
    arguments = parser.parse_args()
    run(arguments.service, "worker" if arguments.worker else "service")


if __name__ == "__main__":
    main()
