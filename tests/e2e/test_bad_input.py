"""Whatever is sent, the answer is the right 4xx as a problem that says what to do."""

import gzip
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from running_platform import Person, RunningPlatform

Reader = Callable[[str], tuple[str, bytes]]
BODY_METHODS = {"post", "put", "patch"}
SWITCHED_OFF = {"/strava/webhook"}
NEEDED = {
    "/activities/{activity_id}/merge": {"activity_id": str(uuid4())},
    "/activities/{activity_id}/unmerge": {"recording_id": str(uuid4())},
    "/strava/activities/{activity_id}/description": {"text": "Mine"},
}
"""What has to be said before anybody looks at whose it is."""


def assert_problem(answer: httpx2.Response, *statuses: int) -> None:
    where = f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:300]}"
    assert answer.status_code in statuses, where
    assert answer.headers["content-type"] == "application/problem+json", where
    body = answer.json()
    assert body["next_steps"], where
    assert body["status"] == answer.status_code, where
    assert body["request_id"] == answer.headers["x-request-id"], where


@pytest.fixture(scope="session")
def operations(platform: RunningPlatform) -> list[tuple[str, str, dict[str, Any]]]:
    """Every (method, path under /api/v1, operation) of the merged schema."""
    schema = httpx2.get(f"{platform.url}/api/openapi.json").json()
    found = [
        (method, path.removeprefix("/api/v1"), operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if path.startswith("/api/v1/")
    ]
    assert len(found) >= 25
    return found


@dataclass
class Askers:
    """An athlete, and the administrator for what the gateway lets nobody else through to."""

    athlete: Person
    admin: Person

    def request(self, method: str, path: str, **options: Any) -> httpx2.Response:
        return self.of(path).http.request(method, path, **options)

    def of(self, path: str) -> Person:
        return self.admin if administers(path) else self.athlete


@pytest.fixture
def askers(platform: RunningPlatform, runner: Person) -> Iterator[Askers]:
    admin = platform.admin()
    yield Askers(runner, admin)
    admin.close()


def administers(path: str) -> bool:
    return path.startswith("/admin/")


def by_role(path: str) -> list[int]:
    """What is for coaches only is refused to an athlete, whatever is sent; nothing is refused to the administrator."""
    return [] if administers(path) else [403]


def filled(path: str, value: str) -> str:
    return re.sub(r"\{[^}]+\}", value, path)


def test_every_endpoint_refuses_a_missing_and_a_broken_token(
    platform: RunningPlatform, operations: list[tuple[str, str, dict[str, Any]]]
) -> None:
    with httpx2.Client(base_url=f"{platform.url}/api/v1") as nobody:
        for method, path, operation in operations:
            security = operation.get("security")
            if not security or {} in security:
                continue
            target = filled(path, str(uuid4()))
            assert_problem(nobody.request(method, target), 401)
            for token in ("broken", "a.b.c", "eyJhbGciOiJub25lIn0.e30."):
                assert_problem(nobody.request(method, target, headers={"Authorization": f"Bearer {token}"}), 401)


def test_every_endpoint_refuses_unknown_and_malformed_ids(
    askers: Askers, operations: list[tuple[str, str, dict[str, Any]]]
) -> None:
    for method, path, _ in operations:
        if "_id}" not in path:
            continue
        sent = {"json": NEEDED.get(path, {})} if method in BODY_METHODS else {}
        body: dict[str, Any] = {"params": {"token": "unknown"}} | sent
        assert_problem(askers.request(method, filled(path, str(uuid4())), **body), 404, *by_role(path))
        assert_problem(askers.request(method, filled(path, "not-an-id"), **body), 404, 422, *by_role(path))


def test_every_endpoint_refuses_another_method(
    askers: Askers, operations: list[tuple[str, str, dict[str, Any]]]
) -> None:
    for path in {path for _, path, _ in operations}:
        target = filled(path, str(uuid4()))
        # Another path with a parameter may match this one too, with methods of its own.
        methods = {method for method, other, _ in operations if re.fullmatch(filled(other, "[^/]+"), target)}
        wrong = next(each for each in ("put", "delete", "post", "patch") if each not in methods)
        assert_problem(askers.request(wrong, target), 405)


def test_every_body_is_checked_for_syntax_type_fields_and_size(
    askers: Askers, operations: list[tuple[str, str, dict[str, Any]]]
) -> None:
    as_json = {"Content-Type": "application/json"}
    for method, path, operation in operations:
        if "application/json" not in operation.get("requestBody", {}).get("content", {}):
            continue
        target = filled(path, str(uuid4()))
        # Whose it is, and whether the operator has switched it on, may be looked at before what is said.
        foreign = [404] if "{" in path or path in SWITCHED_OFF else []
        first = [*foreign, *by_role(path)]
        assert_problem(askers.request(method, target, content=b"{", headers=as_json), 400, *first)
        for wrong in (b"[]", b'"text"', b"5", b"null", b'{"unknown_field_only": {"deep": [1, 2]}}'):
            if administers(path) and wrong == b"null" and not operation["requestBody"].get("required"):
                continue  # nothing is said, which is right: it would be done for everybody
            answer = askers.request(method, target, content=wrong, headers=as_json)
            if answer.is_success and not administers(path):  # every field of this body may be left out
                assert wrong.startswith(b"{"), f"{method} {path} took {wrong!r}"
                continue
            # Where a body may be left out, null is none, and something else may be in the way.
            optional = [409] if wrong == b"null" and not operation["requestBody"].get("required") else []
            assert_problem(answer, 400, 422, *first, *optional)
        large = b'{"x": "' + b"x" * (9 << 20) + b'"}'
        assert_problem(askers.request(method, target, content=large, headers=as_json), 413)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=201", "limit=x", "cursor=bad", "cursor=W10", "from=yesterday", "from=2026-11-20T00:00:00",
        "min_distance=-1", "min_distance=nan", "q=" + "x" * 101,
    ],
)  # fmt: skip
def test_bad_filters_of_the_list_are_refused(runner: Person, query: str) -> None:
    assert_problem(runner.http.get(f"/activities?{query}"), 422)


