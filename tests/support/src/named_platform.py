"""A platform that somebody else started, in containers say: it is seen through its doors only.

RT_E2E_URL names its gateway, RT_E2E_STRAVA_URL its Strava emulator, RT_E2E_ADMIN_EMAIL and RT_E2E_ADMIN_PASSWORD
its administrator. Tests that look behind the doors are marked ``inside`` and left out by whoever runs them so.
"""

import os

from running_platform import RunningPlatform, eventually

URL = "RT_E2E_URL"


class NamedPlatform(RunningPlatform):
    """Neither started nor stopped here."""

    def __init__(self) -> None:
        self.url = os.environ[URL]
        self.admin_email = os.environ["RT_E2E_ADMIN_EMAIL"]
        self.admin_password = os.environ["RT_E2E_ADMIN_PASSWORD"]

    def up(self) -> None:
        """Wait until Strava tells it of news: it tries anew each minute where its gateway came after its worker."""
        person = self.person()
        eventually(
            lambda: person.get("/strava/status")["webhook"]["state"] == "active", within=120, what="subscription"
        )
        person.close()

    def down(self) -> None:
        """Leave it to whoever started it."""

    @property
    def strava_url(self) -> str:
        return os.environ["RT_E2E_STRAVA_URL"]
