"""A platform of the tests' own, started as a person would, and people who use it through the gateway."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx2

from common.testing.ports import free_port
from common.testing.wait import pause_after
from local.credentials import load_or_create
from local.environment import Platform as Described
from local.supervise import units_of
from local.topology import ROOT, Topology

PASSWORD = "a long enough password"
WRITING = "read,activity:read_all,profile:read_all,activity:write"
"""Scopes of somebody at Strava who lets the platform send activities there."""
PORTS = (*range(7), *range(1100, 1107), 1200, -2568, -1621)
T = TypeVar("T")

# A test's few people do in seconds what takes real ones a day; the limits stay on, higher.
LIMITS = {
    "RATE_USER": "600000",
    "RATE_USER_BURST": "100000",
    "RATE_ADDRESS": "600000",
    "RATE_LOGIN": "60000",
    "RATE_LOGIN_ADDRESS": "60000",
    "RATE_SIGNED": "600000",
    "EMULATOR_RATE_LIMIT": "[100000, 1000000]",
    "EMULATOR_READ_LIMIT": "[100000, 1000000]",
    "STRAVA_RETRY_DELAYS": "[1, 2, 4]",
    "STRAVA_RECENT_DAYS": "730",
}


def eventually(probe: Callable[[], T | None], *, within: float, what: str = "") -> T:
    """Return the probe's first truthy result; a request that got no answer counts as not yet."""
    started = time.monotonic()
    last: Any = None
    while (waited := time.monotonic() - started) < within:
        try:
            last = probe()
        except httpx2.TransportError as error:
            last = error
        else:
            if last:
                return last  # type: ignore[no-any-return] # what the probe returned, and not None
        time.sleep(pause_after(waited))
    raise AssertionError(f"not within {within} s: {what or probe}, last seen: {last!r}")


