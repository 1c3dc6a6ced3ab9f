"""The operator's commands: `python -m local <command>`, called by the Makefile."""

import argparse
import os
import sys
from collections.abc import Callable

from local import commands
from local.server import ServerError
from local.startup import StartError
from local.topology import SettingError, Topology

COMMANDS: dict[str, Callable[[Topology, str | None], int]] = {
    "up": commands.up,
    "down": commands.down,
    "restart": commands.restart,
    "status": commands.status,
    "logs": commands.logs,
    "migrate": commands.migrate,
    "admin": commands.admin,
    "clean": commands.clean,
}


def main() -> int:
    """Run one command; 0 when it did what it should."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("name", nargs="?", help="a process, such as strava or strava-worker (logs, restart)")
    arguments = parser.parse_args()
    try:
        return COMMANDS[arguments.command](Topology.from_environment(), arguments.name or None)
    except (StartError, ServerError, SettingError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has left; nothing may be written to it again, not even on the way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
