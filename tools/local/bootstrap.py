#!/usr/bin/env python3
"""Make `.venv` with exactly the locked packages and the project's own members; nothing when it is there.

    python3 tools/local/bootstrap.py [local|dev]

`local` is what `make up` needs, `dev` (a superset) what checks and tests need. Standard library only: this is
the first thing that runs on a fresh machine, perhaps on a Python that is too old: written in the language of 3.7.
"""

from __future__ import annotations

import ctypes.util
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
OLDEST = (3, 11)
WEASYPRINT_LIBRARIES = {
    "pango-1.0": "libpango-1.0-0",
    "pangoft2-1.0": "libpangoft2-1.0-0",
    "harfbuzz-subset": "libharfbuzz-subset0",
}


class BootstrapError(Exception):
    """The environment cannot be made; the message says what to do."""


def members() -> list[Path]:
    """Return the folders of the project's installable members."""
    patterns = ("libs/*/pyproject.toml", "services/*/pyproject.toml", "tools/*/pyproject.toml")
    return sorted(path.parent for pattern in patterns for path in ROOT.glob(pattern))


def lock_file(name: str) -> Path:
    """Return the file that pins a set of packages."""
    return ROOT / "requirements" / f"{name}.txt"


def fingerprint(name: str) -> str | None:
    """Return a hash of everything that decides what gets installed; None when there is no lock."""
    if not lock_file(name).exists():
        return None
    digest = hashlib.sha256(f"{sys.version_info[:2]} {ROOT}".encode())
    for path in (lock_file(name), *(member / "pyproject.toml" for member in members())):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def installed() -> dict[str, str]:
    """Return which sets are installed, by the fingerprints they had."""
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return stamp if PYTHON.exists() else {}


def is_fresh(name: str) -> bool:
    """Whether the set, or the superset of all, is installed as locked."""
    stamp = installed()
    return any(stamp.get(each, "") == fingerprint(each) for each in {name, "dev"})


def say(text: str) -> None:
    """Print a line of progress at once, also into a pipe."""
    print(text, flush=True)


def install_system_packages(packages: list[str], *, needed_for: str, required: bool) -> None:
    """Install Debian packages when we are root; else print the command, and give up where required."""
    names = " ".join(packages)
    apt = shutil.which("apt-get")
    if os.geteuid() == 0 and apt is not None:
        say(f"Installing {names} ({needed_for})")
        wanted = ("install", "-y", "--no-install-recommends", *packages)
        # A fresh machine may have no package lists yet, an old one outdated ones.
        if not apt_fails(apt, *wanted) or not (apt_fails(apt, "update") or apt_fails(apt, *wanted, loud=True)):
            return
    message = f"{needed_for} needs {names}. Install with:\n    {command_for(packages)}"
    if required:
        raise BootstrapError(f"{message}\nand run this again.")
    say(message)


