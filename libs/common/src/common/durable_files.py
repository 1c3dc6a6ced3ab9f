"""Files that survive kill -9 and power loss: complete under their name, or not there at all."""

import os
import time
import uuid
from pathlib import Path
from typing import Self

_PRIVATE_DIR = 0o700
_PRIVATE_FILE = 0o600
_LEFT_BEHIND_S = 24 * 3600


class DurableFile:
    """Written beside its place and then moved there: data, name and folders are all flushed to disk.

    ``staging`` must be on the same file system as ``target``; folders between ``root`` and ``target``
    are made. Used as a context manager it leaves nothing behind when ``commit`` was not reached.
    """

    def __init__(self, root: Path, target: Path, staging: Path) -> None:
        self._root = root
        self._target = target
        self._draft = staging / uuid.uuid4().hex
        self._descriptor = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)
        self._draft.unlink(missing_ok=True)

    def write(self, data: bytes) -> None:
        """Append ``data``."""
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]

    def commit(self, *, if_absent: bool) -> bool:
        """Put the file in its place; False when ``if_absent`` and there is one already."""
        os.fsync(self._descriptor)
        self._target.parent.mkdir(mode=_PRIVATE_DIR, parents=True, exist_ok=True)
        placed = self._link() if if_absent else self._replace()
        # Also when another process was first: it may not have come to flush what we now rely on.
        folder = self._target.parent
        _flush_folder(folder)
        while folder != self._root:
            folder = folder.parent
            _flush_folder(folder)
        return placed

    def _link(self) -> bool:
        try:
            self._target.hardlink_to(self._draft)
        except FileExistsError:
            return False
        return True

    def _replace(self) -> bool:
        self._draft.replace(self._target)
        return True


def make_staging(folder: Path) -> None:
    """Make the staging folder, and clear what processes that were killed left in it a day ago or more."""
    folder.mkdir(mode=_PRIVATE_DIR, parents=True, exist_ok=True)
    for draft in folder.iterdir():
        try:
            if time.time() - draft.stat().st_mtime > _LEFT_BEHIND_S:
                draft.unlink(missing_ok=True)
        except FileNotFoundError:
            continue  # another process cleared or placed it


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
