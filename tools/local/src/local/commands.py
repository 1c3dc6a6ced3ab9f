"""What each operator's command does and prints."""

import datetime as dt
import os
import shutil
import sys
import time
from collections.abc import Sequence
from typing import Any

from local import startup
from local.account import remove_server_folder
from local.health import health_ports, probe
from local.memory import proportional_memory
from local.postgres import Postgres
from local.processes import Process
from local.state import UnitState
from local.topology import SettingError, Topology
from local.valkey import Valkey

_LOG_LINES = "40"
_SEALING = {"auth": "auth.keys", "strava": "strava.connections"}  # who keeps secrets encrypted, and what reseals them


def up(topology: Topology, _name: str | None, *, anew: bool = False) -> int:
    """Start everything and print where it is; ``anew`` also restarts what runs the present code."""
    with startup.one_at_a_time(topology):
        account = startup.up(startup.prepare(topology), anew=anew)
    if any(service.name == "gateway" for service in topology.services):
        startup.say(f"Running Trainer is up: {topology.url('gateway')}")
    else:
        startup.say("Everything is up")
    if topology.has_emulator:
        startup.say(f"Strava is emulated at {topology.emulator_url}; STRAVA_CLIENT_ID names a real app")
    if account is not None:
        _print_admin(account)
    return 0


def _print_admin(account: startup.Account) -> None:
    if account.password is None:
        startup.say(f"Admin: {account.email} (the password was shown when the account was made)")
    else:
        startup.say(f"Admin: {account.email}\nPassword: {account.password} (shown only now)")


def down(topology: Topology, _name: str | None) -> int:
    """Stop everything; data stays."""
    if not topology.home.exists():
        startup.say("Nothing runs")
        return 0
    with startup.one_at_a_time(topology):
        startup.down(startup.prepare(topology))
    startup.say(f"Stopped. Data stays in {topology.home}")
    return 0


def restart(topology: Topology, name: str | None) -> int:
    """Restart one process, or all processes of the services, as one process of changed code needs."""
    if name is None or startup.is_outdated(topology):
        return up(topology, None, anew=True)
    process = startup.forked_processes(topology).get(_known(topology, name))
    if process is None:
        startup.say(f"{name} does not run; make up starts it")
        return 1
    service = next((each for each in topology.services if each.name == name), None)
    with startup.one_at_a_time(topology):
        startup.restart(startup.prepare(topology), service, process)
    startup.say(f"{name} restarted")
    return 0


def _known(topology: Topology, name: str) -> str:
    names = health_ports(topology)
    if name not in names:
        raise SettingError(f"no process is called {name}; there are {', '.join(names)}")
    return name


def status(topology: Topology, _name: str | None) -> int:
    """Print one line per process; 0 when all are healthy."""
    if not (topology.home / "secrets.env").exists():
        startup.say("Nothing was started here yet: make up")
        return 1
    platform = startup.prepare(topology)
    state = startup.current_state(platform)
    startup.say(f"{'process':<20}{'state':<11}{'port':>6}{'pid':>9}{'up':>9}{'restarts':>10}{'memory':>10}")
    supervised = state.supervisor if state.supervisor_alive else None
    _print_line("supervisor", "running" if supervised else "stopped", None, supervised, UnitState())
    good = supervised is not None
    for server in platform.servers:
        process = server.process()
        good &= process is not None
        record = state.units.get(server.name, UnitState())
        _print_line(server.name, "running" if process else "stopped", server.port, process, record)
    processes = startup.forked_processes(topology)
    for name, port in health_ports(topology).items():
        found = processes[name]
        health = probe(port) if found else "stopped"
        good &= health == "healthy"
        _print_line(name, health, port, found, state.units.get(name, UnitState()))
    return 0 if good else 1


def _print_line(name: str, state: str, port: int | None, process: Process | None, record: UnitState) -> None:
    since = _duration(time.time() - record.since) if process and record.since else ""
    memory = f"{proportional_memory(process.pid) / 2**20:.0f} MiB" if process else ""
    pid = process.pid if process else ""
    startup.say(f"{name:<20}{state:<11}{port or '':>6}{pid:>9}{since:>9}{record.restarts:>10}{memory:>10}")


