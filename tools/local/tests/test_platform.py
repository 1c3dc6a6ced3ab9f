"""The whole: `up`, `down`, `status` and what happens when things are killed."""

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from sample_project import Project, add_auth, add_migration, eventually

from common.tokens.keys import KEYS_MAX_AGE_S
from local.credentials import load_or_create
from local.embedded import Postgres, Valkey
from local.environment import Platform
from local.processes import Process
from local.topology import EMULATOR


def ask(project: Project) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", project.topology.port("gateway"), timeout=5)
    try:
        connection.request("GET", "/")
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return answer


def answers(project: Project) -> bool:
    try:
        return bool(ask(project))
    except OSError:
        return False


def supervisor(project: Project) -> Process:
    process = project.state.supervisor
    assert process is not None
    assert process.alive
    return process


def restarted(project: Project, name: str, before: Process) -> Process | None:
    record = project.state.units[name]
    return Process.find(record.pid) if record.pid not in {None, before.pid} else None


def started(project: Project) -> int:
    """How often a supervisor started the gateway's process."""
    try:
        return project.log("supervisor").count("gateway started")
    except FileNotFoundError:
        return 0


def test_up_returns_through_a_pipe_and_its_processes_have_no_terminal(stopped: Project) -> None:
    shell = f"{sys.executable} -m local up | cat"
    done = subprocess.run(
        ["sh", "-c", shell],
        env=stopped.environment,
        cwd=stopped.root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert f"http://127.0.0.1:{stopped.topology.port('gateway')}" in done.stdout, done.stderr
    assert ask(stopped)["pid"] == stopped.process("gateway").pid


def test_a_process_is_told_where_everything_is(running: Project) -> None:
    told = ask(running)["environment"]
    topology = running.topology
    assert told["PORT"] == str(topology.port("gateway"))
    assert told["STRAVA_URL"] == f"http://127.0.0.1:{topology.port('strava')}"
    assert told["REDIS_URL"].endswith(f"@127.0.0.1:{topology.valkey_port}/0")
    assert told["ENVIRONMENT"] == "production"
    assert "ENCRYPTION_KEYS" not in told


def test_a_killed_process_is_restarted_and_counted(running: Project) -> None:
    before, count = running.process("gateway"), running.state.units["gateway"].restarts
    os.kill(before.pid, signal.SIGKILL)
    eventually(lambda: restarted(running, "gateway", before))
    eventually(lambda: answers(running))
    assert running.state.units["gateway"].restarts == count + 1
    line = next(text for text in running.command("status").stdout.splitlines() if text.startswith("gateway "))
    assert line.split()[1] == "healthy"
    assert line.split()[-3] == f"{count + 1}"


def test_killed_servers_are_restarted(running: Project) -> None:
    for kind in (Postgres, Valkey):
        record = running.state.units[kind.name]
        assert record.pid is not None
        before = Process.find(record.pid)
        assert before is not None
        before.send(signal.SIGKILL)
        eventually(partial(restarted, running, kind.name, before))
        assert running.state.units[kind.name].restarts == record.restarts + 1


def test_restart_of_one_leaves_the_others(running: Project) -> None:
    gateway, worker = running.process("gateway"), running.process("gateway-worker")
    assert running.command("restart", "gateway-worker").returncode == 0
    assert running.process("gateway") == gateway
    assert running.process("gateway-worker") != worker


def test_a_killed_supervisors_processes_live_and_are_adopted(running: Project) -> None:
    processes = {name: running.process(name) for name in ("gateway", "gateway-worker")}
    dead = supervisor(running)
    dead.send(signal.SIGKILL)
    assert dead.wait(10)
    assert answers(running)
    assert running.command("up").returncode == 0
    assert {name: running.process(name) for name in processes} == processes
    assert supervisor(running) != dead
    os.kill(processes["gateway"].pid, signal.SIGKILL)
    eventually(lambda: restarted(running, "gateway", processes["gateway"]))


def test_down_stops_everything_even_without_a_supervisor(running: Project) -> None:
    processes = [running.process("gateway"), running.process("gateway-worker")]
    supervisor(running).send(signal.SIGKILL)
    assert running.command("down").returncode == 0
    assert not any(process.alive for process in processes)
    assert not any(Process.find(unit.pid) for unit in running.state.units.values() if unit.pid)


def test_a_taken_port_is_named_with_the_setting_to_change(stopped: Project) -> None:
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", stopped.topology.port("gateway")))
        squatter.listen()
        done = stopped.command("up")
    assert done.returncode == 1
    assert f"{stopped.topology.port('gateway')} (gateway)" in done.stderr
    assert "RT_PORT_BASE" in done.stderr


def test_a_service_that_breaks_is_named_with_the_end_of_its_log(stopped: Project) -> None:
    done = stopped.command("up", GATEWAY_BREAKS="1")
    assert done.returncode == 1
    assert "Not healthy: gateway\n" in done.stderr
    assert "this service was told to break" in done.stderr
    assert stopped.command("down").returncode == 0


def test_two_ups_at_once_make_one_platform(stopped: Project) -> None:
    before = started(stopped)
    command = [sys.executable, "-m", "local", "up"]
    both = [
        subprocess.Popen(command, env=stopped.environment, cwd=stopped.root, stdout=subprocess.DEVNULL)
        for _ in range(2)
    ]
    assert [process.wait(60) for process in both] == [0, 0]
    assert started(stopped) == before + 1


def test_up_again_changes_nothing_and_down_keeps_data(running: Project) -> None:
    processes = [running.process("gateway"), running.process("gateway-worker"), supervisor(running)]
    assert running.command("up").returncode == 0
    assert [running.process("gateway"), running.process("gateway-worker"), supervisor(running)] == processes
    secrets = (running.home / "secrets.env").read_text()
    assert running.command("down").returncode == 0
    assert not any(process.alive for process in processes)
    assert not answers(running)
    assert running.command("up").returncode == 0
    assert (running.home / "secrets.env").read_text() == secrets
    assert answers(running)


def test_new_code_and_new_settings_are_started_by_up(running: Project) -> None:
    before, worker = running.process("gateway"), running.process("gateway-worker")
    database = running.state.units["postgres"].pid
    package = running.root / "services/gateway/src/gateway"
    (package / "main.py").write_text((package / "main.py").read_text() + "\n# changed\n")
    assert running.command("up").returncode == 0
    assert not before.alive
    assert not worker.alive
    assert answers(running)
    assert running.state.units["postgres"].pid == database


def test_clean_asks_before_it_deletes(running: Project) -> None:
    assert running.command("clean").returncode == 1
    assert (running.home / "secrets.env").exists()
    assert answers(running)
    assert running.command("clean", FORCE="1").returncode == 0
    assert not running.home.exists()


def test_a_service_answers_while_it_is_restarted(project: Project) -> None:
    assert project.command("up").returncode == 0
    former = project.process("gateway")
    with ThreadPoolExecutor(max_workers=1) as others:
        for words in (("restart", "gateway"), ("restart",)):
            restarted = others.submit(project.command, *words)
            while not restarted.done():
                assert ask(project)
                wait([restarted], timeout=0.001)
            assert restarted.result().returncode == 0, restarted.result().stderr
            assert project.process("gateway") != former
            former = project.process("gateway")
    assert list(project.topology.standins.iterdir()) == []


def test_services_and_workers_are_children_of_one_parent(peopled: Project) -> None:
    assert peopled.command("up").returncode == 0
    names = [name for name in peopled.state.units if name not in (Postgres.name, Valkey.name)]
    assert {"gateway", "gateway-worker", "auth", "strava", EMULATOR} <= {*names}
    parents = {name: parent_of(peopled.process(name)) for name in names}
    assert parents == dict.fromkeys(names, supervisor(peopled).pid)


def parent_of(process: Process) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("PPid:")))


