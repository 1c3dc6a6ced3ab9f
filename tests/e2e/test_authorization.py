"""Who may do what: every operation of the description, asked by everybody who must not."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from forged_tokens import bearer, forged, genuine, problem_of
from operations import MADE_UP_ID, Operation, operations_of
from running_platform import Person, RunningPlatform, eventually

from local.topology import PORT_OFFSETS

UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 401, 403, 404
OK = 200

PLAN = {"name": "Mine", "start_date": "2026-04-27", "end_date": "2026-05-31"}
WORKOUT = {"date": "2026-05-04", "name": "Mine", "kind": "easy", "planned": {"distance": 8000}}
RUN = {"date": "2026-05-05", "name": "Mine", "sport": "Run", "distance": 8000, "duration": 2400}
DONE = {"name": "Mine", "sport": "Workout", "start_time": "2026-05-06T06:00:00Z", "elapsed_time": 600}
WRITING = "read,activity:read_all,profile:read_all,activity:write"
SHOES = {"kind": "shoes", "name": "Mine"}
ZONE = {"name": "Mine", "lat": -45.0, "lng": 9.0, "radius": 100}
BODIES: dict[str, Any] = {
    "PATCH /api/v1/activities/{activity_id}": {"name": "Taken"},
    "POST /api/v1/activities/{activity_id}/merge": {"activity_id": MADE_UP_ID},
    "POST /api/v1/activities/{activity_id}/unmerge": {"recording_id": MADE_UP_ID},
    "PATCH /api/v1/gear/{gear_id}": {"name": "Taken"},
    "PATCH /api/v1/privacy-zones/{zone_id}": {"name": "Taken"},
    "PUT /api/v1/plans/{plan_id}": PLAN,
    "PATCH /api/v1/plans/{plan_id}": {"name": "Taken"},
    "POST /api/v1/plans/{plan_id}/workouts": WORKOUT,
    "PUT /api/v1/workouts/{workout_id}": WORKOUT,
    "PATCH /api/v1/workouts/{workout_id}": {"name": "Taken"},
    "POST /api/v1/workouts/{workout_id}/move": {"date": "2026-05-06"},
    "PUT /api/v1/runs/{run_id}": RUN,
    "PUT /api/v1/strava/activities/{activity_id}/description": {"text": "Taken"},
    "PATCH /api/v1/runs/{run_id}": {"name": "Taken"},
}
"""What has to be sent to get as far as the question whose it is."""

NOBODYS = {"provider", "secret", "deletion_id"}
"""Parameters that name nothing of a person's."""


def gpx(latitude: float) -> bytes:
    points = "".join(
        f'<trkpt lat="{latitude + second * 3 / 111_195:.6f}" lon="9.0"><ele>100</ele>'
        f"<time>2026-05-04T06:{second // 60:02d}:{second % 60:02d}Z</time></trkpt>"
        for second in range(0, 900, 5)
    )
    head = '<?xml version="1.0"?><gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>'
    return f"{head}{points}</trkseg></trk></gpx>".encode()


@dataclass
class Owner:
    """An athlete with one of everything; ``ids`` by the name of the parameter."""

    person: Person
    ids: dict[str, str] = field(default_factory=dict)

    def state(self) -> list[Any]:
        """All that a foreign hand could change."""
        listed = (
            "/activities",
            "/gear",
            "/privacy-zones",
            "/plans",
            "/workouts",
            "/runs",
            "/imports",
            "/pdf/documents",
        )
        tokens = [each["id"] for each in self.person.get("/auth/tokens")["items"]]
        return [*(self.person.get(path) for path in (*listed, "/auth/me")), tokens]


@pytest.fixture(scope="module")
def owner(platform: RunningPlatform) -> Iterator[Owner]:
    person = platform.person()
    items = person.import_files([("mine.gpx", gpx(45.0))])
    connect_strava(platform, person)
    made = {
        "plan_id": person.http.post("/plans", json=PLAN),
        "run_id": person.http.post("/runs", json=RUN),
        "gear_id": person.http.post("/gear", json=SHOES),
        "zone_id": person.http.post("/privacy-zones", json=ZONE),
        "export_id": person.http.post("/auth/export"),
        "push_id": person.http.post("/strava/manual", json=DONE),
        "token_id": person.http.post("/auth/tokens", json={"name": "Mine", "scopes": ["activities:read"]}),
    }
    assert all(answer.is_success for answer in made.values()), {name: each.text for name, each in made.items()}
    ids = {name: answer.json()["id"] for name, answer in made.items()}
    ids["activity_id"] = items["mine.gpx"]["activity_ids"][0]
    ids["workout_id"] = person.http.post(f"/plans/{ids['plan_id']}/workouts", json=WORKOUT).json()["id"]
    ids["document_id"] = person.http.post(f"/pdf/plans/{ids['plan_id']}").json()["id"]
    ids["import_id"] = person.get("/imports")["items"][0]["id"]
    ids["session_id"] = person.get("/auth/sessions")["items"][0]["id"]
    ids["user_id"] = person.get("/auth/me")["id"]
    efforts = eventually(lambda: person.best_efforts()["1km"], within=30, what="efforts")
    ids["effort_id"] = efforts[0]["effort_id"]
    eventually(lambda: not unsettled(person, ids), within=60, what="that all has come to rest")
    yield Owner(person, ids)
    person.close()


