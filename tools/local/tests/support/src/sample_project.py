"""A small project that stands beside the real one: the same tools and libraries, one made-up service."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from common.testing.ports import free_port
from local import state as states
from local.processes import Process
from local.topology import ROOT, Topology
from local.units import recorded_process

T = TypeVar("T")
SERVICE = """
import json, os

from starlette.datastructures import State

class App:
    def __init__(self):
        self.state = State()

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            print("graceful stop", flush=True)
            await send({"type": "lifespan.shutdown.complete"})
            return
        body = json.dumps({"pid": os.getpid(), "environment": dict(os.environ)}).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

def create():
    if os.environ.get("GATEWAY_BREAKS"):
        raise RuntimeError("this service was told to break")
    return App()
"""
WORKER = """
import asyncio, os, signal

class Worker:
    niceness = 0

    async def run(self):
        stopping = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
        async with await asyncio.start_server(answer, "127.0.0.1", int(os.environ["METRICS_PORT"])):
            await stopping.wait()
        print("worker stopped", flush=True)

async def answer(reader, writer):
    await reader.readline()
    writer.write(b"HTTP/1.0 200 OK\\r\\n\\r\\n")
    await writer.drain()
    writer.close()

def create():
    return Worker()
"""
ADMIN = """
import argparse, json, os, pathlib, sys

parser = argparse.ArgumentParser()
for option in ("--email", "--role"):
    parser.add_argument(option)
for option in ("--reset", "--totp-off"):
    parser.add_argument(option, action="store_true")
given = parser.parse_args()
email = given.email
if "@" not in email:
    sys.exit("not an address")
if given.role != "admin":
    print(json.dumps({"email": email, "password": str(given) if given.reset else None, "created": False}))
    sys.exit()
known = pathlib.Path(os.environ["RT_HOME"], "objects", "known-admin")
created = not known.exists()
known.touch()
assert "ENCRYPTION_KEYS" in os.environ and "auth" in json.loads(os.environ["SERVICE_CLIENT_SECRETS"])
print(json.dumps({"email": email, "password": "made-for-auth" if created else None, "created": created}))
"""
KEYS = """
import json, os, sys

if "KEY_MISSING" in os.environ:
    sys.exit("there is no key")
command = sys.argv[1]
rotated = {"kid": "k", "signs_from": "soon", "others_retired_at": "later", "began": True}
print(json.dumps(rotated if command == "rotate" else {"reencrypted": {"a column": 3}}))
"""

MIGRATIONS = """
from common.db.migrate import run_environment
from common.db.tables import Base

class Declared(Base):
    __abstract__ = True

run_environment(Declared)
"""
MIGRATION = """
from alembic import op

revision = {revision!r}
down_revision = {before!r}

def upgrade():
    op.execute({statement!r})
"""


@dataclass
class Project:
    """A project folder and the environment its commands run with."""

    root: Path
    home: Path
    environment: dict[str, str]

    @property
    def topology(self) -> Topology:
        return Topology.from_environment(self.environment, self.root)

    @property
    def state(self) -> states.State:
        return states.load(self.topology.run / "supervisor.json")

    def process(self, name: str) -> Process:
        process = recorded_process(self.topology.run / f"{name}.pid")
        assert process is not None, f"{name} does not run"
        return process

    def command(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "local", *words],
            env=self.environment | settings,
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def log(self, name: str) -> str:
        return (self.topology.logs / f"{name}.log").read_text(encoding="utf-8")


def make_project(root: Path, home: Path) -> Project:
    """Make the project folder; nothing is started. What is compiled already comes along and need not be again."""
    for member in ("tools/local/src", "libs/common/src", "libs/contracts/src"):
        ignore = shutil.ignore_patterns("*.pyc.*")  # half-written by a process that imports just now
        shutil.copytree(ROOT / member, root / member, ignore=ignore, dirs_exist_ok=True)
    package = root / "services" / "gateway" / "src" / "gateway"
    package.mkdir(parents=True)
    for name, text in {"__init__": "", "main": SERVICE, "worker": WORKER}.items():
        (package / f"{name}.py").write_text(text, encoding="utf-8")
    members = ("tools/local/src", "libs/common/src", "libs/contracts/src", "services/gateway/src")
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(str(root / member) for member in members),
        "RT_HOME": str(home),
        "RT_PORT_BASE": str(free_port_base()),
    }
    return Project(root, home, environment)


def add_auth(project: Project, *, migrations: bool = False) -> None:
    """Add a service called auth with an administrator's command."""
    source = project.root / "services" / "auth" / "src"
    (source / "auth").mkdir(parents=True)
    for name, text in {"__init__": "", "main": SERVICE, "admin": ADMIN, "keys": KEYS}.items():
        (source / "auth" / f"{name}.py").write_text(text, encoding="utf-8")
    if migrations:
        (source.parent / "migrations").mkdir()
    project.environment["PYTHONPATH"] += f"{os.pathsep}{source}"


def add_migration(project: Project, service: str, revision: str, statement: str) -> None:
    """Add a version after those that the service has."""
    folder = project.root / "services" / service / "migrations"
    (folder / "versions").mkdir(exist_ok=True)
    (folder / "env.py").write_text(MIGRATIONS, encoding="utf-8")
    before = max((path.stem for path in (folder / "versions").glob("*.py")), default=None)
    text = MIGRATION.format(revision=revision, before=before, statement=statement)
    (folder / "versions" / f"{revision}.py").write_text(text, encoding="utf-8")


def add_strava(project: Project) -> None:
    """Add a service called strava, beside which the Strava emulator runs."""
    source = project.root / "services" / "strava" / "src"
    (source / "strava").mkdir(parents=True)
    for name, text in {"__init__": "", "main": SERVICE, "connections": KEYS}.items():
        (source / "strava" / f"{name}.py").write_text(text, encoding="utf-8")
    project.environment["PYTHONPATH"] += f"{os.pathsep}{source}"


def free_port_base() -> int:
    """Return a base whose ports, and those that follow from it, nobody uses now."""
    services = range(7)
    return free_port(offsets=(*services, *(1100 + each for each in services), 1200, -2568, -1621))


def eventually(probe: Callable[[], T], *, within: float = 20.0, what: str = "") -> T:
    """Return the first truthy result of `probe`; fails after `within` seconds."""
    deadline = time.monotonic() + within
    while not (result := probe()):
        assert time.monotonic() < deadline, f"not within {within} s: {what or probe}"
        time.sleep(0.02)
    return result
