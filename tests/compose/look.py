"""Whether containers run as they should, from `docker inspect` on the standard input; `--memory` adds up instead.

Every container runs without root and capabilities, on a file system that it cannot write to, has an end to its
memory, and knows no secret by its environment or command line, where others could see it.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
SHORTEST_SECRET = 16


def complaints(container: dict[str, Any], secrets: list[str]) -> Iterator[str]:
    """What is wrong with one container."""
    config, host = container["Config"], container["HostConfig"]
    wanted = {
        "runs as root": config["User"].split(":")[0] not in ("", "0", "root"),
        "can write to its file system": host["ReadonlyRootfs"],
        "keeps capabilities": host["CapDrop"] == ["ALL"] and not host["CapAdd"],
        "may gain privileges": "no-new-privileges:true" in (host["SecurityOpt"] or []),
        "may use all memory": host["Memory"] > 0,
        "may fill the disk with logs": "max-size" in host["LogConfig"]["Config"],
        "shows a secret": not any(secret in json.dumps(config) for secret in secrets),
        "listens on every address": all(
            binding["HostIp"] == "127.0.0.1" for bindings in host["PortBindings"].values() for binding in bindings
        ),
    }
    yield from (text for text, holds in wanted.items() if not holds)
    state = container["State"]
    if state["Status"] != "running" and state["ExitCode"] != 0:
        yield f"ended with {state['ExitCode']}"
    if container["RestartCount"]:
        yield f"was started {container['RestartCount'] + 1} times"


def look(folder: Path) -> int:
    """Return how many things are wrong."""
    texts = [path.read_text().strip() for path in folder.rglob("*") if path.is_file()]
    secrets = [text for text in texts if len(text) >= SHORTEST_SECRET]
    containers = json.load(sys.stdin)
    found = [f"{each['Name']}: {text}" for each in containers for text in complaints(each, secrets)]
    print(f"{len(containers)} containers, {len(found)} complaints", *found, sep="\n", file=sys.stderr)
    return len(found)


def memory() -> None:
    """Print each container's memory and the sum, from lines `name 12.3MiB / 1GiB`."""
    total = 0.0
    for line in sys.stdin:
        name, used = line.split()[:2]
        number, unit = re.fullmatch(r"([\d.]+)(\w+)", used).groups()  # type: ignore[union-attr] # as docker writes it
        total += float(number) * UNITS[unit]
        print(re.sub(r"^.*-test-\d+-|-\d+$", "", name), used)
    print(f"all {total / UNITS['MiB']:.0f}MiB")


if __name__ == "__main__":
    if sys.argv[1] == "--memory":
        memory()
    else:
        sys.exit(1 if look(Path(sys.argv[1])) else 0)
