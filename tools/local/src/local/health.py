"""Asking every process whether it can do its work."""

import http.client
import time
from collections.abc import Callable, Mapping
from typing import Literal

from local.topology import EMULATOR, Topology

Health = Literal["healthy", "unhealthy", "silent"]
POLL_S = 0.05


def health_ports(topology: Topology) -> dict[str, int]:
    """Return the port of /health for every process of the services, by process name."""
    ports = {}
    for service in topology.services:
        ports[service.name] = topology.port(service.name)
        if service.has_worker:
            ports[f"{service.name}-worker"] = topology.metrics_port(service.name)
    if topology.has_emulator:
        ports[EMULATOR] = topology.emulator_port
    return ports


def probe(port: int, timeout: float = 3.0) -> Health:
    """Ask one process: healthy (200), unhealthy (another answer) or silent (no answer in `timeout` seconds)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", "/health")
        return "healthy" if connection.getresponse().status == http.HTTPStatus.OK else "unhealthy"
    except (OSError, http.client.HTTPException):
        return "silent"
    finally:
        connection.close()


def wait_until_healthy(
    ports: Mapping[str, int], timeout: float, *, give_up: Callable[[str], bool] = lambda _: False
) -> list[str]:
    """Wait until all answer 200; return the names of those that did not in `timeout` seconds.

    `give_up(name)` ends the wait early: a process that dies again and again will not become healthy.
    """
    waiting = dict(ports)
    deadline = time.monotonic() + timeout
    while waiting and time.monotonic() < deadline:
        waiting = {name: port for name, port in waiting.items() if probe(port) != "healthy"}
        if any(give_up(name) for name in waiting):
            break
        if waiting:
            time.sleep(POLL_S)
    return sorted(waiting)
