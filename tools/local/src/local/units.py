"""The things a supervisor keeps running: forked processes of the services, and the embedded servers."""

import contextlib
import os
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from local.forking import fork
from local.processes import Process
from local.server import EmbeddedServer

STOP_TIMEOUT_S = 25.0


class Unit(ABC):
    """Something with a name that runs as one process."""

    name: str

    @abstractmethod
    def launch(self) -> Process:
        """Start it, unless it runs, and return its process without waiting until it is ready."""

    @abstractmethod
    def current(self) -> Process | None:
        """Return its live process, whoever started it."""


@dataclass(frozen=True)
class ServerUnit(Unit):
    """An embedded server."""

    server: EmbeddedServer

    @property
    def name(self) -> str:  # type: ignore[override]  # a field of the others, derived here
        """The server's name."""
        return self.server.name

    def launch(self) -> Process:
        """Start the server."""
        return self.server.launch()

    def current(self) -> Process | None:
        """Return the server's process."""
        return self.server.process()


@dataclass(frozen=True)
class ForkedUnit(Unit):
    """A process forked from the supervisor.

    `body` runs in the child with `environment` as its whole environment; `run` is the folder for its pid file,
    which the child writes itself before anything else, so that no child is ever unknown.
    """

    name: str
    body: Callable[[], None]
    environment: Mapping[str, str]
    run: Path
    logs: Path

    @property
    def pid_path(self) -> Path:
        """File with the pid and start time of the process."""
        return self.run / f"{self.name}.pid"

    @property
    def log_path(self) -> Path:
        """File that takes the process's output."""
        return self.logs / f"{self.name}.log"

    def launch(self) -> Process:
        """Fork the process unless it runs."""
        return self.current() or fork(
            self.body, name=self.name, environment=self.environment, log=self.log_path, pid_path=self.pid_path
        )

    def current(self) -> Process | None:
        """Return the live process that the pid file names."""
        return recorded_process(self.pid_path)


def recorded_process(pid_path: Path) -> Process | None:
    """Return the process a pid file names, if that very process is alive."""
    try:
        pid, started = pid_path.read_text(encoding="ascii").split()
        process = Process(int(pid), int(started))
    except (FileNotFoundError, ValueError):
        return None
    return process if process.alive else None


def stop_processes(processes: Iterable[Process], timeout: float = STOP_TIMEOUT_S) -> None:
    """Ask all to end at once; after `timeout` seconds kill what is left, with its process group."""
    stopping = list(processes)
    deadline = time.monotonic() + timeout
    for process in stopping:
        process.send(signal.SIGTERM)
    for process in stopping:
        if not process.wait(deadline - time.monotonic()):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout)


def stop_forked(run: Path, timeout: float = STOP_TIMEOUT_S) -> None:
    """Stop every forked process whose pid file is in `run`."""
    found = {path: recorded_process(path) for path in run.glob("*.pid")}
    stop_processes([process for process in found.values() if process], timeout)
    for path in found:
        path.unlink(missing_ok=True)


def stop_servers(servers: Iterable[EmbeddedServer]) -> None:
    """Stop the servers, the last started first."""
    for server in reversed(list(servers)):
        server.stop()
