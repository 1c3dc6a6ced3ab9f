"""The operator's commands: `python -m local <command>`, called by the Makefile."""

import argparse
import datetime as dt
import os
import sys
from collections.abc import Callable

from local import commands
from local.demo.errors import DemoError
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
    "rotate-keys": commands.rotate_keys,
    "reencrypt": commands.reencrypt,
    "clean": commands.clean,
}
DEMO, ACCOUNT = "demo", "account"


def main() -> int:
    """Run one command; 0 when it did what it should."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("command", choices=[*COMMANDS, DEMO, ACCOUNT])
    parser.add_argument(
        "name",
        nargs="?",
        help="a process, such as strava or strava-worker (logs, restart); now (rotate-keys); an address (account)",
    )
    demo = parser.add_argument_group("demo")
    demo.add_argument("--end", type=dt.date.fromisoformat, help="day before which the training ends (default: today)")
    demo.add_argument("--months", type=int, default=24, help="how far the training goes back, 1 to 24")
    account = parser.add_argument_group("account")
    account.add_argument("--role", help="make the account with this role, or give it the role")
    account.add_argument("--reset", action="store_true", help="set a new password; ends all sessions")
    account.add_argument("--totp-off", action="store_true", help="turn the second factor off")
    arguments = parser.parse_args()
    try:
        return _run(arguments)
    except (StartError, ServerError, SettingError, DemoError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has left; nothing may be written to it again, not even on the way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(arguments: argparse.Namespace) -> int:
    topology = Topology.from_environment()
    if arguments.command == DEMO:
        return commands.demo(topology, arguments.end, arguments.months)
    if arguments.command == ACCOUNT:
        role = ["--role", arguments.role] if arguments.role else []
        flags = [*(["--reset"] if arguments.reset else []), *(["--totp-off"] if arguments.totp_off else [])]
        return commands.account(topology, arguments.name or None, [*role, *flags])
    return COMMANDS[arguments.command](topology, arguments.name or None)


if __name__ == "__main__":
    sys.exit(main())
