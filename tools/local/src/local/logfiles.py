"""Log files that do not grow for ever."""

import os
import shutil
from pathlib import Path

LARGEST = 20 << 20  # bytes
KEPT = 3


def rotate(folder: Path, *, largest: int = LARGEST, kept: int = KEPT) -> None:
    """Move the content of every `*.log` over `largest` bytes to `.1`, the older ones up to `.kept`.

    The file itself is copied and then emptied, since its writer keeps it open and appends.
    """
    for log in folder.glob("*.log"):
        if log.stat().st_size <= largest:
            continue
        for number in range(kept, 1, -1):
            older = log.with_name(f"{log.name}.{number - 1}")
            if older.exists():
                older.replace(log.with_name(f"{log.name}.{number}"))
        copy = log.with_name(f"{log.name}.1")
        shutil.copyfile(log, copy)
        copy.chmod(0o600)
        os.truncate(log, 0)
