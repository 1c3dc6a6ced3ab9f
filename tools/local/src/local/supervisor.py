"""Keeps the platform's processes running: starts them, adopts them, restarts what dies, stops all in order.

It never waits in a loop: it sleeps until a process ends, a signal arrives or a restart is due. The processes do not
depend on it; when it is killed they go on, and the next supervisor takes them over.
"""

import os
import selectors
import signal
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from local import state as states
from local.logfiles import rotate
from local.processes import Process, reap
from local.server import ServerError
from local.units import ForkedUnit, ServerUnit, Unit, stop_forked, stop_processes, stop_servers

FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 10.0
HEALTHY_AFTER_S = 5.0  # who lived that long is not failing at its start
LOG_CHECK_S = 30.0
STOP_ALL = signal.SIGTERM
LEAVE_SERVERS = signal.SIGUSR1  # stop the services, leave the servers running: new code is about to start


def restart_delay(failures: int) -> float:
    """Seconds to wait before a restart after so many quick deaths in a row: 0.2, 0.4, ... 10."""
    return float(min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** min(failures, 16)))


@dataclass
class _Watch:
    unit: Unit
    record: states.UnitState
    process: Process | None = None
    handle: int | None = None
    failures: int = 0
    started: float = 0.0
    due: float | None = None


@dataclass
class Supervisor:
    """Watches `units`, started in the given order; `run` is its folder for pid files and state."""

    units: Sequence[Unit]
    run: Path
    logs: Path
    fingerprint: str = ""
    _watches: dict[str, _Watch] = field(default_factory=dict)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _last_log_check: float = 0.0

    @property
    def state_path(self) -> Path:
        """Where the state is written."""
        return self.run / "supervisor.json"

    def serve(self) -> None:
        """Start or adopt everything and watch over it until told to stop by a signal."""
        before = states.load(self.state_path)
        with _Signals(STOP_ALL, signal.SIGINT, LEAVE_SERVERS) as signals:
            self._selector.register(signals, selectors.EVENT_READ)
            for unit in self.units:
                watch = _Watch(unit, before.units.get(unit.name, states.UnitState()))
                self._watches[unit.name] = watch
                self._begin(watch)
            self._save()
            while signals.received is None:
                self._turn(signals)
            self._stop(with_servers=signals.received != LEAVE_SERVERS)

    def _turn(self, signals: "_Signals") -> None:
        ended = False
        for key, _ in self._selector.select(self._until_next()):
            if key.fileobj is signals:
                signals.read()
            else:
                self._ended(self._watches[key.data])
                ended = True
        now = time.monotonic()
        due = [watch for watch in self._watches.values() if watch.due is not None and watch.due <= now]
        for watch in due if signals.received is None else ():
            watch.record.restarts += 1
            self._begin(watch)
        if due or ended:
            self._save()
        if now - self._last_log_check >= LOG_CHECK_S:
            self._last_log_check = now
            rotate(self.logs)

    def _until_next(self) -> float:
        due = [watch.due for watch in self._watches.values() if watch.due is not None]
        return max(0.0, min([self._last_log_check + LOG_CHECK_S, *due]) - time.monotonic())

    def _begin(self, watch: _Watch) -> None:
        """Adopt or start a unit and watch it; a failed start is tried again later."""
        watch.due = None
        watch.started = time.monotonic()
        adopted = watch.unit.current()
        try:
            process = adopted or watch.unit.launch()
        except (ServerError, OSError) as error:
            _say(f"{watch.unit.name} could not be started: {error}")
            self._schedule(watch, "not started")
            return
        if adopted is None or watch.record.pid != process.pid:
            watch.record.since = time.time()
        watch.process = process
        watch.record.pid = process.pid
        watch.handle = process.open()
        _say(f"{watch.unit.name} {'adopted' if adopted else 'started'} as {process.pid}")
        if watch.handle is None:
            self._schedule(watch, f"exit {reap(process.pid)}")
        else:
            self._selector.register(watch.handle, selectors.EVENT_READ, watch.unit.name)

    def _ended(self, watch: _Watch) -> None:
        self._release(watch)
        code = reap(watch.process.pid) if watch.process else None
        _say(f"{watch.unit.name} ended ({'adopted, code unknown' if code is None else code})")
        self._schedule(watch, "" if code is None else f"exit {code}")

    def _schedule(self, watch: _Watch, last_exit: str) -> None:
        now = time.monotonic()
        watch.process, watch.record.pid, watch.record.last_exit = None, None, last_exit
        watch.failures = 0 if now - watch.started >= HEALTHY_AFTER_S else watch.failures
        watch.due = now + restart_delay(watch.failures)
        watch.failures += 1

    def _release(self, watch: _Watch) -> None:
        if watch.handle is not None:
            self._selector.unregister(watch.handle)
            os.close(watch.handle)
            watch.handle = None

    def _stop(self, *, with_servers: bool) -> None:
        for watch in self._watches.values():
            self._release(watch)
        _say("stopping the services")
        # A child that was forked this instant may not have written its pid file yet.
        stop_processes(watch.process for watch in self._watches.values() if watch.process and self._is_forked(watch))
        stop_forked(self.run)
        if with_servers:
            stop_servers(unit.server for unit in self.units if isinstance(unit, ServerUnit))
        for watch in self._watches.values():
            if with_servers or self._is_forked(watch):
                watch.record.pid = None
        self._save(stopped=True)
        _say("stopped")

    @staticmethod
    def _is_forked(watch: _Watch) -> bool:
        return isinstance(watch.unit, ForkedUnit)

    def _save(self, *, stopped: bool = False) -> None:
        myself = None if stopped else Process.find(os.getpid())
        records = {name: watch.record for name, watch in self._watches.items()}
        states.save(self.state_path, states.State(myself, self.fingerprint, records))


class _Signals:
    """Turns signals into something a selector can wait for; `received` is the first that arrived."""

    def __init__(self, *numbers: signal.Signals) -> None:
        self._numbers = numbers
        self._ours, self._kernels = socket.socketpair()
        self.received: int | None = None

    def __enter__(self) -> Self:
        for end in (self._ours, self._kernels):
            end.setblocking(False)
        signal.set_wakeup_fd(self._kernels.fileno(), warn_on_full_buffer=False)
        for number in self._numbers:
            signal.signal(number, lambda *_: None)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(-1)
        self._ours.close()
        self._kernels.close()

    def fileno(self) -> int:
        return self._ours.fileno()

    def read(self) -> None:
        for number in self._ours.recv(64):
            self.received = self.received or number


def _say(text: str) -> None:
    print(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}", flush=True)