def _duration(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def logs(topology: Topology, name: str | None) -> int:
    """Print the ends of the logs, and go on printing when a person looks on."""
    files = sorted(topology.logs.glob(f"{name or '*'}.log"))
    if not files:
        raise SettingError(f"no logs{f' of {name}' if name else ''} in {topology.logs}")
    follow = ["-F"] if sys.stdout.isatty() else []
    sys.stdout.flush()
    command = ["tail", "-n", _LOG_LINES, *follow, *map(str, files)]
    os.execvp(command[0], command)  # noqa: S606 -- there is no shell to start it with


def migrate(topology: Topology, _name: str | None) -> int:
    """Bring the schemas up to date."""
    with startup.one_at_a_time(topology):
        platform = startup.prepare(topology)
        startup.start_servers(platform)
        startup.migrate(platform)
    startup.say("All schemas are up to date")
    return 0


def admin(topology: Topology, _name: str | None) -> int:
    """Make the administrator's account where it is missing and print it."""
    with startup.one_at_a_time(topology):
        platform = startup.prepare(topology)
        startup.start_servers(platform)
        account = startup.ensure_admin(platform)
    if account is None:
        raise SettingError("there is no auth service here")
    _print_admin(account)
    return 0


def account(topology: Topology, email: str | None, options: Sequence[str]) -> int:
    """Make an account or help somebody in, as the ``options`` of `auth.admin` say; a new password is printed."""
    if email is None or not options:
        raise SettingError(
            "say whose account and what to do: make account EMAIL=... with ROLE=..., RESET=1 or TOTP_OFF=1"
        )
    with startup.one_at_a_time(topology):
        platform = startup.prepare(topology)
        startup.start_servers(platform)
        changed = startup.change_account(platform, email, *options, problem="The account stays as it was")
    startup.say(f"Account: {changed.email}")
    startup.say(f"Password: {changed.password} (shown only now)" if changed.password else "The password stays")
    return 0


def rotate_keys(topology: Topology, when: str | None) -> int:
    """Begin to change the key that signs access tokens; `now` when it leaked."""
    if when not in {None, "now"}:
        raise SettingError(f"a key is changed in good time or `now`, not {when!r}")
    told = _ask_auth(topology, "rotate", *(["--now"] if when else []), problem="The key could not be changed")
    if not told["began"]:
        startup.say(f"A change is under way already: the new key signs from {told['signs_from']}")
    else:
        startup.say(f"Key {told['kid']} signs from {told['signs_from']}")
        startup.say(f"The keys before it are retired at {told['others_retired_at']}")
    if when:
        startup.say("Other services forget the old keys within 30 seconds; make restart has them forget at once")
    return 0


def reencrypt(topology: Topology, _name: str | None) -> int:
    """Seal what auth and strava keep encrypted with the first of their encryption keys."""
    names = {service.name for service in topology.services}
    with startup.one_at_a_time(topology):
        platform = startup.prepare(topology)
        startup.start_servers(platform)
        for name, module in ((each, _SEALING[each]) for each in _SEALING if each in names):
            problem = f"Nothing of {name} was sealed anew"
            told = startup.ask_service(platform, name, module, "reencrypt", problem=problem)
            for column, number in told["reencrypted"].items():
                startup.say(f"{name}: {column}: {number}")
    return 0


def _ask_auth(topology: Topology, *arguments: str, problem: str) -> dict[str, Any]:
    with startup.one_at_a_time(topology):
        platform = startup.prepare(topology)
        startup.start_servers(platform)
        return startup.ask_auth(platform, "auth.keys", *arguments, problem=problem)


def demo(topology: Topology, end: dt.date | None, months: int) -> int:
    """Fill the running platform with an athlete of two years, their plans and a coach."""
    # Imported here: only this command computes, and the others should not wait for NumPy.
    from local.demo.command import fill  # noqa: PLC0415 - for the same reason

    return fill(topology, end, months)


def clean(topology: Topology, _name: str | None) -> int:
    """Stop everything and delete all data, after asking."""
    if not topology.home.exists():
        startup.say("Nothing to delete")
        return 0
    if not _confirmed(topology):
        startup.say("Nothing was deleted")
        return 1
    with startup.one_at_a_time(topology):
        startup.down(startup.prepare(topology))
        for server in (Postgres.name, Valkey.name):
            remove_server_folder(topology.home, server)
        # Only what is ours: RT_HOME may have been pointed at a folder that holds other things too.
        for folder in (topology.logs, topology.home / "objects", topology.emulator_home, topology.run):
            shutil.rmtree(folder, ignore_errors=True)
        for file in ("secrets.env", "demo.env"):
            (topology.home / file).unlink(missing_ok=True)
    if not any(topology.home.iterdir()):
        topology.home.rmdir()
    startup.say("All data is deleted")
    return 0


def _confirmed(topology: Topology) -> bool:
    if topology.settings.get("FORCE") == "1":
        return True
    if not sys.stdin.isatty():
        startup.say(f"This deletes all data in {topology.home}: FORCE=1 make clean, if you mean it")
        return False
    return input(f"Delete ALL data in {topology.home}? Type yes: ").strip() == "yes"