def test_the_admins_password_is_shown_when_it_is_made_and_never_again(first_start: tuple[Project, str]) -> None:
    project, printed = first_start
    assert "Admin: operator@home.example\nPassword: made-for-auth" in printed
    again = project.command("admin")
    assert "Admin: operator@home.example" in again.stdout
    assert "made-for-auth" not in again.stdout


def test_an_account_is_changed_as_asked_and_its_new_password_printed(peopled: Project) -> None:
    done = peopled.command("account", "ana@home.example", "--role", "coach", "--reset")
    assert done.returncode == 0, done.stderr
    assert "Account: ana@home.example\nPassword: Namespace(" in done.stdout
    assert all(told in done.stdout for told in ("role='coach'", "reset=True", "totp_off=False"))
    assert "The password stays" in peopled.command("account", "ana@home.example", "--totp-off").stdout
    refused = peopled.command("account", "nobody", "--reset")
    assert (refused.returncode, refused.stderr) == (1, "The account stays as it was:\nnot an address\n")
    for incomplete in (["account", "", "--reset"], ["account", "ana@home.example"]):
        assert peopled.command(*incomplete).stderr.startswith("say whose account and what to do: make account EMAIL=")


def test_keys_are_changed_and_secrets_sealed_anew(peopled: Project) -> None:
    rotated = peopled.command("rotate-keys")
    assert (rotated.returncode, "Key k signs from soon" in rotated.stdout) == (0, True), rotated.stderr
    resealed = peopled.command("reencrypt").stdout
    assert ("auth: a column: 3" in resealed, "strava: a column: 3" in resealed) == (True, True)
    leaked = peopled.command("rotate-keys", "now")
    assert f"forget the old keys within {KEYS_MAX_AGE_S:.0f} seconds" in leaked.stdout
    failed = peopled.command("rotate-keys", "now", KEY_MISSING="1")
    assert (failed.returncode, "there is no key" in failed.stderr) == (1, True)
    assert "not 'later'" in peopled.command("rotate-keys", "later").stderr


