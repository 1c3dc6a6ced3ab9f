"""A parent that forks as the supervisor does: `python forking_parent.py BODY FOLDER`.

A process that has run other tests has threads of its own and of libraries, which a fork must not meet. Prints the
child's pid and its exit code.
"""

import os
import sys
import time
from pathlib import Path

from local.forking import fork
from local.processes import reap


def open_files() -> list[int]:
    return sorted(int(path.name) for path in Path("/proc/self/fd").iterdir())


def tell() -> None:
    print(dict(os.environ), os.getsid(0) == os.getpid(), open_files()[:3])


def list_files() -> None:
    print(open_files()[4:])


def break_down() -> None:
    raise ValueError("broken on purpose")


BODIES = {body.__name__: body for body in (tell, list_files, break_down)}


def main(body: str, folder: Path) -> None:
    with (folder / "parents").open("w"):
        process = fork(
            BODIES[body],
            name="child",
            environment={"ONLY": "this"},
            log=folder / "child.log",
            pid_path=folder / "child.pid",
        )
    while (code := reap(process.pid)) is None:
        time.sleep(0.01)
    print(process.pid, code)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
