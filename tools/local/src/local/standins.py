"""Second processes beside those that are about to be restarted: `python -m local.standins <service>...`.

Both listen on the service's port, so that it is answered while the first is away. This program only starts them, from
one parent as the supervisor does, and ends; who asked for them stops them.
"""

import os
import sys
import time
from functools import partial

from local.environment import process_name
from local.forking import fork, preload
from local.startup import prepare
from local.supervise import run_process, to_preload
from local.topology import Topology

_POLL_S = 0.01


def main() -> None:
    """Start one for each service that is named."""
    os.umask(0o077)
    topology = Topology.from_environment()
    platform = prepare(topology)
    wanted = [service for service in topology.services if service.name in sys.argv[1:]]
    preload(name for name in to_preload(topology) if name in sys.argv[1:])
    pid_paths = [topology.standins / f"{service.name}.pid" for service in wanted]
    for service, pid_path in zip(wanted, pid_paths, strict=True):
        name = process_name(service.name, "service")
        fork(
            partial(run_process, service.name, "service"),
            name=name,
            environment=platform.environment(service, "service"),
            log=topology.logs / f"{name}.log",
            pid_path=pid_path,
        )
    while not all(path.exists() for path in pid_paths):  # each writes its own before anything else
        time.sleep(_POLL_S)


if __name__ == "__main__":
    main()
