"""The demo's coach: registering gives nobody this role, so the auth service's own command makes the account."""

from dataclasses import dataclass

from local.demo.remembered import recall, remember
from local.environment import Platform
from local.startup import ensure_account


@dataclass(frozen=True)
class Coach:
    """A sign-in; ``new`` when its password was made just now."""

    email: str
    password: str
    new: bool


def ensure_coach(platform: Platform, email: str) -> Coach:
    """Make the coach where there is none (a new database, say) and remember the password.

    A password that was never written down is replaced. Raises `StartError` when the account cannot be made.
    """
    home = platform.topology.home
    known = recall(home)
    password = known.get("DEMO_COACH_PASSWORD") if known.get("DEMO_COACH_EMAIL") == email else None
    account = ensure_account(platform, email, "coach", "--name", "Demo Coach", *([] if password else ["--reset"]))
    if account.password:
        remember(home, {"DEMO_COACH_EMAIL": email, "DEMO_COACH_PASSWORD": account.password})
    return Coach(email, account.password or password or "", new=account.password is not None)
