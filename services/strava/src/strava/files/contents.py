"""An archive as a row of units: files to import, activities that were entered by hand, and what is left out."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, cast
from zipfile import ZipInfo

from strava.files.accounts.layout import MISSING_LEFT_OUT, MONITORING_LEFT_OUT, Layout, layout_of
from strava.files.accounts.told import Told
from strava.files.archive import Archive, display_name
from strava.files.fit_head import ACTIVITY, fit_head
from strava.files.recording import Entry, FileRefused

SPOOL: Final = 8 << 20
NEAR: Final = 120.0  # s between a Garmin file's own time and that of the activity in the list

Read = Callable[[], Entry]


@dataclass(frozen=True)
class Unit:
    """One thing in an archive: ``read`` it, or it is ``told`` only, or it is ``left_out`` for a reason."""

    name: str
    read: Read | None = None
    told: Told | None = None
    left_out: str | None = None


class Contents:
    """What an archive holds. ``describe`` comes between opening it and walking through it."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._names = {_path(info): info for info in archive.members}
        self.layout: Layout = layout_of(list(self._names))
        self._by_file: dict[str, Told] = {}
        self._by_hand: list[Told] = []
        self._missing: list[str] = []
        self._by_start: list[Told] = []

    def lists(self) -> Iterator[Entry]:
        """The files that describe activities, one at a time."""
        for name in self.layout.lists:
            yield self._archive.entry(self._names[name])

    def describe(self, told: Sequence[Told]) -> None:
        """Take what a list says."""
        if self.layout.kind == "garmin":
            self._by_start += told
            return
        for each in told:
            path = f"{self.layout.root}{each.file_name}"
            if not each.file_name:
                self._by_hand.append(each)
            elif path in self._names:
                self._by_file[path] = each
            else:
                self._missing.append(path)

    def units(self) -> Iterator[Unit]:
        """Everything in the archive but its lists, always in the same order; unread units cost nothing."""
        for info in self._archive.members:  # not by name: an archive may have a name twice
            name = _path(info)
            if name in self.layout.lists:
                continue
            if self.layout.is_nested(name):
                yield from self._inside(name, info)
            elif reason := self.layout.left_out(name, self._by_file):
                yield Unit(name, left_out=reason)
            else:
                yield Unit(name, self._reader(self._archive, info), self._by_file.get(name))
            if self._archive.broken is not None:
                return
        yield from (Unit(path, left_out=MISSING_LEFT_OUT) for path in self._missing)
        for told in self._by_hand:
            yield Unit(f"{self.layout.lists[0]}: {told.name or told.archive_id}", told=told)

    def _inside(self, name: str, info: ZipInfo) -> Iterator[Unit]:
        """Files of an archive inside the archive."""
        with tempfile.SpooledTemporaryFile(max_size=SPOOL) as spooled:
            spool = cast("BinaryIO", spooled)  # it is one in all but its type
            try:
                inner = self._archive.nested(info, spool)
            except FileRefused as refused:
                entry = Entry(display_name(name), refused=refused)
                yield Unit(name, lambda: entry)
                return
            with inner:
                for member in inner.members:
                    yield Unit(_path(member), self._reader(inner, member))
                    if inner.broken is not None:
                        return

    def _reader(self, archive: Archive, info: ZipInfo) -> Read:
        return lambda: archive.entry(info)

    def look(self, unit: Unit, entry: Entry) -> Unit:
        """The unit once its content is known: Garmin's archives tell only there what a file is, and when it began."""
        if self.layout.kind != "garmin" or entry.refused is not None:
            return unit
        head = fit_head(entry.data)
        if head is None:
            return unit
        if head.kind not in {None, ACTIVITY}:
            return Unit(unit.name, left_out=MONITORING_LEFT_OUT)
        return Unit(unit.name, unit.read, _nearest(self._by_start, head.created))


def _path(info: ZipInfo) -> str:
    return info.filename.replace("\\", "/")


def _nearest(told: Sequence[Told], moment: float | None) -> Told | None:
    """Who began nearest to a moment, when that is near."""
    if moment is None or not told:
        return None
    found = min(told, key=lambda each: abs(_began(each) - moment))
    return found if abs(_began(found) - moment) <= NEAR else None


def _began(told: Told) -> float:
    return told.start_time.timestamp() if told.start_time else float("-inf")


def counted(reasons: Sequence[str], before: Sequence[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """How many were left out for each reason, those of ``before`` included."""
    counts: dict[str, int] = {each["reason"]: each["count"] for each in before}
    for reason in reasons:
        counts[reason] = counts.get(reason, 0) + 1
    return [{"reason": reason, "count": count} for reason, count in counts.items()]
