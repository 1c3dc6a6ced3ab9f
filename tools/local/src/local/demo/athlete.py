"""Who the demo's athlete is on this box: made once and remembered in a file that only its owner can read."""

import datetime as dt
import http
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from local.demo.api import Api
from local.demo.errors import ApiError
from local.demo.sessions import ZONE
from local.topology import SettingError, read_env_file

FILE = "demo.env"
PROFILE = {
    "timezone": ZONE.key,
    "sex": "female",
    "birth_year": 1991,
    "weight": 68.0,
    "heartrate_opt_in": True,
}
_HEADER = "# The sign-in of the athlete made by `make demo`, and the day before which the training ends.\n"


@dataclass(frozen=True)
class Athlete:
    """A sign-in, and the day on which the story ends; ``new`` when it was made just now."""

    email: str
    password: str
    end: dt.date
    new: bool = False


def load_or_create(home: Path, end: dt.date | None, today: dt.date) -> Athlete:
    """Return the athlete of this platform, a new one when there is none.

    The end is remembered: every run is dated back from it, so with another one all would come in again on other days.
    Raises `SettingError` when ``end`` is not the one that is remembered, or the file is damaged.
    """
    path = home / FILE
    values = read_env_file(path)
    if not values:
        return _create(path, end or today)
    try:
        known = Athlete(values["DEMO_EMAIL"], values["DEMO_PASSWORD"], dt.date.fromisoformat(values["DEMO_END"]))
    except (KeyError, ValueError) as error:
        raise SettingError(f"{path} is damaged ({error}): delete it to get a new athlete") from error
    if end is not None and end != known.end:
        raise SettingError(f"the athlete's training ends on {known.end}, not {end}: delete {path} to get a new athlete")
    path.chmod(0o600)
    return known


def _create(path: Path, end: dt.date) -> Athlete:
    """Write the sign-in down before it is used: an account without its password would be lost."""
    made = Athlete(f"demo-{secrets.token_hex(3)}@example.org", secrets.token_urlsafe(16), end, new=True)
    staging = path.with_name(f"{path.name}.new")
    staging.unlink(missing_ok=True)
    staging.touch(mode=0o600)
    with staging.open("w", encoding="utf-8") as file:
        file.write(f"{_HEADER}DEMO_EMAIL={made.email}\nDEMO_PASSWORD={made.password}\nDEMO_END={end}\n")
        file.flush()
        os.fsync(file.fileno())
    staging.replace(path)
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