def connect_strava(platform: RunningPlatform, person: Person) -> None:
    strava = platform.strava
    assert strava.connect(person, strava.new_athlete(), WRITING).status_code == OK
    strava.http.close()


def unsettled(person: Person, ids: dict[str, str]) -> bool:
    document = person.get(f"/pdf/documents/{ids['document_id']}")["state"]
    pictured = person.get(f"/activities/{ids['activity_id']}")["thumbnail_url"]
    pushed = person.get(f"/strava/uploads/{ids['push_id']}")["strava_id"]
    arrived = any(each["strava_id"] == pushed for each in person.get("/activities")["items"])
    return document in {"queued", "running"} or not pictured or not pushed or not arrived


@pytest.fixture(scope="module")
def operations(platform: RunningPlatform) -> list[Operation]:
    found = operations_of(platform.url)
    assert len(found) > 80
    return found


@pytest.fixture(scope="module")
def services(platform: RunningPlatform, operations: list[Operation]) -> dict[str, list[Operation]]:
    """What takes a token at each service's own door, by address."""
    protected = {each.name for each in operations if not each.is_public and "signature" not in str(each.description)}
    base = platform.port
    doors = [f"http://127.0.0.1:{base + offset}" for name, offset in PORT_OFFSETS.items() if name != "gateway"]
    found = {url: [each for each in operations_of(url, "/openapi.json") if each.name in protected] for url in doors}
    return {url: each for url, each in found.items() if each}


def ask(http: httpx2.Client, operation: Operation, ids: dict[str, str], **options: Any) -> httpx2.Response:
    body = BODIES.get(operation.name)
    sent = {"json": body} if body is not None else {}
    return http.request(operation.method, operation.filled(ids), **sent, **options)


def wrong(answers: dict[str, httpx2.Response], *expected: int) -> dict[str, str]:
    """Answers with another status, and those that are no problem documents."""
    found = {}
    for name, answer in answers.items():
        if answer.status_code not in expected:
            found[name] = f"{answer.status_code} {answer.text[:120]}"
        else:
            problem_of(answer)
    return found


def test_what_needs_no_token_is_known(operations: list[Operation]) -> None:
    assert {each.name for each in operations if each.is_public} == {
        "GET /.well-known/jwks.json",
        "POST /api/v1/auth/register",
        "POST /api/v1/auth/verify-email",
        "POST /api/v1/auth/login",
        "POST /api/v1/auth/token",
        "POST /api/v1/auth/refresh",
        "POST /api/v1/auth/password/forgot",
        "POST /api/v1/auth/password/reset",
        "GET /api/v1/auth/options",
        "GET /api/v1/auth/oauth/{provider}/start",
        "GET /api/v1/auth/oauth/{provider}/callback",
        "GET /api/v1/auth/deletions/{deletion_id}",
        "GET /api/v1/strava/callback",
        "GET /api/v1/strava/webhook/{secret}",
        "POST /api/v1/strava/webhook/{secret}",
        "GET /api/v1/strava/webhook",
        "POST /api/v1/strava/webhook",
    }


def test_everything_else_is_refused_to_nobody(
    platform: RunningPlatform, operations: list[Operation], owner: Owner
) -> None:
    identity = {"X-User-ID": owner.ids["user_id"], "X-User-Roles": "admin", "X-Internal-Service": "strava"}
    with httpx2.Client(base_url=platform.url, timeout=30) as http:
        for headers in ({}, identity):
            answers = {
                each.name: ask(http, each, owner.ids, headers=headers) for each in operations if not each.is_public
            }
            assert wrong(answers, UNAUTHORIZED) == {}


