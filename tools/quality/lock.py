"""Hash-pinned requirement files, one for development and one per deployable.

Every lock starts with a line that carries a digest of what it was resolved from, so freshness is checked
without a network. The members themselves are never in a lock: they are installed from their folders. uv runs
in a folder of its own on plain requirement lists, so neither a path nor an index address can reach the files.
"""

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from tools.quality.workspace import ROOT, Member, distribution, members, services

PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = ("x86_64-manylinux_2_28", "aarch64-manylinux_2_28")
BUILD_TOOLS = ("editables", "hatchling")  # editable installs without build isolation need them at hand
HEADER = "# inputs sha256:{digest}\n# Made by `make lock` from the pyproject files and requirements/dev.in.\n"
PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==(\S+)", re.MULTILINE)
LEAK = re.compile(r"://|^\s*-|(?<![\w*])/\w|\s@\s", re.MULTILINE)


@dataclass(frozen=True)
class Lock:
    """One file below requirements/ and the requirement lines it is resolved from."""

    path: Path
    inputs: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def digest(self) -> str:
        """SHA-256 of the sorted inputs and of the versions and platforms they must resolve for."""
        text = "\n".join([*PYTHONS, *PLATFORMS, *self.inputs])
        return hashlib.sha256(text.encode()).hexdigest()


def closure(wanted: Iterable[Member], everybody: Iterable[Member]) -> Iterator[str]:
    """Requirements of the wanted members and of the members they depend on, without the members' names."""
    by_name = {member.name: member for member in everybody}
    queue = [member.name for member in wanted]
    seen: set[str] = set()
    while queue:
        name = queue.pop()
        if name in seen:
            continue
        seen.add(name)
        for requirement in by_name[name].dependencies:
            if distribution(requirement) in by_name:
                queue.append(distribution(requirement))
            else:
                yield requirement


def _lines(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8").splitlines():
        requirement = line.partition("#")[0].strip()
        if requirement:
            yield requirement


def locks(root: Path = ROOT) -> list[Lock]:
    """The development lock first: the others are constrained by it."""
    folder = root / "requirements"
    everybody, deployed = members(root), services(root)
    tools = [member for member in everybody if member.folder == root / "tools" / "local"]
    inputs = {
        "dev": {*closure(everybody, everybody), *_lines(folder / "dev.in")},
        "local": {*closure([*tools, *deployed], everybody), *BUILD_TOOLS},
        **{member.folder.name: set(closure([member], everybody)) for member in deployed},
    }
    return [Lock(folder / f"{name}.txt", tuple(sorted(wanted))) for name, wanted in inputs.items()]


def _uv(arguments: list[str], folder: Path) -> None:
    command = [str(ROOT / ".venv" / "bin" / "uv"), "pip", "compile", "--quiet", *arguments]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"uv could not resolve:\n{done.stderr.strip()}")


def compile_lock(lock: Lock, folder: Path, *, upgrade: bool) -> str:
    """Resolve one lock for every supported Python and platform; what is pinned already stays when it can."""
    (folder / f"{lock.name}.in").write_text("\n".join(lock.inputs) + "\n", encoding="utf-8")
    output = folder / f"{lock.name}.txt"
    if lock.path.exists() and not upgrade:
        output.write_text(lock.path.read_text(encoding="utf-8"), encoding="utf-8")
    flags = ["--universal", "--generate-hashes", "--no-header", "--no-annotate", "--only-binary", ":all:"]
    flags += ["--python-version", PYTHONS[0], "--custom-compile-command", "make lock"]
    flags += [] if lock.name == "dev" else ["--constraint", "dev.txt"]
    _uv([*flags, f"{lock.name}.in", "-o", output.name], folder)
    return HEADER.format(digest=lock.digest) + output.read_text(encoding="utf-8")


def prove_wheels(folder: Path) -> None:
    """Fail unless every pin of the development lock has a wheel for each supported Python and platform."""

    def prove(python: str, platform: str) -> None:
        target = ["--python-version", python, "--python-platform", platform]
        _uv([*target, "--no-deps", "--only-binary", ":all:", "dev.txt", "-o", f"{python}-{platform}.txt"], folder)

    with ThreadPoolExecutor() as pool:
        list(pool.map(prove, *zip(*product(PYTHONS, PLATFORMS), strict=True)))


def _refuse_leaks(lock: Lock, text: str) -> None:
    for line in text.splitlines()[HEADER.count("\n") :]:
        if "--hash=" not in line and LEAK.search(line):
            sys.exit(f"{lock.name}: a path, option or address would be written: {line}")


def write(*, upgrade: bool) -> None:
    """Write every lock, or none: the files appear together at the end."""
    texts: dict[Path, str] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for lock in locks():
            texts[lock.path] = text = compile_lock(lock, folder, upgrade=upgrade)
            _refuse_leaks(lock, text)
            print(f"requirements/{lock.name}.txt: {len(PIN.findall(text))} packages", flush=True)
        prove_wheels(folder)
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")


def _pins(lock: Lock) -> set[tuple[str, str]]:
    return set(PIN.findall(lock.path.read_text(encoding="utf-8")))


def complaints(root: Path = ROOT) -> Iterator[str]:
    """What is wrong with the locks as they stand; nothing when they are fresh."""
    wanted = locks(root)
    present = [lock for lock in wanted if lock.path.exists()]
    yield from (f"requirements/{lock.name}.txt is missing" for lock in wanted if lock not in present)
    for lock in present:
        if not lock.path.read_text(encoding="utf-8").startswith(HEADER.format(digest=lock.digest)):
            yield f"requirements/{lock.name}.txt was made from other requirements"
        elif wanted[0] in present and (different := _pins(lock) - _pins(wanted[0])):
            yield f"requirements/{lock.name}.txt pins what dev.txt does not: {min(different)}"
    strangers = set((root / "requirements").glob("*.txt")) - {lock.path for lock in wanted}
    yield from (f"requirements/{path.name} belongs to no member" for path in sorted(strangers))


def main() -> int:
    """Return 0 when the locks were written or are fresh."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether the locks are fresh")
    parser.add_argument("--upgrade", action="store_true", help="take newer releases")
    options = parser.parse_args()
    if not options.check:
        write(upgrade=options.upgrade)
        return 0
    found = list(complaints())
    for line in found:
        print(line)
    if found:
        print("run `make lock`")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
