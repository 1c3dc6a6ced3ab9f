"""`make up`: from nothing, or from whatever is there, to a platform whose every process is healthy."""

import contextlib
import fcntl
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from local import state as states
from local.credentials import load_or_create
from local.environment import Platform
from local.fingerprint import fingerprint
from local.handover import covered
from local.health import health_ports, wait_until_healthy
from local.processes import Process
from local.server import PortTakenError, port_is_free, tail
from local.supervisor import LEAVE_SERVERS
from local.topology import Service, SettingError, Topology
from local.units import recorded_process, stop_forked

HEALTH_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 70.0
HOPELESS_RESTARTS = 4
_DATABASE_HINT = "Its administrator comes from DATABASE_ADMIN_URL, or else from secrets.env, which belongs to the data."


class StartError(RuntimeError):
    """The platform cannot start; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    """An account that was made here; `password` only when it was generated just now."""

    email: str
    password: str | None


def say(text: str) -> None:
    """Print at once, also into a pipe."""
    print(text, flush=True)


def prepare(topology: Topology) -> Platform:
    """Make the folders and secrets, where they are missing."""
    topology.make_home()
    for folder in (topology.logs, topology.run, topology.home / "objects"):
        folder.mkdir(mode=0o700, exist_ok=True)
    names = [service.name for service in topology.services]
    return Platform(topology, load_or_create(topology.home / "secrets.env", names))


@contextlib.contextmanager
def one_at_a_time(topology: Topology) -> Iterator[None]:
    """Hold the lock that keeps two commands from starting and stopping things at once."""
    topology.make_home()
    topology.run.mkdir(mode=0o700, exist_ok=True)
    with (topology.run / "command.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another command is at work here; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def up(platform: Platform, *, anew: bool = False) -> Account | None:
    """Bring everything up; returns the administrator's account when it was looked at.

    What runs the present code already stays, unless it is wanted ``anew``.

    Raises `StartError`, `ServerError` or `SettingError` with a message for the operator.
    """
    wanted = fingerprint(platform)
    state = current_state(platform)
    admin = None
    if anew or not state.supervisor_alive or state.fingerprint != wanted:
        check_ports(platform)
        start_servers(platform)
        migrate(platform)
        admin = ensure_admin(platform)
        replace_supervisor(platform, wanted, adopt=state.fingerprint == wanted and not anew)
    wait_for_health(platform)
    return admin


def current_state(platform: Platform) -> states.State:
    """Return what the supervisor wrote down last."""
    return states.load(platform.topology.run / "supervisor.json")


def check_ports(platform: Platform) -> None:
    """Refuse to start when somebody else has a port that one of our processes needs.

    Raises `PortTakenError` naming the port, what it is for, and the setting to change.
    """
    topology = platform.topology
    needed = {
        name: port
        for name, port in health_ports(topology).items()
        if recorded_process(topology.run / f"{name}.pid") is None
    }
    needed |= {server.name: server.port for server in platform.servers if server.pid() is None}
    taken = [f"{port} ({name})" for name, port in needed.items() if not port_is_free(port)]
    if taken:
        raise PortTakenError(
            f"Ports in use by another program: {', '.join(taken)}.\n"
            "Stop it, or choose other ports for all: make up RT_PORT_BASE=18000"
        )


def start_servers(platform: Platform) -> None:
    """Start the embedded servers and wait until they answer."""
    for server in platform.servers:
        if server.pid() is None:
            say(f"Starting {server.name} on port {server.port}")
        server.start()


def migrate(platform: Platform) -> None:
    """Give every service its role and schema, and bring all schemas up to date, in this one process."""
    urls = platform.database_urls()
    if not urls:
        return
    # Imported here: the commands that touch no database should not wait for SQLAlchemy and Alembic.
    import asyncio  # noqa: PLC0415 - for the same reason

    import asyncpg  # noqa: PLC0415 - for the same reason

    from common.db.migrate import migrate_all  # noqa: PLC0415 - for the same reason
    from common.db.provision import provision  # noqa: PLC0415 - for the same reason

    say(f"Migrating {', '.join(urls)}")
    passwords = {name: platform.credentials.database(name) for name in urls}
    try:
        asyncio.run(provision(platform.admin_url.render_as_string(hide_password=False), passwords))
    except (OSError, asyncpg.PostgresError) as error:
        where = f"{platform.admin_url.host}:{platform.admin_url.port}"
        raise StartError(f"The database at {where} cannot be prepared: {error}\n{_DATABASE_HINT}") from error
    migrate_all(urls)


def ensure_admin(platform: Platform) -> Account | None:
    """Make the administrator's account where it is missing; None when there is no auth service."""
    if all(service.name != "auth" for service in platform.topology.services):
        return None
    return ensure_account(platform, platform.admin_email, "admin")


def ensure_account(platform: Platform, email: str, role: str, *options: str) -> Account:
    """Make an account with a role, or give the role to the one that is there; ``options`` are those of `auth.admin`.

    Raises `StartError` with what the auth service's command said.
    """
    problem = f"The {role} account could not be made"
    return change_account(platform, email, "--role", role, *options, problem=problem)


