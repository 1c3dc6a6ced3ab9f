"""What the demo remembers from one run to the next, in a file that only its owner can read."""

import os
from collections.abc import Mapping
from pathlib import Path

from local.topology import read_env_file

FILE = "demo.env"
_HEADER = "# The sign-ins made by `make demo`, and the day before which the athlete's training ends.\n"


def recall(home: Path) -> dict[str, str]:
    """What was remembered; nothing at first."""
    return read_env_file(home / FILE)


def remember(home: Path, values: Mapping[str, str]) -> None:
    """Write down these values beside the others, all or nothing."""
    path = home / FILE
    staging = path.with_name(f"{path.name}.new")
    staging.unlink(missing_ok=True)
    staging.touch(mode=0o600)
    with staging.open("w", encoding="utf-8") as file:
        file.write(_HEADER + "".join(f"{name}={value}\n" for name, value in (recall(home) | dict(values)).items()))
        file.flush()
        os.fsync(file.fileno())
    staging.replace(path)
