import asyncio
import os
import signal
import socket
from pathlib import Path

import asyncpg
import pytest
import redis

from local.embedded import PortTakenError, Postgres, ServerError, Valkey
from local.processes import Process, command_line, processes_in


def query(url: str, *statements: str) -> object:
    async def run() -> object:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    return asyncio.run(run())


def test_postgres_keeps_committed_data_through_kill(postgres: Postgres) -> None:
    postgres.start()
    query(postgres.url, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7) RETURNING n")
    postgres.kill()
    assert postgres.pid() is None
    postgres.start()
    assert query(postgres.url, "SELECT n FROM kept") == 7


def test_postgres_starts_again_when_only_its_parent_process_was_killed(postgres: Postgres) -> None:
    postgres.start()
    process = postgres.process()
    assert process is not None
    process.send(signal.SIGKILL)
    assert process.wait(5)
    postgres.start()
    assert query(postgres.url, "SELECT 1") == 1


def test_postgres_is_set_up_as_promised(postgres: Postgres) -> None:
    postgres.start()
    shown = {
        name: query(postgres.url, f"SHOW {name}")
        for name in ("fsync", "data_checksums", "timezone", "listen_addresses", "unix_socket_directories")
    }
    assert shown == {
        "fsync": "on",
        "data_checksums": "on",
        "timezone": "UTC",
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
    }
    locale = "SELECT datlocprovider::text || ' ' || datlocale FROM pg_database WHERE datname = current_database()"
    assert query(postgres.url, locale) == "b C.UTF-8"
    stored = "SELECT bool_and(rolpassword LIKE 'SCRAM-SHA-256$%') FROM pg_authid WHERE rolcanlogin"
    assert query(postgres.url, stored) is True


def test_postgres_refuses_a_wrong_password(postgres: Postgres) -> None:
    postgres.start()
    wrong = Postgres(postgres.home, postgres.port, "wrong").url
    with pytest.raises(asyncpg.InvalidPasswordError):
        query(wrong, "SELECT 1")


def test_valkey_keeps_data_through_stop_and_refuses_a_wrong_password(valkey: Valkey) -> None:
    valkey.start()
    with redis.Redis.from_url(valkey.url) as client:
        client.set("kept", "yes")
        assert client.config_get("appendfsync") == {"appendfsync": "everysec"}
    valkey.stop()
    assert valkey.pid() is None
    valkey.start()
    with redis.Redis.from_url(valkey.url) as client:
        assert client.get("kept") == b"yes"
    with (
        redis.Redis(port=valkey.port, password="wrong") as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()


def test_valkey_keeps_synced_data_through_kill(valkey: Valkey) -> None:
    valkey.start()
    with redis.Redis.from_url(valkey.url) as client:
        client.set("kept", "yes")
        assert client.execute_command("WAITAOF", 1, 0, 5000)[0] == 1
    valkey.kill()
    valkey.start()
    with redis.Redis.from_url(valkey.url) as client:
        assert client.get("kept") == b"yes"


@pytest.mark.parametrize("kind", ["postgres", "valkey"])
def test_a_server_is_unprivileged_and_keeps_its_password_to_itself(kind: str, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue(kind)
    server.start()
    family = [member.pid for member in processes_in(server._pid_path.parent, server.program_name)]
    assert server.pid() in family
    assert all(Path(f"/proc/{pid}").stat().st_uid != 0 for pid in family)
    assert all(server.password not in " ".join(command_line(pid)) for pid in family)
    assert os.getsid(server.pid()) == server.pid()
    secret_files = [path for path in server.folder.rglob("*") if path.suffix == ".conf"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in [server.folder, *secret_files])


@pytest.mark.parametrize("kind", ["postgres", "valkey"])
def test_start_finds_the_running_server(kind: str, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue(kind)
    server.start()
    first = server.pid()
    server.start()
    assert server.pid() == first


@pytest.mark.parametrize("kind", ["postgres", "valkey"])
def test_a_taken_port_is_reported(kind: str, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue(kind)
    server.stop()
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", server.port))
        squatter.listen()
        with pytest.raises(PortTakenError, match=str(server.port)):
            server.start()


def test_a_stranger_with_the_recorded_pid_is_not_the_server(valkey: Valkey) -> None:
    valkey.initialise()
    (valkey.folder / "valkey.pid").write_text(f"{os.getpid()}\n")
    valkey.account.own(valkey.folder / "valkey.pid")
    assert valkey.pid() is None
    valkey.kill()
    assert Process.find(os.getpid()) is not None
    valkey.start()
    assert valkey.pid() not in {None, os.getpid()}


def test_helpers_of_a_killed_server_are_found_without_its_pid_file(postgres: Postgres) -> None:
    postgres.start()
    running = postgres.process()
    assert running is not None
    (postgres.data / "postmaster.pid").unlink()
    postgres.kill()
    assert not running.alive


def test_a_server_that_cannot_start_says_why(new_postgres: Postgres) -> None:
    new_postgres.initialise()
    (new_postgres.data / "PG_VERSION").write_text("3\n")
    with pytest.raises(ServerError, match="PostgreSQL version 3"):
        new_postgres.start()


def test_a_half_made_cluster_is_made_again(new_postgres: Postgres) -> None:
    (new_postgres.folder / "data.new" / "base").mkdir(parents=True)
    for path in (new_postgres.folder / "data.new", new_postgres.folder / "data.new" / "base"):
        new_postgres.account.own(path)
    new_postgres.start()
    assert query(new_postgres.url, "SELECT 1") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user run the servers")
def test_files_move_where_the_servers_user_can_reach_them(tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    server = Valkey(hidden / "var", 1, "password")
    try:
        assert server.folder.is_relative_to("/var/lib/running-trainer")
        assert (hidden / "var" / "valkey").resolve() == server.folder
    finally:
        server.remove()
    assert not server.home.joinpath("valkey").exists()
