"""Athletes, activities and the app's state in memory, and on disk what changed since the start.

The snapshot is a folder with one JSON file per thing, each replaced as a whole, so that whenever the process is
killed a file holds the former state or the new one. Made-up histories are not in it: they are made again.
"""

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from strava_emulator import people
from strava_emulator.models import Activity, AppState, Athlete
from strava_emulator.settings import EmulatorSettings

FIRST_ADDED = 15_000_000_000
DAY_S = 86_400
Thing = TypeVar("Thing", bound=BaseModel)


class Folder:
    """JSON files by name; without a path nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def write(self, name: str, thing: BaseModel) -> None:
        """Replace one file as a whole."""
        if self._path is None:
            return
        target = self._path / f"{name}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_suffix(".new")
        with draft.open("w", encoding="utf-8") as file:
            file.write(thing.model_dump_json())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)

    def read(self, kind: type[Thing], name: str) -> Thing | None:
        """One file, None where there is none."""
        path = self._path / f"{name}.json" if self._path else None
        return kind.model_validate_json(path.read_bytes()) if path and path.exists() else None

    def read_all(self, kind: type[Thing], folder: str) -> Iterator[Thing]:
        """All files of a folder."""
        for path in sorted((self._path / folder).glob("*.json")) if self._path else ():
            yield kind.model_validate_json(path.read_bytes())


class Store:
    """Everything by id. Whoever changes a thing saves it before answering."""

    def __init__(self, settings: EmulatorSettings, now: float) -> None:
        self._folder = Folder(settings.home)
        today = dt.datetime.fromtimestamp(now, dt.UTC).date()
        self.app = self._folder.read(AppState, "app") or AppState(last_day=today)
        self.save_app()
        midnight = dt.datetime.combine(self.app.last_day, dt.time(), dt.UTC)
        made = int(midnight.timestamp()) - 365 * DAY_S
        people_now = (people.athlete(number, made, settings.history_months) for number in range(settings.athletes))
        self.athletes: dict[int, Athlete] = {athlete.id: athlete for athlete in people_now}
        self.athletes |= {athlete.id: athlete for athlete in self._folder.read_all(Athlete, "athletes")}
        self._activities: dict[int, Activity] = {}
        self._of: dict[int, set[int]] = {}
        self._with_history: set[int] = set()
        for activity in self._folder.read_all(Activity, "activities"):
            self._keep(activity)

    def _keep(self, activity: Activity) -> None:
        self._activities[activity.id] = activity
        self._of.setdefault(activity.athlete_id, set()).add(activity.id)

    def _remember(self, athlete_id: int) -> None:
        """Make an athlete's history when it is first asked for; what was changed of it since stays changed."""
        athlete = self.athletes.get(athlete_id)
        if athlete is None or athlete_id in self._with_history:
            return
        self._with_history.add(athlete_id)
        for activity in people.history(athlete, self.app.last_day):
            if activity.id not in self._activities:
                self._keep(activity)

    def save_app(self) -> None:
        self._folder.write("app", self.app)

    def save_athlete(self, athlete: Athlete) -> None:
        self.athletes[athlete.id] = athlete
        self._folder.write(f"athletes/{athlete.id}", athlete)

    def save_activity(self, activity: Activity) -> None:
        self._keep(activity)
        self._folder.write(f"activities/{activity.id}", activity)

    def activity(self, activity_id: int) -> Activity | None:
        """The activity, None when there is none or it was deleted."""
        self._remember(people.athlete_of(activity_id))
        found = self._activities.get(activity_id)
        return None if found is None or found.deleted else found

    def activities(self, athlete_id: int) -> list[Activity]:
        """An athlete's activities that were not deleted, newest first."""
        self._remember(athlete_id)
        found = (self._activities[each] for each in self._of.get(athlete_id, ()))
        return sorted((each for each in found if not each.deleted), key=lambda each: (-each.start, -each.id))

    def next_athlete(self) -> int:
        return max([people.FIRST_ATHLETE + people.ROOM, *self.athletes]) + 1

    def next_activity(self) -> int:
        """Even numbers, as in the histories: an upload has the odd one after its activity's."""
        newest = max([FIRST_ADDED, *self._activities])
        return newest + 2 - newest % 2