@pytest.mark.parametrize("query", ["q=%00", "q=%25%5C", "sport=%F0%9F%8F%83", "source=%00"])
def test_strange_filters_do_not_break_the_list(runner: Person, query: str) -> None:
    answer = runner.http.get(f"/activities?{query}")
    assert answer.status_code in (200, 422)


def test_unknown_addresses_and_strange_paths_are_problems(platform: RunningPlatform, runner: Person) -> None:
    for path in ("/nowhere", "/activities/../auth/me/x", "/internal/events", "//activities", "/activities/%2e%2e/x"):
        assert_problem(runner.http.get(path), 400, 404, 422)
    assert_problem(httpx2.get(f"{platform.url}/internal/events"), 404)
    assert_problem(httpx2.get(f"{platform.url}/api/v1/internal/events"), 404)
    assert_problem(runner.http.get("/analytics/best-efforts-cached?window=5y"), 422)
    assert_problem(runner.http.post("/imports", files={"other": ("a.fit", b"x")}), 400, 422)
    assert_problem(runner.http.post("/imports", json={"files": []}), 400, 415, 422)


def zipped(entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return target.getvalue()


def gpx(points: str) -> bytes:
    return (
        '<?xml version="1.0"?><gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1">'
        f"<trk><trkseg>{points}</trkseg></trk></gpx>"
    ).encode()


def bomb(levels: int = 12) -> bytes:
    entities = '<!ENTITY a0 "aaaaaaaaaa">' + "".join(
        f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, levels)
    )
    return f'<?xml version="1.0"?><!DOCTYPE gpx [{entities}]><gpx>&a{levels - 1};</gpx>'.encode()


def quadratic() -> bytes:
    return f'<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a "{"a" * 50_000}">]><gpx>{"&a;" * 50_000}</gpx>'.encode()


NAN = gpx(
    "".join(
        f'<trkpt lat="NaN" lon="inf"><ele>NaN</ele><time>2026-01-01T00:00:{second:02}Z</time></trkpt>'
        for second in range(30)
    )
)


REASONS = {
    "empty.fit": "is empty",
    "text.gpx": "neither FIT, GPX nor TCX",
    "bomb.gpx": "declares a document type or entities",
    "quadratic.gpx": "declares a document type or entities",
    "nan.gpx": "no samples left once impossible ones are dropped",
    "inflates.fit.gz": "inflates to more than 200 times its size",
    "zeros.fit": "larger than 64 MiB",
    "nested.zip": "an archive inside",
}
"""Why each is refused, as the athlete reads it."""


@pytest.mark.inside
def test_bad_uploads_are_refused_one_by_one_and_the_rest_is_imported(
    platform: RunningPlatform, runner: Person, recording: Reader
) -> None:
    good_name, good = recording("run-5k-hr.fit")
    alone = {
        "empty.fit": b"",
        "text.gpx": b"this is no recording\n" * 100,
        "bomb.gpx": bomb(),
        "quadratic.gpx": quadratic(),
        "nan.gpx": NAN,
        "inflates.fit.gz": gzip.compress(bytes(100 << 20)),
    }
    archive = zipped(
        {"inner/good.fit": good, "nested.zip": zipped({"x.fit": good}), "../../etc/passwd.fit": good[:5000]}
    )
    flat_bomb = zipped({"zeros.fit": bytes(100 << 20)})
    files = [*alone.items(), (good_name, good), ("archive.zip", archive), ("flat.zip", flat_bomb)]
    worker, memory = platform.pid_of("strava-worker"), platform.memory_of("strava-worker")
    items = runner.import_files(files)
    outcomes = {name: item["state"] for name, item in items.items()}
    for name, reason in REASONS.items():
        assert outcomes.pop(name) == "rejected", items[name]
        assert reason in items[name]["reason"]
    assert sorted([outcomes.pop(good_name), outcomes.pop("inner/good.fit")]) == ["duplicate", "imported"]
    assert outcomes.pop("etc/passwd.fit") in {"imported", "merged", "rejected"}  # a damaged one: what can be read of it
    assert not outcomes
    again = runner.import_files([recording("race-10k.fit")])
    assert again["race-10k.fit"]["state"] == "imported"
    assert platform.pid_of("strava-worker") == worker
    assert platform.memory_of("strava-worker") < memory + (64 << 20)


def test_a_truncated_recording_gives_what_can_be_read_and_says_so(runner: Person, recording: Reader) -> None:
    name, data = recording("run-10k-hr-11-laps.fit")
    item = runner.import_files([(name, data[: len(data) // 2])])[name]
    assert item["state"] == "imported"
    assert item["quality"][0]["damaged"] is True
    [activity_id] = item["activity_ids"]
    assert 3000 < runner.get(f"/activities/{activity_id}")["distance"] < 8000


def test_the_type_of_a_problem_leads_to_its_explanation(platform: RunningPlatform, runner: Person) -> None:
    path, _, code = runner.http.get(f"/activities/{uuid4()}").json()["type"].partition("#")
    page = httpx2.get(f"{platform.url}{path}")
    assert (page.status_code, code) == (200, "activity.not_found")
    assert f'id="{code}"' in page.text