class RunningPlatform:
    """`make up` in a folder and on ports of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port(offsets=PORTS)
        self.environment = {**os.environ, **LIMITS, "RT_HOME": str(home), "RT_PORT_BASE": str(self.port)}
        self.url = f"http://127.0.0.1:{self.port}"
        self.admin_email = ""
        self.admin_password = ""

    def up(self) -> None:
        printed = self._local("up").stdout
        if found := re.search(r"Admin: (\S+)", printed):
            self.admin_email = found[1]
        if found := re.search(r"Password: (\S+)", printed):
            self.admin_password = found[1]

    def down(self) -> None:
        self._local("down")

    def _local(self, command: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [sys.executable, "-m", "local", command],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, f"{command} failed:\n{done.stdout}\n{done.stderr}"
        return done

    @property
    def strava_url(self) -> str:
        """Address of the emulated Strava."""
        return self.described.topology.emulator_url

    @property
    def strava(self) -> "Strava":
        """The emulated Strava that this platform is connected to."""
        return Strava(self.strava_url)

    @property
    def described(self) -> Described:
        topology = Topology.from_environment(self.environment)
        names = [service.name for service in topology.services]
        return Described(topology, load_or_create(self.home / "secrets.env", names))

    @property
    def processes(self) -> list[str]:
        """Names of everything that runs, servers included."""
        return [unit.name for unit in units_of(self.described)]

    def kill(self, name: str) -> None:
        """End a process with SIGKILL; it may be dead already."""
        unit = next(unit for unit in units_of(self.described) if unit.name == name)
        if process := unit.current():
            process.send(signal.SIGKILL)

    @contextmanager
    def stopped(self, name: str) -> Iterator[None]:
        """Have a process and its children stand still, as on a machine whose disk hangs."""
        pid = self.pid_of(name)
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        pids = [pid, *map(int, children)]
        try:
            for each in pids:
                os.kill(each, signal.SIGSTOP)
            yield
        finally:
            for each in pids:
                os.kill(each, signal.SIGCONT)

    def pid_of(self, name: str) -> int:
        """Number of the process that runs under this name."""
        unit = next(unit for unit in units_of(self.described) if unit.name == name)
        process = unit.current()
        assert process is not None, f"{name} does not run"
        return process.pid

    def memory_of(self, name: str) -> int:
        """Resident bytes of a process."""
        status = Path(f"/proc/{self.pid_of(name)}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024  # type: ignore[index] # every process has it

    def log(self, name: str) -> str:
        return (self.home / "logs" / f"{name}.log").read_text(errors="replace")

    def person(self) -> "Person":
        """Register somebody new and sign in."""
        email = f"{uuid.uuid4()}@example.org"
        return Person.register(self.url, email)

    def admin(self) -> "Person":
        return Person.sign_in(self.url, self.admin_email, self.admin_password)


@contextmanager
def temporary_platform() -> Iterator[RunningPlatform]:
    """A platform for the time of the context, its data in a folder that goes with it."""
    with tempfile.TemporaryDirectory() as folder:
        running = RunningPlatform(Path(folder))
        running.up()
        try:
            yield running
        finally:
            running.down()


@dataclass
class Person:
    """Somebody with a session, who sees the platform through the gateway only."""

    http: httpx2.Client
    tokens: dict[str, Any]
    patience: float = 0.0  # seconds for which a 503 is taken for "try again", as it says itself

    @classmethod
    def register(cls, url: str, email: str) -> "Person":
        with httpx2.Client(base_url=f"{url}/api/v1", timeout=30, verify=False) as http:
            body = {"email": email, "password": PASSWORD, "display_name": "A Runner"}
            made = http.post("/auth/register", json=body)
            assert made.status_code == 201, made.text
        return cls.sign_in(url, email, PASSWORD)

    @classmethod
    def sign_in(cls, url: str, email: str, password: str) -> "Person":
        http = httpx2.Client(base_url=f"{url}/api/v1", timeout=30, verify=False)
        answer = http.post("/auth/login", json={"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        http.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        return cls(http, tokens)

    def close(self) -> None:
        self.http.close()

    def renew(self) -> None:
        """Exchange the refresh token, as a client does when its access token has expired."""
        answer = self.http.post("/auth/refresh", json={"refresh_token": self.tokens["refresh_token"]})
        if answer.status_code == 200:
            self.tokens = answer.json()
            self.http.headers["Authorization"] = f"Bearer {self.tokens['access_token']}"

    def get(self, path: str, **options: Any) -> Any:
        deadline = time.monotonic() + self.patience
        answer = self.http.get(path, **options)
        while answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE and time.monotonic() < deadline:
            time.sleep(0.1)
            answer = self.http.get(path, **options)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def start_import(self, files: Iterable[tuple[str, bytes]], **options: Any) -> dict[str, Any]:
        """Give files; return the batch as it was answered."""
        fields = [("files", (name, data, "application/octet-stream")) for name, data in files]
        answer = self.http.post("/imports", files=fields, **options)
        assert answer.status_code == 202, answer.text
        batch: dict[str, Any] = answer.json()
        return batch

    def finished_import(self, import_id: str, *, within: float = 60) -> dict[str, dict[str, Any]]:
        """Wait until every file has an outcome; return the items by name."""

        def done() -> Any:
            batch = self.get(f"/imports/{import_id}")
            return batch if batch["state"] in ("done", "failed") else None

        batch = eventually(done, within=within, what=f"import {import_id}")
        return {item["name"]: item for item in batch["items"]}

    def import_files(self, files: Iterable[tuple[str, bytes]]) -> dict[str, dict[str, Any]]:
        """Give files and wait; return the items by name."""
        return self.finished_import(self.start_import(files)["id"])

    def best_efforts(self, window: str = "all") -> dict[str, list[dict[str, Any]]]:
        """Ranks by distance label."""
        body = self.get("/analytics/best-efforts-cached", params={"window": window})
        return {item["distance"]: item["ranks"] for item in body["items"]}


class Strava:
    """The Strava emulator beside a platform, as somebody who runs with a watch sees it."""

    def __init__(self, url: str) -> None:
        self.http = httpx2.Client(base_url=url, timeout=30, verify=False)

    def new_athlete(self) -> int:
        """Make an athlete without history."""
        made = self.http.post(
            "/emulator/athletes", json={"firstname": "Ana", "lastname": "Runner", "history_months": 0}
        )
        assert made.status_code == 201, made.text
        return int(made.json()["id"])

    def connect(self, person: Person, athlete: int, scopes: str | None = None) -> httpx2.Response:
        """Give the platform access, as the pages do; ``scopes`` are those that stay ticked."""
        started = person.http.get("/strava/auth", headers={"Accept": "application/json"})
        assert started.status_code == 200, started.text
        asked = parse_qs(urlsplit(started.json()["url"]).query)
        given = asked["scope"][0] if scopes is None else scopes
        code = self.http.post(f"/emulator/athletes/{athlete}/authorize", json={"scopes": given.split(",")}).json()[
            "code"
        ]
        return person.http.post("/strava/callback", json={"code": code, "state": asked["state"][0], "scope": given})

    def run(self, athlete: int, **values: Any) -> str:
        """Finish a run; returns its Strava id. The platform is told by webhook."""
        body = {"sport_type": "Run", "distance": 8000, "moving_time": 2400, "hr": 150, **values}
        made = self.http.post(f"/emulator/athletes/{athlete}/activities", json=body)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    def revoke(self, athlete: int) -> None:
        """Take the platform's access back, as the athlete does at Strava."""
        assert self.http.post(f"/emulator/athletes/{athlete}/revoke", json={}).status_code == 204

    def faults(self, **values: Any) -> None:
        """Let these go wrong and no others."""

        def taken() -> bool:
            return self.http.put("/emulator/faults", json=values).status_code == httpx2.codes.OK

        eventually(taken, within=30, what="the emulator, which a test may have killed")

    def fire(self, **event: Any) -> None:
        """Send webhook events by hand."""
        sent = self.http.post("/emulator/webhooks", json=event)
        assert sent.status_code == 202, sent.text
