"""Processes as the kernel knows them: which are alive, which pid was used again, and waiting for an end."""

import contextlib
import os
import select
import signal
from dataclasses import dataclass
from pathlib import Path

_STATE_FIELD = 0
_START_TIME_FIELD = 19  # field 22 of proc(5) stat, counted after the name, which may contain anything
_DEAD_STATES = frozenset("ZX")


@dataclass(frozen=True)
class Process:
    """One process for good: its pid and when it started (ticks since boot), so a reused pid is not it."""

    pid: int
    started: int

    @classmethod
    def find(cls, pid: int) -> "Process | None":
        """Return the live process with this pid, or None."""
        fields = _stat_fields(pid)
        if fields is None or fields[_STATE_FIELD] in _DEAD_STATES:
            return None
        return cls(pid, int(fields[_START_TIME_FIELD]))

    @property
    def alive(self) -> bool:
        """Whether this very process runs; a finished child that nobody has waited for does not."""
        return Process.find(self.pid) == self

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if the process is still there."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def open(self) -> int | None:
        """Return a pidfd, which becomes readable when the process ends, or None when it has ended."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return None
        if not self.alive:
            os.close(handle)
            return None
        return handle

    def wait(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds for the end; True when it has ended. Reaps it when it is our child."""
        handle = self.open()
        if handle is not None:
            try:
                poller = select.poll()
                poller.register(handle, select.POLLIN)
                poller.poll(max(0, int(timeout * 1000)))
            finally:
                os.close(handle)
        if self.alive:
            return False
        reap(self.pid)
        return True


def reap(pid: int) -> int | None:
    """Collect a finished child's exit code, as `subprocess` counts; None when it is not a finished child."""
    try:
        done, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return None
    return os.waitstatus_to_exitcode(status) if done else None


def command_line(pid: int) -> list[str]:
    """Return the arguments a process was started with; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []


def processes_in(folder: Path, program: str) -> list[Process]:
    """Return the live processes of a program that work in `folder`, of those we may look at."""
    real, found = folder.resolve(), []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                # "(deleted)" follows the name when the file was replaced by an update.
                name = (entry / "exe").readlink().name.removesuffix(" (deleted)")
                if name == program and (entry / "cwd").readlink() == real:
                    found.append(Process.find(int(entry.name)))
    return [process for process in found if process is not None]


def _stat_fields(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()
