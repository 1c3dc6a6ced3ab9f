"""What kind of archive it is, by the names of its files, and what each of them is for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["plain", "strava", "garmin"]

LIST: Final = "activities.csv"
FOLDER: Final = "activities/"
_PICTURES: Final = re.compile(r"\.(jpe?g|png|gif|webp|heic|mp4|mov|m4v|avi|webm)$", re.IGNORECASE)
_GARMIN_FILES: Final = re.compile(r"(^|/)DI_CONNECT/DI-Connect-Uploaded-Files/[^/]+\.zip$", re.IGNORECASE)
_GARMIN_LIST: Final = re.compile(
    r"(^|/)DI_CONNECT/DI-Connect-Fitness/[^/]*summarizedActivities[^/]*\.json$", re.IGNORECASE
)
_GARMIN: Final = re.compile(r"(^|/)DI_CONNECT/", re.IGNORECASE)

PICTURES_LEFT_OUT: Final = "Pictures and videos are not imported."
ROUTES_LEFT_OUT: Final = "Planned routes are no activities."
OTHERS_LEFT_OUT: Final = "Other data of the account is not imported."
MISSING_LEFT_OUT: Final = "The archive names their files and does not have them."
MONITORING_LEFT_OUT: Final = "Files of daily monitoring, sleep, settings and the like are no activities."


@dataclass(frozen=True)
class Layout:
    """``lists`` are the files that describe activities, ``root`` the folder that everything stands in."""

    kind: Kind
    root: str = ""
    lists: tuple[str, ...] = ()

    def is_nested(self, name: str) -> bool:
        """Whether a file is an archive of activities inside the archive, as Garmin has them."""
        return self.kind == "garmin" and _GARMIN_FILES.search(name) is not None

    def left_out(self, name: str, described: Mapping[str, object]) -> str | None:
        """Why a file of the archive is not imported; None for one that is to be."""
        if self.kind == "plain" or name in described:
            return None
        if _PICTURES.search(name):
            return PICTURES_LEFT_OUT
        if self.kind == "strava" and name.startswith(f"{self.root}{FOLDER}"):
            return None
        return ROUTES_LEFT_OUT if name.startswith(f"{self.root}routes/") else OTHERS_LEFT_OUT


def layout_of(names: Sequence[str]) -> Layout:
    """The layout of an archive with these files; people pack archives again, with a folder around everything."""
    lists = [name for name in names if name == LIST or name.endswith(f"/{LIST}")]
    if lists:
        shortest = min(lists, key=len)
        return Layout("strava", shortest.removesuffix(LIST), (shortest,))
    if any(_GARMIN_FILES.search(name) or _GARMIN_LIST.search(name) for name in names):
        root = next(name[: found.start()] + found[1] for name in names if (found := _GARMIN.search(name)))
        return Layout("garmin", root, tuple(name for name in names if _GARMIN_LIST.search(name)))
    return Layout("plain")
