"""Restarting without a gap: while a service's process is away, a second one answers on its port.

The ports of services are shared (`SO_REUSEPORT`), and a process that is told to stop asks its clients to leave before
it goes. So nothing is lost as long as another one listens: that is what is waited for here, on both sides.
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from local.environment import Platform
from local.processes import Process
from local.topology import Service
from local.units import recorded_process, stop_forked

LISTEN_TIMEOUT_S = 60.0
_POLL_S = 0.05
_LISTENING = "0A"  # as /proc/net/tcp writes it
_ADDRESS, _STATE, _INODE = 1, 3, 9


@contextlib.contextmanager
def covered(platform: Platform, services: Sequence[Service]) -> Iterator[list[str]]:
    """Have those of the services that run answered by second processes meanwhile; gives the names of these.

    They go when the services' own processes listen again, or after `LISTEN_TIMEOUT_S`. A service that cannot be
    covered, since its process does not share its port, is left out.
    """
    topology = platform.topology
    running = [each for each in services if recorded_process(topology.run / f"{each.name}.pid")]
    try:
        if running:
            _start(platform, running)
        yield [each.name for each in running if _comes(platform, each, topology.standins, patience=0.0)]
        for each in running:
            _comes(platform, each, topology.run, patience=LISTEN_TIMEOUT_S)
    finally:
        stop_forked(topology.standins)


def _start(platform: Platform, services: Sequence[Service]) -> None:
    topology = platform.topology
    topology.standins.mkdir(mode=0o700, exist_ok=True)
    stop_forked(topology.standins)  # of a command that was killed
    with (topology.logs / "supervisor.log").open("ab") as log:
        subprocess.run(
            [sys.executable, "-m", "local.standins", *(each.name for each in services)],
            env=platform.parent_environment(),
            cwd=topology.root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=True,
        )


def _comes(platform: Platform, service: Service, folder: Path, *, patience: float) -> bool:
    """Wait until the process whose pid file is in the folder listens.

    False when there is none for `patience` seconds, or it takes longer than `LISTEN_TIMEOUT_S`.
    """
    began = time.monotonic()
    while (waited := time.monotonic() - began) < LISTEN_TIMEOUT_S:
        process = recorded_process(folder / f"{service.name}.pid")
        if process is None and waited >= patience:
            return False
        if process is not None and listens(process, platform.topology.port(service.name)):
            return True
        time.sleep(_POLL_S)
    return False


def listens(process: Process, port: int) -> bool:
    """Tell whether this very process listens on a TCP port, whoever else does."""
    try:
        held = {str(each.readlink()) for each in Path(f"/proc/{process.pid}/fd").iterdir()}
    except OSError:
        return False
    return any(f"socket:[{inode}]" in held for inode in _listening(port))


def _listening(port: int) -> Iterator[str]:
    """Inodes of the sockets that listen on a port (proc(5), net/tcp and net/tcp6)."""
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
                fields = line.split()
                if fields[_STATE] == _LISTENING and int(fields[_ADDRESS].rpartition(":")[2], 16) == port:
                    yield fields[_INODE]