def apt_fails(apt: str, *arguments: str, loud: bool = False) -> bool:
    """Run apt-get without questions; True when it failed, `loud` prints why."""
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    done = subprocess.run(
        [apt, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and loud:
        say(done.stderr.strip())
    return done.returncode != 0


def command_for(packages: list[str]) -> str:
    """Return what a person types to install Debian packages."""
    prefix = "" if os.geteuid() == 0 else "sudo "
    return f"{prefix}apt-get install -y {' '.join(packages)}"


def ensure_venv(lock: Path) -> None:
    """Create `.venv`, or make it anew when it belongs to another Python or was left half-made."""
    if is_usable_venv():
        return
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    interpreter = str(base if base.exists() else sys.executable)
    if subprocess.run([interpreter, "-c", "import ensurepip"], capture_output=True, check=False).returncode:
        # One command for all that root has to give, so that nobody is asked twice.
        packages = [venv_package(interpreter), *missing_for_printing(lock.read_text(encoding="utf-8"))]
        install_system_packages(packages, needed_for="A Python environment", required=True)
    say(f"Creating .venv with Python {sys.version.split()[0]}")
    subprocess.run([interpreter, "-m", "venv", "--clear", str(VENV)], check=True)


def is_usable_venv() -> bool:
    """Whether `.venv` runs the Python version we run and has pip."""
    version = f"import sys, pip; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    return (
        PYTHON.exists()
        and not subprocess.run([str(PYTHON), "-c", version], capture_output=True, check=False).returncode
    )


def venv_package(interpreter: str) -> str:
    """Return Debian's package with the venv support for an interpreter."""
    default = Path("/usr/bin/python3")
    if default.exists() and default.resolve() == Path(interpreter).resolve():
        return "python3-venv"
    return f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"


def missing_for_printing(locked: str) -> list[str]:
    """Packages with the libraries WeasyPrint draws with and a font, where a locked package needs them."""
    if "\nweasyprint==" not in locked:
        return []
    missing = [package for name, package in WEASYPRINT_LIBRARIES.items() if ctypes.util.find_library(name) is None]
    has_font = any(Path("/usr/share/fonts").rglob("*.[ot]tf"))
    return missing if has_font else [*missing, "fonts-dejavu-core"]


def missing_for_browsing(locked: str) -> list[str]:
    """Packages with a browser and what Playwright's own program is linked to, where Playwright is locked."""
    if "\nplaywright==" not in locked:
        return []
    chromium = [] if shutil.which("chromium") else ["chromium"]
    return chromium if ctypes.util.find_library("atomic") else [*chromium, "libatomic1"]


def ensure_system_packages(lock: Path) -> None:
    """Provide what is not in wheels: what plans are printed with, the browser that Playwright drives."""
    locked = lock.read_text(encoding="utf-8")
    needs = {
        "Printing plans as PDF": missing_for_printing(locked),
        "Testing the pages in a browser": missing_for_browsing(locked),
    }
    for needed_for, missing in needs.items():
        if missing:
            install_system_packages(missing, needed_for=needed_for, required=False)


def pip(*arguments: str, expected: int) -> None:
    """Run pip with the user's own configuration, showing a line every two seconds."""
    command = [str(PYTHON), "-m", "pip", "install", "--no-user", "--disable-pip-version-check"]
    process = subprocess.Popen(
        [*command, "--progress-bar=off", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    last, seen, lines, doing = time.monotonic(), 0, [], ""
    for line in process.stdout or ():
        lines.append(line.rstrip())
        if line.startswith(("Collecting ", "Obtaining ", "Installing ")):
            seen += not line.startswith("Installing ")
            doing = " ".join(line.split()[:2])
        if time.monotonic() - last > 2:  # noqa: PLR2004 -- the two seconds of the docstring
            say(f"  {min(seen, expected)}/{expected}  {doing}")
            last = time.monotonic()
    if process.wait() != 0:
        raise BootstrapError("pip failed:\n" + "\n".join(lines[-25:]))


def install(name: str) -> None:
    """Install one locked set and all members into `.venv`, and remember it."""
    lock = lock_file(name)
    if not lock.exists():
        raise BootstrapError(f"requirements/{name}.txt is missing; it comes with the project, `make lock` makes it")
    ensure_venv(lock)
    ensure_system_packages(lock)
    count = sum("==" in line and not line.startswith((" ", "#")) for line in lock.read_text("utf-8").splitlines())
    say(f"Installing {count} packages from requirements/{name}.txt")
    STAMP.unlink(missing_ok=True)
    pip("--require-hashes", "--only-binary", ":all:", "--no-deps", "-r", str(lock), expected=count)
    own = members()
    say(f"Installing {len(own)} members of the project")
    editable = [argument for member in own for argument in ("--editable", str(member))]
    pip("--no-deps", "--no-build-isolation", *editable, expected=len(own))
    STAMP.write_text(json.dumps({name: fingerprint(name)}), encoding="utf-8")


def refuse_old_python() -> None:
    """Go on with a newer Python from the path when this one is too old, or say what is needed."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(14, 10, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer is not None:
            os.execv(newer, [newer, *sys.argv])  # noqa: S606 -- there is no shell to start it with
    raise BootstrapError(
        f"Python 3.11 or newer is needed, this is {sys.version.split()[0]} ({sys.executable}).\n"
        "Install a newer one, or name it: make up PYTHON=/path/to/python3.12"
    )


def main() -> int:
    """Bring the environment up to date; 0 when it is."""
    name = sys.argv[1] if len(sys.argv) > 1 else "local"
    try:
        refuse_old_python()
        if is_fresh(name):
            return 0
        folder = os.open(ROOT, os.O_RDONLY)
        fcntl.flock(folder, fcntl.LOCK_EX)  # held until we exit: two of us would break each other's work
        if not is_fresh(name):
            install(name)
    except (BootstrapError, subprocess.CalledProcessError, OSError) as error:
        say(f"{error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
