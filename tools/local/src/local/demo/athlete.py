"""Who the demo's athlete is on this box: made once and remembered."""

import datetime as dt
import http
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
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
    """A sign-in, and the day on which the story ends; ``new`` when its password was made just now.

    The password is empty until there is an account.
    """

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
        known = Athlete(
            values["DEMO_EMAIL"], values.get("DEMO_PASSWORD", ""), dt.date.fromisoformat(values["DEMO_END"])
        )
    except (KeyError, ValueError) as error:
        raise SettingError(f"{path} is damaged ({error}): delete it to get a new athlete") from error
    if end is not None and end != known.end:
        raise SettingError(f"the athlete's training ends on {known.end}, not {end}: delete {path} to get a new athlete")
    path.chmod(0o600)
    return known


def _create(home: Path, end: dt.date) -> Athlete:
    """Write the address down before it is used: an account that nobody remembers would stay for ever."""
    made = Athlete(f"demo-{secrets.token_hex(3)}@example.org", "", end)
    remember(home, {"DEMO_EMAIL": made.email, "DEMO_END": end.isoformat()})
    return made


def sign_in(api: Api, athlete: Athlete, home: Path, make_account: Callable[[str], str]) -> Athlete:
    """Sign the athlete in; one that the platform does not know (a new database, say) gets an account first.

    ``make_account`` makes it for an address, or gives the one that is there a new password, and returns the password.
    Registering would not do: where mail goes out, the athlete could not confirm the address.
    """
    if athlete.password:
        try:
            api.sign_in(athlete.email, athlete.password)
        except ApiError as error:
            if error.status != http.HTTPStatus.UNAUTHORIZED:
                raise
        else:
            return athlete
    made = replace(athlete, password=make_account(athlete.email), new=True)
    remember(home, {"DEMO_PASSWORD": made.password})
    api.sign_in(made.email, made.password)
    api.send("PATCH", "/auth/me", PROFILE)
    return made