def test_stopping_is_graceful(peopled: Project) -> None:
    assert peopled.command("up").returncode == 0
    before = [peopled.log(name) for name in ("gateway", "gateway-worker")]
    assert peopled.command("down").returncode == 0
    gateway, worker = (peopled.log(name) for name in ("gateway", "gateway-worker"))
    assert "graceful stop" in gateway.removeprefix(before[0])
    assert "worker stopped" in worker.removeprefix(before[1])


def test_an_admin_that_cannot_be_made_stops_the_start(peopled: Project) -> None:
    assert peopled.command("down").returncode == 0
    done = peopled.command("up", ADMIN_EMAIL="nobody")
    assert done.returncode == 1
    assert "not an address" in done.stderr


def test_named_servers_are_used_and_no_embedded_one_is_started(project: Project, valkey: Valkey) -> None:
    valkey.start()
    project.environment["REDIS_URL"] = valkey.url
    project.environment["DATABASE_ADMIN_URL"] = "postgresql://admin:a-password@db.example:5432/runs"
    assert project.command("up").returncode == 0
    assert set(project.state.units) == {"gateway", "gateway-worker"}
    assert ask(project)["environment"]["REDIS_URL"] == valkey.url
    assert "DATABASE_ADMIN_URL" not in ask(project)["environment"]


def test_a_database_that_cannot_be_reached_is_named(project: Project) -> None:
    add_auth(project, migrations=True)
    done = project.command("up", DATABASE_ADMIN_URL="postgresql://admin:a-password@127.0.0.1:1/runs")
    assert done.returncode == 1
    assert "127.0.0.1:1 cannot be prepared" in done.stderr
    assert "a-password" not in done.stdout + done.stderr


def test_migrate_brings_the_schemas_up_to_date_and_keeps_what_is_in_them(project: Project) -> None:
    add_auth(project, migrations=True)
    add_migration(project, "auth", "0001", "CREATE TABLE accounts (email text)")
    first = project.command("migrate")
    assert (first.returncode, "All schemas are up to date" in first.stdout) == (0, True), first.stderr
    ask_database(project, "auth", "INSERT INTO accounts VALUES ('runner@home.example') RETURNING email")
    add_migration(project, "auth", "0002", "ALTER TABLE accounts ADD COLUMN role text DEFAULT 'athlete'")
    assert project.command("migrate").returncode == 0
    assert project.command("migrate").returncode == 0
    assert ask_database(project, "auth", "SELECT * FROM accounts") == [("runner@home.example", "athlete")]
    assert not answers(project)


def ask_database(project: Project, service: str, question: str) -> list[tuple[Any, ...]]:
    names = [each.name for each in project.topology.services]
    platform = Platform(project.topology, load_or_create(project.home / "secrets.env", names))

    async def fetch() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(platform.database_url(service).replace("+asyncpg", "", 1))
        try:
            return [tuple(row) for row in await connection.fetch(question)]
        finally:
            await connection.close()

    return asyncio.run(fetch())
