"""The files of a deployment know every service, as the code does."""

import re
from typing import Any

import pytest
import yaml
from tools.deploy.make_secrets import ROOT, services

from local.topology import EMULATOR_OFFSET, PORT_OFFSETS, WORKER_METRICS_OFFSET

PORTS = {name: 8000 + offset for name, offset in PORT_OFFSETS.items()}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return found


def images() -> dict[str, str]:
    return {name: (ROOT / "services" / name / "Dockerfile").read_text() for name in services()}


def test_compose_starts_every_process_on_its_port(compose: dict[str, Any]) -> None:
    for name, has_database in services().items():
        port = PORTS[name]
        assert compose["services"][name]["ports"][0].endswith(f":-{port}}}:{port}"), name
        if has_database:
            worker, migrate = (compose["services"][f"{name}-{role}"] for role in ("worker", "migrate"))
            assert worker["command"][-2:] == [name, "--worker"]
            assert worker["healthcheck"]["test"][-1] == str(port + WORKER_METRICS_OFFSET)
            assert migrate["command"][-2:] == ["common.db.migrate", name]
            assert set(compose["services"][name]["depends_on"]) == {f"{name}-migrate", "valkey"}


def test_compose_publishes_to_this_machine_only_and_keeps_data_inside(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert all(
            re.match(r"(127\.0\.0\.1|\$\{GATEWAY_BIND:-127\.0\.0\.1\}):", port) for port in service.get("ports", [])
        )
        assert service["read_only"], name
        assert service["mem_limit"], name
    assert compose["networks"]["data_network"] == {"internal": True}
    assert {name for name in ("postgres", "valkey") if compose["services"][name]["networks"] == ["data_network"]} == {
        "postgres",
        "valkey",
    }


def test_every_container_sees_its_own_secrets(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        owner = re.sub("-(worker|migrate)$", "", name)
        mounted = [each["source"] for each in service["volumes"] if isinstance(each, dict)]
        assert mounted == [f"${{RT_SECRETS:-./secrets}}/{owner}"]


def test_an_image_listens_and_is_asked_after_its_health_where_its_service_is_expected() -> None:
    for name, text in images().items():
        port = PORTS[name]
        assert f"PORT={port}" in text
        assert f'probe.py", "{port}"]' in text
        assert f'CMD ["python", "-m", "common.run", "{name}"]' in text
        assert f"COPY requirements/{name}.txt" in text


def test_an_image_holds_its_own_service_and_no_other() -> None:
    for name, text in images().items():
        assert set(re.findall(r"services/(\w+)", text)) == {name}


def test_the_emulator_is_where_strava_is_told() -> None:
    emulated = yaml.safe_load((ROOT / "docker-compose.emulator.yml").read_text())["services"]
    port = 8000 + EMULATOR_OFFSET
    told = emulated["strava"]["environment"]
    assert told["STRAVA_API_BASE"] == f"http://strava-emulator:{port}/api/v3"
    assert told["STRAVA_OAUTH_BASE"] == f"http://127.0.0.1:${{EMULATOR_PORT:-{port}}}"
    assert emulated["strava-worker"]["environment"] == told
    assert emulated["strava-emulator"]["ports"] == [f"127.0.0.1:${{EMULATOR_PORT:-{port}}}:{port}"]
