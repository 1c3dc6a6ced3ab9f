"""The two pages, plain HTML without scripts."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from strava_emulator.emulator import Emulator
from strava_emulator.models import Athlete
from strava_emulator.times import local_text

STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#222}
body{overflow-wrap:anywhere}
fieldset{border:1px solid #bbb;border-radius:6px;margin:1rem 0;padding:.7rem 1rem}label{display:block;margin:.3rem 0}
button{font:inherit;padding:.4rem 1rem;margin:.4rem .5rem 0 0}table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.2rem .6rem .2rem 0;border-bottom:1px solid #ddd}.note{color:#a33}"""
SPORTS = ("Run", "TrailRun", "VirtualRun", "Ride", "Walk", "Hike", "Swim")
MEANINGS = {
    "read": "View your public profile (always)",
    "read_all": "View your private routes and segments",
    "profile:read_all": "View your complete profile",
    "profile:write": "Update your profile",
    "activity:read": "View data about your activities",
    "activity:read_all": "View data about your private activities",
    "activity:write": "Upload and change your activities",
}
USUAL = ("profile:read_all", "activity:read_all")
SHOWN = 15
MOST_ATHLETES = 50  # looked through for their newest activities


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>{body}</body></html>'
    )


def _options(values: Iterable[tuple[str, str]], chosen: str = "") -> str:
    return "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(label)}</option>'
        for value, label in values
    )


def _athletes(athletes: Iterable[Athlete], chosen: int = 0) -> str:
    options = _options(((str(athlete.id), athlete.name) for athlete in athletes), str(chosen))
    return f'<label>Athlete <select name="athlete_id">{options}</select></label>'


def authorise(athletes: Iterable[Athlete], scopes: Sequence[str], fields: Mapping[str, str]) -> str:
    """The form on which an athlete decides; ``fields`` go back with it."""
    hidden = "".join(f'<input type="hidden" name="{escape(n)}" value="{escape(v)}">' for n, v in fields.items())
    boxes = "".join(
        f'<label><input type="checkbox" name="scope" value="{scope}" checked'
        f"{' disabled' if scope == 'read' else ''}> {escape(MEANINGS[scope])}</label>"
        for scope in scopes
    )
    return _page(
        "Authorize",
        "<h1>Authorize Running Trainer</h1><p>This is the Strava emulator: nothing leaves this computer.</p>"
        f'<form method="post" action="/oauth/authorize">{hidden}{_athletes(athletes)}'
        f"<fieldset><legend>Running Trainer will be able to</legend>{boxes}</fieldset>"
        '<button name="decision" value="authorize">Authorize</button>'
        '<button name="decision" value="deny">Cancel</button></form>',
    )


def home(emulator: Emulator, note: str = "") -> str:
    """Forms to authorise, to add an activity and to fire events; athletes, newest activities, last deliveries."""
    athletes = list(emulator.store.athletes.values())
    sports = _options((sport, sport) for sport in SPORTS)
    aspects = _options((aspect, aspect) for aspect in ("create", "update", "delete"))
    newest = _newest(emulator)
    owner = found.athlete_id if (found := emulator.store.activity(newest)) else 0
    subscription = emulator.store.app.subscription
    told = f"Events go to {subscription.callback_url}" if subscription else "No webhook subscription yet"
    return _page(
        "Strava emulator",
        f'<h1>Strava emulator</h1><p class="note">{escape(note)}</p><p>{escape(told)}.</p>{_authorising(emulator)}'
        '<form method="post"><fieldset><legend>Add an activity that ended just now</legend>'
        f"{_athletes(athletes)}<label>Sport <select name=sport_type>{sports}</select></label>"
        '<label>Name <input name="name" placeholder="as Strava would"></label>'
        '<label>Distance <input name="kilometres" value="8" size="5"> km</label>'
        '<label>Moving time <input name="minutes" value="44" size="5"> min</label>'
        '<button name="action" value="add">Add</button></fieldset></form>'
        '<form method="post"><fieldset><legend>Fire a webhook</legend>'
        f'{_athletes(athletes, owner)}<label>Activity id <input name="activity_id" value="{newest}"></label>'
        f"<label>Aspect <select name=aspect_type>{aspects}</select></label>"
        '<button name="action" value="fire">Fire</button><button name="action" value="delete">Delete activity</button>'
        '<button name="action" value="revoke">Revoke the app\'s access</button></fieldset></form>'
        f"<h2>Athletes</h2>{_grants(athletes)}"
        f"<h2>Newest activities</h2>{_activities(emulator)}<h2>Last events</h2>{_deliveries(emulator)}"
        '<p>Everything else: <a href="/docs">control API</a>.</p>',
    )


def _authorising(emulator: Emulator) -> str:
    """A form that does what the app's way to ``/oauth/authorize`` does, and gives the code to use by hand."""
    boxes = "".join(
        f'<label><input type="checkbox" name="scope" value="{scope}"{" checked" if scope in USUAL else ""}> '
        f"{scope}: {escape(meaning)}</label>"
        for scope, meaning in MEANINGS.items()
        if scope != "read"
    )
    return (
        '<form method="post"><fieldset><legend>Authorise the app</legend>'
        "<p>The app leads to /oauth/authorize, where this is decided. Here you get a code to try out by hand.</p>"
        f"{_athletes(emulator.store.athletes.values())}{boxes}"
        '<button name="action" value="authorise">Authorise</button></fieldset></form>'
    )


def _grants(athletes: Sequence[Athlete]) -> str:
    rows = "".join(
        f"<tr><td>{athlete.id}<td>{escape(athlete.name)}"
        f"<td>{escape(', '.join(sorted(athlete.grant.scopes)) if athlete.grant else 'not authorised')}</tr>"
        for athlete in athletes[:MOST_ATHLETES]
    )
    return f"<table><tr><th>id<th>name<th>lets the app</tr>{rows}</table>"


def _all(emulator: Emulator) -> list[tuple[int, str, str]]:
    """(id, local start, line) of the newest activities of all athletes."""
    found = [
        each
        for athlete in [*emulator.store.athletes][:MOST_ATHLETES]
        for each in emulator.store.activities(athlete)[:SHOWN]
    ]
    found.sort(key=lambda each: (-each.created_at, -each.start))
    names = {athlete.id: athlete.name for athlete in emulator.store.athletes.values()}
    return [
        (
            each.id,
            local_text(each.start, each.timezone)[:16].replace("T", " "),
            f"{names[each.athlete_id]}: {each.name}, {each.sport_type}, {each.distance / 1000:.1f} km",
        )
        for each in found[:SHOWN]
    ]


def _newest(emulator: Emulator) -> int:
    return next((identifier for identifier, _, _ in _all(emulator)), 0)


def _activities(emulator: Emulator) -> str:
    rows = "".join(f"<tr><td>{i}<td>{escape(at)}<td>{escape(line)}</tr>" for i, at, line in _all(emulator))
    return f"<table><tr><th>id<th>start<th>what</tr>{rows}</table>"


def _deliveries(emulator: Emulator) -> str:
    rows = "".join(
        f"<tr><td>{escape(str(each.event['object_type']))} {escape(str(each.event['aspect_type']))}"
        f"<td>{each.event['object_id']}<td>{escape(', '.join(map(str, each.attempts)) or 'on its way')}</tr>"
        for each in reversed([*emulator.deliveries.recent][-SHOWN:])
    )
    return f"<table><tr><th>event<th>object<th>answers</tr>{rows}</table>"
