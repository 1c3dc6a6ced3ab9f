"""Giving the athlete's plans to the platform, and waiting until the runs have found their workouts."""

import time
from collections.abc import Sequence
from typing import Any

from local.demo.api import Api
from local.demo.errors import MatchingStalledError
from local.demo.planning import Json

POLL_S = 0.5
STALLED_S = 180.0
RUNNING = frozenset({"Run", "TrailRun", "VirtualRun"})


def add_missing(api: Api, plans: Sequence[Json]) -> list[Json]:
    """Add the plans that are not there, and return them all as the platform lists them, in the given order.

    A plan is known by its first and last day: the athlete may have named it anew.
    """
    known = _by_days(api)
    for plan in plans:
        if _days(plan) not in known:
            api.send("POST", "/plans", plan)
    known = _by_days(api)
    return [known[_days(plan)] for plan in plans]


def wait_for_matching(api: Api, plan: Json) -> None:
    """Wait until every running activity of the plan's days is a run in the log; its workout is found with it.

    Raises `MatchingStalledError` when none was added for minutes.
    """
    first, last = plan["start_date"], plan["end_date"]
    wanted = {
        activity["id"]
        for activity in api.activities()
        if activity["sport"] in RUNNING and first <= activity["start_time_local"][:10] <= last
    }
    left, deadline = len(wanted), time.monotonic() + STALLED_S
    while missing := len(wanted - {run["activity_id"] for run in api.items("/runs", **{"from": first, "to": last})}):
        if missing < left:
            left, deadline = missing, time.monotonic() + STALLED_S
        if time.monotonic() > deadline:
            raise MatchingStalledError(
                f"{missing} runs did not reach the training log for three minutes: make status, make logs"
            )
        time.sleep(POLL_S)


def _by_days(api: Api) -> dict[tuple[str, str], Json]:
    # The oldest of those with the same days: what the athlete added later is the athlete's.
    return {_days(plan): plan for plan in sorted(api.items("/plans"), key=_created, reverse=True)}


def _days(plan: Json) -> tuple[str, str]:
    return plan["start_date"], plan["end_date"]


def _created(plan: Json) -> Any:
    return plan["created_at"]
