import datetime as dt
import json
import stat
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from common.testing.ports import free_port
from local.demo import training
from local.demo.api import Api
from local.demo.athlete import load_or_create, sign_in
from local.demo.command import fill
from local.demo.errors import ApiError, MatchingStalledError
from local.demo.importing import missing
from local.demo.remembered import recall, remember
from local.demo.sessions import sessions
from local.demo.training import add_missing, wait_for_matching
from local.startup import StartError
from local.topology import Service, SettingError, Topology

TODAY = dt.date(2026, 11, 20)
SERVICES = tuple(Service(name, has_worker=False) for name in ("gateway", "auth", "strava", "trainer"))
Answer = tuple[int, dict[str, str], Any]


class Gateway:
    """A server with answers laid out by method and path, each once, the last one for ever; it keeps what it got."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.seen: list[tuple[float, str, Any]] = []
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                key = f"{self.command} {self.path.removeprefix('/api/v1')}"
                gateway.seen.append((time.monotonic(), key, json.loads(body) if body else None))
                waiting = gateway.answers[key]
                status, headers, content = waiting.pop(0) if len(waiting) > 1 else waiting[0]
                data = json.dumps(content).encode()
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(data))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = answer  # noqa: N815 - the base class asks for these names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - so called in the base class
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = False
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def answer(self, key: str, *answers: Answer) -> None:
        self.answers[key] = list(answers)

    @property
    def keys(self) -> list[str]:
        return [key for _, key, _ in self.seen]

    def stop(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    running = Gateway()
    running.answer("POST /auth/login", (200, {}, {"access_token": "a"}))
    running.answer("PATCH /auth/me", (200, {}, {}))
    yield running
    running.stop()


@pytest.fixture
def api(gateway: Gateway) -> Iterator[Api]:
    client = Api(gateway.url)
    yield client
    client.close()


def test_a_rate_limit_is_waited_for(gateway: Gateway, api: Api) -> None:
    gateway.answer("GET /activities", (429, {"Retry-After": "1"}, {"title": "Slow down"}), (200, {}, {"items": []}))
    assert api.get("/activities") == {"items": []}
    (first, _, _), (second, _, _) = gateway.seen
    assert second - first >= 1.0


def test_an_expired_token_is_renewed_by_signing_in_again(gateway: Gateway, api: Api) -> None:
    api.sign_in("a@example.org", "password")
    gateway.answer("GET /auth/me", (401, {}, {"title": "Expired"}), (200, {}, {"email": "a@example.org"}))
    assert api.get("/auth/me") == {"email": "a@example.org"}
    assert gateway.keys == ["POST /auth/login", "GET /auth/me", "POST /auth/login", "GET /auth/me"]


def test_a_refusal_is_told_in_the_platforms_words(gateway: Gateway, api: Api) -> None:
    problem = {"title": "Not allowed", "detail": "Because.", "next_steps": "Do that."}
    gateway.answer("POST /imports", (403, {}, problem))
    with pytest.raises(ApiError, match=r"answered 403: Not allowed Because\. Do that\.") as refused:
        api.send("POST", "/imports", {})
    assert refused.value.status == 403


def test_a_run_that_is_there_already_is_not_sent_again(gateway: Gateway, api: Api) -> None:
    story = sessions(TODAY, 2)
    known = [{"start_time": session.start.isoformat().replace("+00:00", "Z")} for session in story[:5]]
    gateway.answer("GET /activities?limit=200", (200, {}, {"items": known[:3], "next_cursor": "c"}))
    gateway.answer("GET /activities?limit=200&cursor=c", (200, {}, {"items": known[3:], "next_cursor": None}))
    assert missing(api, story) == story[5:]


class Operator:
    """Makes accounts, each with another password, and keeps their addresses."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def make(self, email: str) -> str:
        self.made.append(email)
        return f"password {len(self.made)}"


def test_a_new_athlete_gets_an_account_and_a_known_one_signs_in(gateway: Gateway, api: Api, tmp_path: Path) -> None:
    operator, new = Operator(), load_or_create(tmp_path, None, TODAY)
    made = sign_in(api, new, tmp_path, operator.make)
    assert (made.password, made.new, operator.made) == ("password 1", True, [new.email])
    assert gateway.keys == ["POST /auth/login", "PATCH /auth/me"]
    gateway.seen.clear()
    known = sign_in(api, load_or_create(tmp_path, None, TODAY), tmp_path, operator.make)
    assert (known.email, known.password, known.new) == (made.email, made.password, False)
    assert (gateway.keys, operator.made) == (["POST /auth/login"], [new.email])


def test_an_athlete_unknown_to_a_new_database_gets_another_account(gateway: Gateway, api: Api, tmp_path: Path) -> None:
    operator = Operator()
    sign_in(api, load_or_create(tmp_path, None, TODAY), tmp_path, operator.make)
    gateway.answer("POST /auth/login", (401, {}, {"title": "No"}), (200, {}, {"access_token": "a"}))
    again = sign_in(api, load_or_create(tmp_path, None, TODAY), tmp_path, operator.make)
    assert operator.made == [again.email, again.email]
    assert recall(tmp_path)["DEMO_PASSWORD"] == again.password == "password 2"


