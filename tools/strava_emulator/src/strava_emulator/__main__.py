"""Run the emulator: ``python -m strava_emulator``."""

import os

import uvicorn

from common.logs import configure_logs
from common.serving import QuietServer
from strava_emulator.app import create_app
from strava_emulator.settings import EmulatorSettings


def main() -> None:
    """Serve until SIGTERM."""
    settings = EmulatorSettings(_secrets_dir=os.environ.get("SECRETS_DIR"))
    configure_logs("strava-emulator", "INFO")
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    QuietServer(config).run()


if __name__ == "__main__":
    main()
