"""Giving the athlete's runs to the platform, and seeing what becomes of them."""

import datetime as dt
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from local.demo.api import Api
from local.demo.body import run
from local.demo.errors import ImportStalledError
from local.demo.fitfile import archive
from local.demo.sessions import Session

BATCH = 100
POLL_S = 0.5
STALLED_S = 180.0
DEFAULT_NAMES = frozenset(f"{part} Run" for part in ("Night", "Morning", "Lunch", "Afternoon", "Evening"))
GOOD = ("imported", "merged", "duplicate")


@dataclass
class Outcome:
    """What became of the runs: how many files by state, and why some were refused."""

    states: Counter[str] = field(default_factory=Counter)
    reasons: list[str] = field(default_factory=list)
    bytes_sent: int = 0

    @property
    def bad(self) -> int:
        """Files that gave no activity."""
        return sum(count for state, count in self.states.items() if state not in GOOD)


class Progress:
    """One line that is written over on a terminal, and now and then a new one elsewhere."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._shown = -1
        self._terminal = sys.stdout.isatty()

    def show(self, done: int) -> None:
        """Say how many are done."""
        step = 1 if self._terminal else max(1, self._total // 5)
        if done // step > self._shown // step or (done == self._total and done != self._shown):
            self._shown = done
            first = "\r" if self._terminal else ""
            last = "" if self._terminal and done < self._total else "\n"
            print(f"{first}Imported {done} of {self._total} runs", end=last, flush=True)


def missing(api: Api, sessions: Sequence[Session]) -> list[Session]:
    """Sessions that the platform has no activity of: a run is known by the second in which it starts."""
    known = {dt.datetime.fromisoformat(activity["start_time"]) for activity in api.activities()}
    return [session for session in sessions if session.start not in known]


def import_all(api: Api, sessions: Sequence[Session], show: Callable[[int], None]) -> Outcome:
    """Make the runs, upload them in archives of a hundred, and wait until each has its outcome."""
    outcome = Outcome()
    imports = []
    for first in range(0, len(sessions), BATCH):
        part = sessions[first : first + BATCH]
        data = archive(run(session) for session in part)
        outcome.bytes_sent += len(data)
        name = f"runs-{part[0].start:%Y-%m-%d}.zip"
        imports.append(str(api.upload("/imports", name, data)["id"]))
    _wait(api, imports, len(sessions), show)
    for import_id in imports:
        for item in api.get(f"/imports/{import_id}")["items"]:
            outcome.states[item["state"]] += 1
            if item["state"] not in GOOD:
                outcome.reasons.append(f"{item['name']}: {item['reason']}")
    return outcome


def _wait(api: Api, imports: Sequence[str], total: int, show: Callable[[int], None]) -> None:
    """Follow the imports one after another, as the worker takes them.

    An archive counts as one file until the worker has opened it. Raises `ImportStalledError` without progress.
    """
    before, deadline = 0, time.monotonic() + STALLED_S
    for import_id in imports:
        seen = 0
        while True:
            batch = api.get(f"/imports/{import_id}")
            if batch["done"] != seen:
                seen, deadline = batch["done"], time.monotonic() + STALLED_S
                show(min(before + seen, total))
            if batch["state"] in {"done", "failed"}:
                break
            if time.monotonic() > deadline:
                raise ImportStalledError("Nothing was imported for three minutes: make status, make logs")
            time.sleep(POLL_S)
        before += seen


def give_names(api: Api, sessions: Sequence[Session]) -> int:
    """Name races and workouts as the athlete would; a name that somebody gave stays. Returns how many were named."""
    wanted = {session.start: session.name for session in sessions if session.name}
    named = 0
    for activity in list(api.activities()):
        name = wanted.get(dt.datetime.fromisoformat(activity["start_time"]))
        if name and activity["name"] in DEFAULT_NAMES:
            api.send("PATCH", f"/activities/{activity['id']}", {"name": name})
            named += 1
    return named
