"""A service or its worker in a process of its own, as it runs in earnest."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from common.testing.ports import free_port

_STOP_SECONDS = 30


class ServiceProcess:
    """``python -m common.run <service>`` with the given environment; its output goes to ``log``."""

    _words: tuple[str, ...] = ()

    def __init__(self, service: str, environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "common.run", service, *self._words],
                env={**os.environ, "METRICS_PORT": str(free_port()), **environment},
                stdout=output,
                stderr=output,
            )

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal and wait for the end; return the exit code."""
        self._process.send_signal(number)
        return self._process.wait(_STOP_SECONDS)


class WorkerProcess(ServiceProcess):
    """The same with ``--worker``."""

    _words = ("--worker",)
