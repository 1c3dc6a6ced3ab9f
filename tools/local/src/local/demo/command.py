"""`make demo`: fill the running platform with an athlete of two years, their plans and a coach."""

import datetime as dt
import time
from functools import partial

from local.demo.api import Api
from local.demo.athlete import Athlete, load_or_create, sign_in
from local.demo.coach import Coach, ensure_coach
from local.demo.importing import Progress, give_names, import_all, missing
from local.demo.planning import plans
from local.demo.remembered import FILE
from local.demo.sessions import sessions
from local.demo.training import add_missing, wait_for_matching
from local.environment import Platform
from local.health import probe
from local.startup import StartError, ensure_account, prepare, say
from local.topology import SettingError, Topology

MOST_MONTHS = 24
NEEDED = ("gateway", "auth", "strava", "trainer")


def fill(topology: Topology, end: dt.date | None = None, months: int = MOST_MONTHS) -> int:
    """Make the athlete, import what is missing of the training, plan it, make a coach; 0 when all runs came in.

    The sign-ins are printed at the end. Raises `SettingError` for an impossible number of months or another end than
    before, `StartError` when the platform does not run or an account cannot be made, `ApiError` when it refuses,
    `ImportStalledError` and `MatchingStalledError` when nothing happens for minutes.
    """
    if not 1 <= months <= MOST_MONTHS:
        raise SettingError(f"months must be 1 to {MOST_MONTHS}, not {months}")
    _require_platform(topology)
    known = load_or_create(topology.home, end, dt.datetime.now(dt.UTC).date())
    platform, api = prepare(topology), Api(topology.url("gateway"))
    try:
        athlete = sign_in(api, known, topology.home, partial(_make_account, platform))
        good = _import(api, athlete, months)
        _plan(api, athlete)
    finally:
        api.close()
    _print_sign_ins(topology, athlete, ensure_coach(platform, athlete.coach_email))
    return 0 if good else 1


def _make_account(platform: Platform, email: str) -> str:
    account = ensure_account(platform, email, "athlete", "--name", "Demo Athlete", "--reset")
    return account.password or ""


def _require_platform(topology: Topology) -> None:
    absent = [name for name in NEEDED if all(service.name != name for service in topology.services)]
    if absent:
        raise StartError(f"The demo needs services that do not stand here: {', '.join(absent)}")
    if probe(topology.port("gateway")) == "silent":
        raise StartError(f"Nothing answers at {topology.url('gateway')}: make up first")


def _import(api: Api, athlete: Athlete, months: int) -> bool:
    story = sessions(athlete.end, months)
    wanted = missing(api, story)
    say(f"{len(story)} runs in the story, {len(story) - len(wanted)} of them already there")
    good = True
    if wanted:
        begin = time.monotonic()
        outcome = import_all(api, wanted, Progress(len(wanted)).show)
        states = ", ".join(f"{count} {state}" for state, count in sorted(outcome.states.items()))
        say(f"{states}; {outcome.bytes_sent / 2**20:.1f} MiB in {time.monotonic() - begin:.0f} s")
        for reason in outcome.reasons:
            say(reason)
        good = outcome.bad == 0
    give_names(api, story)
    return good


def _plan(api: Api, athlete: Athlete) -> None:
    wanted = plans(athlete.end)
    for plan in add_missing(api, wanted):
        wait_for_matching(api, plan)
    for plan in add_missing(api, wanted):  # again: only now the matching is through
        say(f"{plan['name']}: {plan['completed_count']} of {plan['workout_count']} workouts done")


def _print_sign_ins(topology: Topology, athlete: Athlete, coach: Coach) -> None:
    say(f"Address: {topology.url('gateway')}")
    for title, person in (("Athlete", athlete), ("Coach", coach)):
        say(f"{title}: {person.email}")
        if person.new:
            say(f"Password: {person.password} (shown only now; kept in {topology.home / FILE})")
        else:
            say(f"The password is in {topology.home / FILE}")
