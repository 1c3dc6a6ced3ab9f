"""Who the demo's athlete is on this box: made once and remembered."""

import datetime as dt
import http
import secrets
from dataclasses import dataclass
from pathlib import Path

from local.demo.api import Api
from local.demo.errors import ApiError
from local.demo.remembered import FILE, recall, remember
from local.demo.sessions import ZONE
from local.topology import SettingError

PROFILE = {
    "timezone": ZONE.key,
    "sex": "female",
    "birth_year": 1991,
    "weight": 68.0,
    "heartrate_opt_in": True,
}


@dataclass(frozen=True)
class Athlete:
    """A sign-in, and the day on which the story ends; ``new`` when it was made just now."""

    email: str
    password: str
    end: dt.date
    new: bool = False

    @property
    def coach_email(self) -> str:
        """Address of the coach of the same demo."""
        return self.email.replace("demo-", "demo-coach-", 1)


def load_or_create(home: Path, end: dt.date | None, today: dt.date) -> Athlete:
    """Return the athlete of this platform, a new one when there is none.

    The end is remembered: every run is dated back from it, so with another one all would come in again on other days.
    Raises `SettingError` when ``end`` is not the one that is remembered, or the file is damaged.
    """
    path, values = home / FILE, recall(home)
    if not values:
        return _create(home, end or today)
    try:
        known = Athlete(values["DEMO_EMAIL"], values["DEMO_PASSWORD"], dt.date.fromisoformat(values["DEMO_END"]))
    except (KeyError, ValueError) as error:
        raise SettingError(f"{path} is damaged ({error}): delete it to get a new athlete") from error
    if end is not None and end != known.end:
        raise SettingError(f"the athlete's training ends on {known.end}, not {end}: delete {path} to get a new athlete")
    path.chmod(0o600)
    return known


def _create(home: Path, end: dt.date) -> Athlete:
    """Write the sign-in down before it is used: an account without its password would be lost."""
    made = Athlete(f"demo-{secrets.token_hex(3)}@example.org", secrets.token_urlsafe(16), end, new=True)
    remember(home, {"DEMO_EMAIL": made.email, "DEMO_PASSWORD": made.password, "DEMO_END": end.isoformat()})
    return made


def sign_in(api: Api, athlete: Athlete) -> None:
    """Sign the athlete in, registering first where the platform does not know them (a new database, say)."""
    if not athlete.new:
        try:
            api.sign_in(athlete.email, athlete.password)
        except ApiError as error:
            if error.status != http.HTTPStatus.UNAUTHORIZED:
                raise
        else:
            return
    body = {"email": athlete.email, "password": athlete.password, "display_name": "Demo Athlete"}
    api.send("POST", "/auth/register", body)
    api.sign_in(athlete.email, athlete.password)
    api.send("PATCH", "/auth/me", PROFILE)
