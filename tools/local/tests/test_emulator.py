"""The Strava emulator beside the services: when it runs, and what the processes are told of it."""

import http.client
import json
import os
import signal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sample_project import Project, eventually

from local.credentials import load_or_create
from local.environment import Platform
from local.processes import Process
from local.topology import EMULATOR, Service, SettingError, Topology

APP = {"STRAVA_CLIENT_ID": "4711", "STRAVA_CLIENT_SECRET": "of-a-real-app"}
AUTH, STRAVA, TRAINER = (Service(name, has_worker=True) for name in ("auth", "strava", "trainer"))


def platform(folder: Path, **settings: str) -> Platform:
    """A platform of three services that was never started."""
    topology = Topology(folder, 18000, (TRAINER, STRAVA, AUTH), settings, folder)
    return Platform(topology, load_or_create(folder / "secrets.env", ["auth", "strava", "trainer"]))


def answer(port: int, path: str = "/health") -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        body: dict[str, Any] = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return body


def test_it_stands_in_for_strava_where_there_are_no_credentials(tmp_path: Path) -> None:
    told = platform(tmp_path).environment(STRAVA, "worker")
    emulator = platform(tmp_path).emulator_environment()
    assert told["STRAVA_API_BASE"] == "http://127.0.0.1:19200/api/v3"
    assert told["STRAVA_OAUTH_BASE"] == "http://127.0.0.1:19200"
    assert emulator["PORT"] == "19200"
    assert told["STRAVA_CLIENT_ID"] == emulator["EMULATOR_CLIENT_ID"]
    assert told["STRAVA_CLIENT_SECRET"] == emulator["EMULATOR_CLIENT_SECRET"]
    assert Path(emulator["EMULATOR_HOME"]).parent == tmp_path


def test_real_credentials_are_passed_to_strava_and_auth_alone_and_no_emulator_runs(tmp_path: Path) -> None:
    with_app = platform(tmp_path, **APP)
    told = with_app.environment(STRAVA, "service")
    assert {name: told[name] for name in APP} == APP
    assert "STRAVA_API_BASE" not in told
    assert set(APP) <= set(with_app.environment(AUTH, "service"))
    assert not set(APP) & set(with_app.environment(TRAINER, "service"))
    assert not with_app.topology.has_emulator


def test_half_of_the_credentials_is_refused_by_name(tmp_path: Path) -> None:
    for name, value in APP.items():
        with pytest.raises(SettingError, match="STRAVA_CLIENT_ID and STRAVA_CLIENT_SECRET"):
            Topology.from_environment({name: value}, tmp_path)


def test_strava_has_secrets_of_its_own(tmp_path: Path) -> None:
    told = platform(tmp_path).environment(STRAVA, "service")
    assert told["ENCRYPTION_KEYS"] != platform(tmp_path).credentials.encryption_keys
    assert told["ENCRYPTION_KEYS"].startswith("k1:")
    names = ("STRAVA_WEBHOOK_SECRET", "STRAVA_VERIFY_TOKEN", "STRAVA_CLIENT_SECRET", "SIGNING_SECRETS")
    assert len({told[name] for name in names}) == len(names)
    others = platform(tmp_path).environment(TRAINER, "service")
    assert not {"ENCRYPTION_KEYS", *names} & set(others)


def test_everybody_knows_the_public_address(tmp_path: Path) -> None:
    assert platform(tmp_path).environment(STRAVA, "service")["PUBLIC_URL"] == "http://127.0.0.1:18000"
    given = platform(tmp_path, PUBLIC_URL="https://run.example")
    assert given.environment(STRAVA, "service")["PUBLIC_URL"] == "https://run.example"


def restarted(project: Project, before: Process) -> Process | None:
    pid = project.state.units[EMULATOR].pid
    return Process.find(pid) if pid not in {None, before.pid} else None


def test_it_starts_with_the_platform_comes_back_and_goes_with_it(peopled: Project) -> None:
    done = peopled.command("up")
    assert done.returncode == 0, done.stderr
    port = peopled.topology.emulator_port
    assert f"http://127.0.0.1:{port}" in done.stdout
    assert len(answer(port, "/emulator/athletes")) == 3
    secret = answer(peopled.topology.port("strava"))["environment"]["STRAVA_CLIENT_SECRET"]
    assert secret in (peopled.home / "secrets.env").read_text(encoding="utf-8")

    before = peopled.process(EMULATOR)
    os.kill(before.pid, signal.SIGKILL)
    after = eventually(partial(restarted, peopled, before))
    assert after is not None
    eventually(lambda: peopled.command("status").returncode == 0)
    assert EMULATOR in peopled.command("status").stdout
    assert (peopled.topology.emulator_home / "app.json").exists()
    assert peopled.command("logs", EMULATOR).returncode == 0
    assert peopled.command("down").returncode == 0
    assert not after.alive