@pytest.mark.inside
def test_no_forged_token_opens_anything(platform: RunningPlatform, operations: list[Operation], owner: Owner) -> None:
    tokens = forged(platform, owner.ids["user_id"])
    with httpx2.Client(base_url=platform.url, timeout=30) as http:
        fine = http.get("/api/v1/auth/me", headers=bearer(tokens.pop("genuine")))
        assert (fine.status_code, fine.json()["id"]) == (OK, owner.ids["user_id"]), "what else would this test show?"
        answers = {
            f"{each.name} with a token that is: {kind}": ask(http, each, owner.ids, headers=bearer(token))
            for kind, token in tokens.items()
            for each in operations
            if not each.is_public
        }
    assert wrong(answers, UNAUTHORIZED) == {}


@pytest.mark.inside
def test_services_refuse_forged_tokens_themselves(
    platform: RunningPlatform, services: dict[str, list[Operation]], owner: Owner
) -> None:
    tokens = forged(platform, owner.ids["user_id"])
    del tokens["genuine"]
    for url, found in services.items():
        with httpx2.Client(base_url=url, timeout=30) as http:
            answers = {
                f"{each.name} with a token that is: {kind}": ask(http, each, owner.ids, headers=bearer(token))
                for kind, token in tokens.items()
                for each in found
            }
            answers |= {f"{each.name} without": ask(http, each, owner.ids) for each in found}
        assert wrong(answers, UNAUTHORIZED) == {}


def test_every_parameter_is_known(operations: list[Operation], owner: Owner) -> None:
    """A new kind of thing has to be made above, and a new kind of request to be sent with a body that is valid."""
    personal = [each for each in operations if not each.is_public and not each.administers]
    assert {name for each in personal for name in each.parameters} <= owner.ids.keys() | NOBODYS
    needing = {
        each.name
        for each in personal
        if each.parameters
        and each.description.get("requestBody", {}).get("required")
        and not NOBODYS & {*each.parameters}
    }
    assert needing <= BODIES.keys()


@pytest.fixture(params=["athlete", "coach", "admin"])
def stranger(request: pytest.FixtureRequest, platform: RunningPlatform) -> Iterator[Person]:
    """Somebody else: an athlete, a coach to whom nobody consented, an administrator."""
    person = platform.admin() if request.param == "admin" else platform.person()
    if request.param == "coach":
        make_coach(platform, person)
    yield person
    person.close()


def make_coach(platform: RunningPlatform, person: Person) -> None:
    admin = platform.admin()
    user_id = person.get("/auth/me")["id"]
    answer = admin.http.patch(f"/admin/users/{user_id}", json={"roles": ["athlete", "coach"]})
    assert answer.status_code == OK, answer.text
    admin.close()
    person.renew()
    assert "coach" in person.get("/auth/me")["roles"]


def about_things(operations: list[Operation]) -> list[Operation]:
    """Those whose path names something of a person's."""
    personal = [each for each in operations if not each.is_public and not each.administers]
    return [each for each in personal if each.parameters and not NOBODYS & {*each.parameters}]


def test_what_is_somebody_elses_does_not_exist(
    platform: RunningPlatform, operations: list[Operation], owner: Owner, stranger: Person
) -> None:
    before = owner.state()
    http = httpx2.Client(base_url=platform.url, timeout=30, headers=stranger.http.headers)
    http.headers |= {"X-User-ID": owner.ids["user_id"], "X-Forwarded-User": owner.ids["user_id"]}
    theirs = about_things(operations)
    assert len(theirs) > 30
    answers = {each.name: ask(http, each, owner.ids) for each in theirs}
    assert wrong(answers, NOT_FOUND) == {}
    made_up = {each.name: ask(http, each, {}) for each in theirs}
    assert {name: problem_of(each)["code"] for name, each in answers.items()} == {
        name: problem_of(each)["code"] for name, each in made_up.items()
    }, "a foreign id is told from one that nobody has"
    assert owner.state() == before
    http.close()


def test_what_strangers_do_not_find_is_there_for_its_owner(operations: list[Operation], owner: Owner) -> None:
    """What else would the refusals show?"""
    reads = [each for each in about_things(operations) if each.method == "GET"]
    assert len(reads) > 10
    pushed = owner.person.get(f"/strava/uploads/{owner.ids['push_id']}")["strava_id"]
    found = {}
    for each in reads:
        # What is read at Strava itself is about an activity that is there too.
        ids = owner.ids | ({"activity_id": str(pushed)} if each.path.startswith("/api/v1/strava/") else {})
        # Only the head: progress of an import is told for as long as one listens.
        with owner.person.http.stream("GET", each.filled(ids).removeprefix("/api/v1")) as answer:
            found[each.name] = answer.status_code
    assert {name: status for name, status in found.items() if status != OK} == {}