def test_the_sign_in_is_kept_where_only_its_owner_can_read_it(gateway: Gateway, api: Api, tmp_path: Path) -> None:
    assert gateway.url
    made = sign_in(api, load_or_create(tmp_path, None, TODAY), tmp_path, Operator().make)
    assert stat.S_IMODE((tmp_path / "demo.env").stat().st_mode) == 0o600
    again = load_or_create(tmp_path, None, TODAY)
    assert (again.email, again.password, again.new) == (made.email, made.password, False)


def test_the_training_ends_on_the_same_day_when_run_again_later(tmp_path: Path) -> None:
    load_or_create(tmp_path, None, TODAY)
    assert load_or_create(tmp_path, None, TODAY + dt.timedelta(days=30)).end == TODAY
    with pytest.raises(SettingError, match="ends on 2026-11-20, not 2026-10-01"):
        load_or_create(tmp_path, dt.date(2026, 10, 1), TODAY)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "demo.env").write_text("DEMO_EMAIL=a@example.org\n")
    with pytest.raises(SettingError, match=r"demo\.env is damaged"):
        load_or_create(tmp_path, None, TODAY)


def test_a_platform_that_is_not_up_is_told_so_and_nothing_is_written(tmp_path: Path) -> None:
    topology = Topology(home=tmp_path, port_base=free_port(), services=SERVICES)
    with pytest.raises(StartError, match="make up first"):
        fill(topology)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("months", [0, 25])
def test_an_impossible_number_of_months_is_refused(tmp_path: Path, months: int) -> None:
    with pytest.raises(SettingError, match="months must be 1 to 24"):
        fill(Topology(home=tmp_path, port_base=8000, services=SERVICES), months=months)


def test_a_service_that_the_demo_needs_is_named_when_it_does_not_stand_here(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="do not stand here: trainer"):
        fill(Topology(home=tmp_path, port_base=free_port(), services=SERVICES[:-1]))


def test_what_is_remembered_later_stands_beside_the_rest(tmp_path: Path) -> None:
    athlete = load_or_create(tmp_path, None, TODAY)
    remember(tmp_path, {"DEMO_COACH_EMAIL": athlete.coach_email, "DEMO_COACH_PASSWORD": "generated"})
    assert load_or_create(tmp_path, None, TODAY).password == athlete.password
    assert recall(tmp_path)["DEMO_COACH_PASSWORD"] == "generated"
    assert stat.S_IMODE((tmp_path / "demo.env").stat().st_mode) == 0o600


FIRST, LAST = "2026-06-08", "2026-11-08"


def plan(**changes: Any) -> dict[str, Any]:
    return {"id": "p", "start_date": FIRST, "end_date": LAST, "created_at": "2026-11-20T10:00:00Z", **changes}


def page(*items: dict[str, Any]) -> Answer:
    return 200, {}, {"items": list(items), "next_cursor": None}


def test_a_plan_is_added_once_even_when_it_was_renamed(gateway: Gateway, api: Api) -> None:
    gateway.answer("GET /plans?limit=200", page(), page(plan(name="Mine"), plan(id="later", created_at="2026-11-21T")))
    gateway.answer("POST /plans", (201, {}, {}))
    for _ in range(2):
        assert [each["id"] for each in add_missing(api, [plan()])] == ["p"]
    assert gateway.keys.count("POST /plans") == 1


def test_matching_is_waited_for_until_every_run_of_the_plans_days_is_in_the_log(gateway: Gateway, api: Api) -> None:
    activities = [
        {"id": "inside", "sport": "Run", "start_time_local": "2026-06-08T06:00:00"},
        {"id": "before", "sport": "Run", "start_time_local": "2026-06-07T23:59:59"},
        {"id": "ride", "sport": "Ride", "start_time_local": "2026-06-09T06:00:00"},
    ]
    log = f"GET /runs?limit=200&from={FIRST}&to={LAST}"
    gateway.answer("GET /activities?limit=200", page(*activities))
    gateway.answer(log, page({"activity_id": None}), page({"activity_id": "inside"}))
    wait_for_matching(api, plan())
    assert gateway.keys.count(log) == 2


def test_matching_that_does_not_go_on_is_told(gateway: Gateway, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway.answer(
        "GET /activities?limit=200", page({"id": "1", "sport": "Run", "start_time_local": "2026-06-08T06:00:00"})
    )
    gateway.answer(f"GET /runs?limit=200&from={FIRST}&to={LAST}", page())
    monkeypatch.setattr(training, "STALLED_S", 0.0)
    with pytest.raises(MatchingStalledError, match="1 runs did not reach the training log"):
        wait_for_matching(api, plan())
