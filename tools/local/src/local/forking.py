"""Forking service processes from a parent that has already imported what they share."""

import gc
import importlib
import importlib.util
import os
import pkgutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from local.processes import Process

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

SHARED_LIBRARIES = (
    "fastapi",
    "uvicorn",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.lifespan.on",
    "uvloop",
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "asyncpg",
    "arq",
    "redis.asyncio",
    "httpx2",
    "httpcore2",  # at the first client of a process, unless it is there
    "anyio._backends._asyncio",  # at its first call
    "pydantic",
    "pydantic_settings",
    "structlog",
    "prometheus_client",
    "opentelemetry.sdk.trace",
    "cryptography.hazmat.primitives.ciphers.aead",
    "jwt",
)
_HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
# Run by hand or only in tests: nothing a service imports.
_NOT_SHARED = ("common.testing", "common.run", "common.db.baseline", "common.db.migrate", "common.db.provision")


_metrics: "dict[str, set[Collector]]" = {}


def preload(services: Iterable[str] = ()) -> None:
    """Import what the services share, and these services, and set it apart from garbage collection.

    Forks then keep sharing it: importing a service in its two processes would copy the pages that it touches, which
    took 20 MiB each. One that cannot be imported is left to its own processes, whose logs will say why.
    """
    gc.disable()
    for name in SHARED_LIBRARIES:
        importlib.import_module(name)
    common = importlib.import_module("common")
    for module in pkgutil.walk_packages(common.__path__, "common."):
        if not module.name.startswith(_NOT_SHARED):
            importlib.import_module(module.name)
    for service in services:
        _import_service(service)
    gc.collect()
    gc.freeze()


def _import_service(name: str) -> None:
    from prometheus_client import REGISTRY  # noqa: PLC0415 - most commands fork nothing, and begin sooner

    before = set(REGISTRY._collector_to_names)  # noqa: SLF001 - there is no public way to list them
    try:
        importlib.import_module(f"{name}.main")
        if importlib.util.find_spec(f"{name}.worker"):
            importlib.import_module(f"{name}.worker")
    except Exception:  # noqa: BLE001 - whatever a service's import raises, the others must start
        traceback.print_exc()
    _metrics[name] = set(REGISTRY._collector_to_names) - before  # noqa: SLF001 - as above


def forget_others(service: str) -> None:
    """Drop the metrics of the other services, which are not this process's to show."""
    from prometheus_client import REGISTRY  # noqa: PLC0415 - as above

    for name, collectors in _metrics.items():
        for collector in collectors if name != service else ():
            REGISTRY.unregister(collector)


def fork(body: Callable[[], None], *, name: str, environment: Mapping[str, str], log: Path, pid_path: Path) -> Process:
    """Run `body` in a child with its own session, environment and log; return the child's process.

    Raises `RuntimeError` when this process has threads: their locks would stay locked in the child.
    """
    if threading.active_count() > 1:
        names = ", ".join(thread.name for thread in threading.enumerate())
        raise RuntimeError(f"cannot fork while threads run: {names}")
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    # Until the child has its own handlers, a signal for it would be taken for one to the parent.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
    try:
        pid = os.fork()
        if pid == 0:
            _become(body, name, environment, log, pid_path)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return Process.find(pid) or Process(pid, 0)


def _become(body: Callable[[], None], name: str, environment: Mapping[str, str], log: Path, pid_path: Path) -> None:
    """Be the child; never returns into the parent's code."""
    status = 1
    try:
        _detach(log)
        _record(pid_path, name)
        _restore_signals()
        os.environ.clear()
        os.environ.update(environment)
        gc.enable()
        body()
        status = 0
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:  # noqa: BLE001 -- the last frame of a process: what comes here is reported and ends it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _detach(log: Path) -> None:
    os.setsid()
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    for name, handle in (("stdout", 1), ("stderr", 2)):  # by lines, so that a killed process leaves its last words
        setattr(sys, name, os.fdopen(handle, "w", buffering=1, encoding="utf-8", closefd=False))
    # The parent's locks and watches must not live on in us.
    os.closerange(3, max(int(handle.name) for handle in Path("/proc/self/fd").iterdir()) + 1)


def _record(pid_path: Path, name: str) -> None:
    myself = Process.find(os.getpid())
    if myself is None:
        raise RuntimeError("cannot read the process table in /proc")
    staging = pid_path.with_suffix(".new")
    staging.write_text(f"{myself.pid} {myself.started}\n", encoding="ascii")
    staging.replace(pid_path)
    Path("/proc/self/comm").write_text(f"rt-{name}"[:15], encoding="ascii")


def _restore_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in _HANDLED:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