def test_no_list_shows_what_is_somebody_elses(
    platform: RunningPlatform, operations: list[Operation], owner: Owner, new_person: Callable[[], Person]
) -> None:
    stranger = new_person()
    secrets = {name: value for name, value in owner.ids.items() if value}
    with httpx2.Client(base_url=platform.url, timeout=30, headers=stranger.http.headers) as http:
        for each in operations:
            if each.method == "GET" and not each.parameters and not each.administers:
                text = http.get(each.path, params={"athlete_id": owner.ids["user_id"], "limit": 200}).text
                assert not [name for name, value in secrets.items() if value in text], each.name


@pytest.mark.parametrize("role", ["athlete", "coach"])
def test_administration_is_for_administrators(
    platform: RunningPlatform, operations: list[Operation], new_person: Callable[[], Person], role: str
) -> None:
    person = new_person()
    if role == "coach":
        make_coach(platform, person)
    administering = [each for each in operations if each.administers]
    assert len(administering) >= 8
    with httpx2.Client(base_url=platform.url, timeout=30, headers=person.http.headers) as http:
        answers = {each.name: ask(http, each, {}) for each in administering}
        assert wrong(answers, FORBIDDEN) == {}


def test_administrators_may_administer(platform: RunningPlatform, operations: list[Operation]) -> None:
    admin = platform.admin()
    for each in operations:
        if each.administers and each.method == "GET" and not each.parameters:
            assert admin.http.get(platform.url + each.path).status_code == OK, each.name
    admin.close()


AREAS = {"activities": "/activities", "training": "/plans", "analytics": "/analytics/best-efforts-cached"}
AREAS |= {"documents": "/pdf/documents", "profile": "/auth/me"}


def personal(person: Person, *scopes: str) -> dict[str, str]:
    made = person.http.post("/auth/tokens", json={"name": "A script", "scopes": list(scopes)})
    assert made.status_code == 201, made.text
    return bearer(made.json()["token"])


@pytest.mark.parametrize("area", AREAS)
def test_a_personal_token_opens_what_its_scopes_name(runner: Person, area: str) -> None:
    headers = personal(runner, f"{area}:read")
    for each, path in AREAS.items():
        expected = OK if each == area else FORBIDDEN
        assert runner.http.get(path, headers=headers).status_code == expected, path


def test_a_personal_token_may_not_do_what_takes_a_person(
    platform: RunningPlatform, operations: list[Operation], owner: Owner
) -> None:
    headers = personal(owner.person, *(f"{area}:write" for area in AREAS))
    before = owner.state()
    with httpx2.Client(base_url=platform.url, timeout=30, headers=headers) as http:
        answers = {
            each.name: ask(http, each, owner.ids)
            for each in operations
            if each.path.startswith("/api/v1/auth/")
            and not each.is_public
            and each.name not in {"GET /api/v1/auth/me", "PATCH /api/v1/auth/me"}
        }
    assert len(answers) > 10
    assert wrong(answers, FORBIDDEN) == {}
    assert owner.state() == before


def test_a_personal_token_for_reading_writes_nothing(
    platform: RunningPlatform, operations: list[Operation], owner: Owner
) -> None:
    headers = personal(owner.person, *(f"{area}:read" for area in AREAS))
    before = owner.state()
    with httpx2.Client(base_url=platform.url, timeout=30, headers=headers) as http:
        answers = {
            each.name: ask(http, each, owner.ids) for each in operations if each.method != "GET" and not each.is_public
        }
    assert wrong(answers, FORBIDDEN) == {}
    assert owner.state() == before


@pytest.mark.inside
def test_a_service_is_no_person_and_a_person_no_service(
    platform: RunningPlatform, services: dict[str, list[Operation]], owner: Owner
) -> None:
    service = genuine(platform, "service:strava", roles=[], scope="internal", sid=None)
    person = genuine(platform, str(uuid.UUID(MADE_UP_ID)), scope="internal all")
    for url, found in services.items():
        with httpx2.Client(base_url=url, timeout=30) as http:
            answers = {each.name: ask(http, each, owner.ids, headers=bearer(service)) for each in found}
            answers |= {"events for a person": http.get("/internal/events", headers=bearer(person))}
            assert wrong(answers, FORBIDDEN) == {}
            assert http.get("/internal/events", headers=bearer(service)).status_code == OK


def test_what_services_tell_each_other_is_not_routed(platform: RunningPlatform, runner: Person) -> None:
    for path in ("/internal/events", "/internal/token", "/internal/revocations", f"/internal/people/{MADE_UP_ID}"):
        for prefix in ("", "/api", "/api/v1"):
            answer = runner.http.get(platform.url + prefix + path)
            assert answer.status_code == NOT_FOUND, answer.text
