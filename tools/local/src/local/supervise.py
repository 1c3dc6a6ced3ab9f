"""The supervisor's own process: `python -m local.supervise <fingerprint>`."""

import fcntl
import importlib
import os
import sys
from functools import partial

from local.environment import Platform, Role, process_name
from local.forking import forget_others, preload
from local.startup import prepare
from local.supervisor import Supervisor
from local.topology import EMULATOR, Service, Topology
from local.units import ForkedUnit, ServerUnit, Unit

_EMULATOR_NICENESS = 5  # it stands for somebody else's machine


def run_process(service: str, role: Role) -> None:
    """Be one process of a service until told to stop; runs in the fork."""
    forget_others(service)
    # Imported in the child: what it imports on top of what is shared is its own business.
    from common.run import run  # noqa: PLC0415

    run(service, role)


def run_emulator() -> None:
    """Be the Strava emulator until told to stop; runs in the fork."""
    from common.niceness import be_nice  # noqa: PLC0415 - as above

    forget_others(EMULATOR)
    be_nice(_EMULATOR_NICENESS)
    importlib.import_module("strava_emulator.__main__").main()


def units_of(platform: Platform) -> list[Unit]:
    """Return everything that should run, in the order of starting."""
    servers: list[Unit] = [ServerUnit(server) for server in platform.servers]
    processes = [
        _unit(platform, service, role)
        for service in platform.topology.services
        for role in (("service", "worker") if service.has_worker else ("service",))
    ]
    return [*servers, *processes, *_emulator(platform)]


def _unit(platform: Platform, service: Service, role: Role) -> Unit:
    return ForkedUnit(
        name=process_name(service.name, role),
        body=partial(run_process, service.name, role),
        environment=platform.environment(service, role),
        run=platform.topology.run,
        logs=platform.topology.logs,
    )


def _emulator(platform: Platform) -> list[Unit]:
    if not platform.topology.has_emulator:
        return []
    topology = platform.topology
    return [ForkedUnit(EMULATOR, run_emulator, platform.emulator_environment(), topology.run, topology.logs)]


def to_preload(topology: Topology) -> list[str]:
    """Services whose code is shared; in development each process reads its own, so that a restart is enough."""
    if topology.settings.get("ENVIRONMENT") == "development":
        return []
    return [service.name for service in topology.services]


def main() -> None:
    """Supervise the platform that the environment describes."""
    os.umask(0o077)
    topology = Topology.from_environment()
    platform = prepare(topology)
    with (topology.run / "supervisor.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        preload(to_preload(topology))
        Supervisor(units_of(platform), topology.run, topology.logs, fingerprint=sys.argv[1]).serve()


if __name__ == "__main__":
    main()