def change_account(platform: Platform, email: str, *options: str, problem: str) -> Account:
    """Make or change an account as the ``options`` of `auth.admin` say.

    Raises `StartError` with the problem and what the auth service's command said.
    """
    answer = ask_auth(platform, "auth.admin", "--email", email, *options, problem=problem)
    return Account(answer["email"], answer["password"])


def ask_auth(platform: Platform, module: str, *arguments: str, problem: str) -> dict[str, Any]:
    """Run a command of the auth service and return the JSON it ends with."""
    return ask_service(platform, "auth", module, *arguments, problem=problem)


def ask_service(platform: Platform, name: str, module: str, *arguments: str, problem: str) -> dict[str, Any]:
    """Run a command of a service and return the JSON it ends with.

    Raises `StartError` with the problem and what the command said, `SettingError` when there is no such service.
    """
    asked = next((service for service in platform.topology.services if service.name == name), None)
    if asked is None:
        raise SettingError(f"there is no {name} service here")
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=platform.environment(asked, "service"),
        cwd=platform.topology.root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StartError(f"{problem}:\n{done.stderr.strip()}")
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def replace_supervisor(platform: Platform, wanted: str, *, adopt: bool) -> None:
    """Start a supervisor for the present code, which adopts the processes that run.

    Unless they are to be adopted, they and the supervisor that watches them are stopped first. The servers stay.
    """
    if adopt:
        _start_supervisor(platform, wanted)
        return
    with covered(platform, platform.topology.services) as names:
        if any(platform.topology.run.glob("*.pid")):
            say(f"Stopping the former processes{'; others answer meanwhile' if names else ''}")
        stop_services(platform)
        _start_supervisor(platform, wanted)


def stop_services(platform: Platform) -> None:
    """Stop the supervisor and all processes of the services; the servers stay."""
    stop_supervisor(current_state(platform), LEAVE_SERVERS)
    stop_forked(platform.topology.run)


def _start_supervisor(platform: Platform, wanted: str) -> None:
    if not platform.topology.services:
        say("There is no service to start yet")
    say(f"Starting {', '.join(health_ports(platform.topology)) or 'the supervisor'}")
    started = spawn_supervisor(platform, wanted)
    deadline = time.monotonic() + HEALTH_TIMEOUT_S
    while current_state(platform).supervisor != started:
        if not started.wait(0.02):
            if time.monotonic() < deadline:
                continue
            started.send(signal.SIGKILL)
        raise StartError(f"The supervisor did not start:\n{tail(platform.topology.logs / 'supervisor.log')}")


def is_outdated(topology: Topology) -> bool:
    """Tell whether a supervisor runs that holds another version of the code."""
    platform = prepare(topology)
    state = current_state(platform)
    return state.supervisor_alive and state.fingerprint != fingerprint(platform)


def restart(platform: Platform, service: Service | None, process: Process) -> None:
    """Have one process restarted by its supervisor; a service goes on answering meanwhile."""
    with covered(platform, [service] if service else []):
        process.send(signal.SIGTERM)
        process.wait(STOP_TIMEOUT_S)
    wait_for_health(platform)


def spawn_supervisor(platform: Platform, wanted: str) -> Process:
    """Start the supervisor in a session of its own, with its output in its log."""
    topology = platform.topology
    with (topology.logs / "supervisor.log").open("ab") as log:
        started = subprocess.Popen(
            [sys.executable, "-m", "local.supervise", wanted],
            env=platform.parent_environment(),
            cwd=topology.root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    started.returncode = 0  # it outlives us
    return Process.find(started.pid) or Process(started.pid, 0)


def stop_supervisor(state: states.State, number: signal.Signals) -> None:
    """Tell the supervisor to stop, and wait for it; it stops the processes first."""
    if state.supervisor is None or not state.supervisor_alive:
        return
    state.supervisor.send(number)
    if not state.supervisor.wait(STOP_TIMEOUT_S):
        state.supervisor.send(signal.SIGKILL)
        state.supervisor.wait(STOP_TIMEOUT_S)


def wait_for_health(platform: Platform) -> None:
    """Wait until every process is healthy; raises `StartError` with the log of those that are not."""
    before = current_state(platform).units

    def is_hopeless(name: str) -> bool:
        known = before.get(name, states.UnitState())
        now = current_state(platform).units.get(name, known)
        return now.restarts - known.restarts >= HOPELESS_RESTARTS

    sick = wait_until_healthy(health_ports(platform.topology), HEALTH_TIMEOUT_S, give_up=is_hopeless)
    if sick:
        logs = [f"{name}, end of its log:\n{tail(platform.topology.logs / f'{name}.log')}" for name in sick]
        raise StartError(f"Not healthy: {', '.join(sick)}\n\n" + "\n\n".join(logs))


def forked_processes(topology: Topology) -> dict[str, Process | None]:
    """Return the processes of the services by name, None for those that do not run."""
    return {name: recorded_process(topology.run / f"{name}.pid") for name in health_ports(topology)}


def down(platform: Platform) -> None:
    """Stop everything, whether or not a supervisor watches it."""
    stop_supervisor(current_state(platform), signal.SIGTERM)
    stop_forked(platform.topology.run)
    stop_forked(platform.topology.standins)
    for server in reversed(platform.servers):
        server.stop()
