"""What the embedded servers have in common: files, account, start, stop, identity."""

import fcntl
import importlib.util
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path

from local.account import (
    CLEAN_ENVIRONMENT,
    Account,
    remove_server_folder,
    server_account,
    server_folder,
)
from local.processes import Process, command_line, processes_in, reap

LOOPBACK = "127.0.0.1"
POLL_S = 0.01
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 20.0
ORPHAN_GRACE_S = 2.0
PORT_GRACE_S = 1.0  # a server that was just killed may hold its port for an instant


class ServerError(RuntimeError):
    """An embedded server could not be initialised or started; the message says why and what to do."""


class PortTakenError(ServerError):
    """Somebody else listens on the port a server should have."""


class EmbeddedServer(ABC):
    """A server from a wheel, on loopback, under an unprivileged account and in a session of its own."""

    name: str
    program_name: str
    stop_signal: signal.Signals

    def __init__(self, home: Path, port: int, password: str, *, durable: bool = True) -> None:
        """Describe a server; nothing happens before `initialise` or `start`.

        `home` is the folder that holds (or links to) the server's files and `logs/`. `durable=False` gives up
        safety against power loss for speed: for tests.
        """
        self.home = home.absolute()
        self.port = port
        self.password = password
        self.durable = durable
        self._account: Account | None = None

    @property
    def account(self) -> Account:
        """Who the server runs as."""
        if self._account is None:
            self._account = server_account()
        return self._account

    @property
    def folder(self) -> Path:
        """The server's own folder."""
        return server_folder(self.home, self.name, self.account)

    @property
    def log_path(self) -> Path:
        """Where the server's messages go."""
        return self.home / "logs" / f"{self.name}.log"

    @property
    @abstractmethod
    def url(self) -> str:
        """Address with the administrator's credentials."""

    @property
    @abstractmethod
    def _pid_path(self) -> Path: ...

    @abstractmethod
    def initialise(self) -> None:
        """Create the server's files where they are missing; those that exist are kept."""

    @abstractmethod
    def _command(self) -> list[str]: ...

    @abstractmethod
    def _configure(self) -> None:
        """Write the settings, which may differ from those of the last start."""

    @abstractmethod
    def _answers(self, pid: int) -> bool:
        """Whether the server that runs as `pid` serves clients."""

    def process(self) -> Process | None:
        """Return the running server, or None; never a stranger who got the same pid."""
        try:
            pid = int(self._pid_path.read_text(encoding="ascii").split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        found = Process.find(pid)
        if found is None:
            reap(pid)
            return None
        return found if str(self.folder) in " ".join(command_line(pid)) else None

    def pid(self) -> int | None:
        """Return the server's process id while it runs, else None."""
        found = self.process()
        return found.pid if found else None

    def start(self, timeout: float = START_TIMEOUT_S) -> None:
        """Return when the server answers, having initialised and started it where needed.

        Raises `PortTakenError` when another program has the port, `ServerError` with the end of the log when
        the server does not come up within `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        self.initialise()
        while not self._wait_until_answering(self.launch(), deadline):
            if time.monotonic() >= deadline or not self._worth_another_try():
                raise ServerError(f"{self.name} did not start on port {self.port}:\n{tail(self.log_path)}")
            time.sleep(POLL_S * 10)

    def launch(self) -> Process:
        """Start the initialised server unless it runs; does not wait until it answers."""
        (self.home / "run").mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.home / "run" / f"{self.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # several may start it at once; the second finds it running
            running = self.process()
            if running is None:
                running = self._spawn()
                self._wait_for_pid_file(running)
            return running

    def stop(self, timeout: float = STOP_TIMEOUT_S) -> None:
        """Stop in good order; what has not ended after `timeout` seconds is killed."""
        running = self.process()
        if running is None:
            return
        running.send(self.stop_signal)
        if not running.wait(timeout):
            self.kill()

    def kill(self) -> None:
        """End the server and its helpers with SIGKILL, as a crash would; returns when all are gone."""
        running = self.process()
        members = [running] if running else []
        members += [helper for helper in self._helpers() if helper != running]
        for member in members:
            member.send(signal.SIGKILL)
        for member in members:
            member.wait(STOP_TIMEOUT_S)

    def remove(self) -> None:
        """Stop the server and delete its data."""
        self.kill()
        remove_server_folder(self.home, self.name)

    def _spawn(self) -> Process:
        limit = time.monotonic() + PORT_GRACE_S
        while not port_is_free(self.port):
            if time.monotonic() >= limit:
                raise PortTakenError(f"port {self.port} for {self.name} is taken by another program")
            time.sleep(POLL_S)
        self._clear_the_way()
        self._configure()
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            started = subprocess.Popen(
                self._command(),
                **self.account.identity(),
                cwd="/",
                env=CLEAN_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        # It outlives us, and is reaped by pid where we stay: the handle must not complain about either.
        started.returncode = 0
        return Process.find(started.pid) or Process(started.pid, 0)

    def _clear_the_way(self) -> None:
        """Remove what a crash left behind and would keep the server from starting.

        The pid file would: its number may belong to a stranger by now, or to a dead process that nobody has
        collected. It may go only once no helper of the dead server works on the files any more.
        """
        if not self._pid_path.exists():
            return
        helpers = self._helpers()
        deadline = time.monotonic() + ORPHAN_GRACE_S
        for helper in helpers:
            if not helper.wait(deadline - time.monotonic()):
                helper.send(signal.SIGKILL)
                helper.wait(ORPHAN_GRACE_S)
        self._pid_path.unlink(missing_ok=True)

    def _helpers(self) -> list[Process]:
        return processes_in(self._pid_path.parent, self.program_name)

    def _wait_for_pid_file(self, started: Process) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while started.alive and self.pid() != started.pid and time.monotonic() < deadline:
            time.sleep(POLL_S)

    def _wait_until_answering(self, started: Process, deadline: float) -> bool:
        while time.monotonic() < deadline:
            if not started.alive:
                reap(started.pid)
                return False
            if self._answers(started.pid):
                return True
            time.sleep(POLL_S)
        return False

    def _worth_another_try(self) -> bool:
        return False


def package_folder(package: str) -> Path:
    """Return the folder of an installed package, without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ServerError(f"the package {package} is not installed; run `make up` to install it")
    return Path(spec.submodule_search_locations[0])


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def write_private(path: Path, text: str, account: Account) -> None:
    """Write a file of mode 600 for `account`, whole or not at all."""
    staging = path.with_name(f"{path.name}.new")
    staging.unlink(missing_ok=True)
    staging.touch(mode=0o600)
    staging.write_text(text, encoding="utf-8")
    account.own(staging)
    staging.replace(path)


def tail(path: Path, lines: int = 15) -> str:
    """Return the last lines of a log, or an empty string when there is none."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - 16384))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""
