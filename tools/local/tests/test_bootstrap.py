"""The first thing that runs on a fresh machine, on machines that lack something: what it says and what it does."""

import ast
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from local.topology import ROOT

BOOTSTRAP = "tools/local/bootstrap.py"
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
NOT_ROOT = "os.geteuid = lambda: 1000"
IS_ROOT = "os.geteuid = lambda: 0"
NO_LIBRARIES = "import ctypes.util; ctypes.util.find_library = lambda name: None"
OLD_PYTHON = "sys.version_info, sys.version = (3, 9, 2, 'final', 0), '3.9.2 (default)'"
MAIN = f"runpy.run_path({BOOTSTRAP!r}, run_name='__main__')"
SYSTEM_PACKAGES = f"runpy.run_path({BOOTSTRAP!r})['ensure_system_packages'](pathlib.Path('requirements/local.txt'))"


@dataclass
class FreshMachine:
    """A clone of the project on a made-up machine, on whose path are only the programs that were put there."""

    root: Path
    pretending: list[str] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return self.root / "bin"

    def add_program(self, name: str, script: str) -> None:
        program = self.path / name
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)

    def lacks_venv(self) -> None:
        """Debian's Python without the package that makes environments."""
        self.add_program(f"python{VERSION}", "exit 1")
        self.pretending.append(f"sys.base_prefix = {str(self.root)!r}")

    def run(self, last: str = MAIN) -> "subprocess.CompletedProcess[str]":
        lines = ["import os, pathlib, runpy, sys", *self.pretending, f"sys.argv = [{BOOTSTRAP!r}, 'local']", last]
        return subprocess.run(
            [sys.executable, "-c", "\n".join(lines)],
            cwd=self.root,
            env={"PATH": str(self.path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> FreshMachine:
    for part in (BOOTSTRAP, "requirements/local.txt"):
        (tmp_path / part).parent.mkdir(parents=True)
        shutil.copy(ROOT / part, tmp_path / part)
    (tmp_path / "bin").mkdir()
    return FreshMachine(tmp_path)


def test_a_python_that_is_too_old_is_told_what_to_do(machine: FreshMachine) -> None:
    machine.pretending.append(OLD_PYTHON)
    done = machine.run()
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed, this is 3.9.2" in done.stdout
    assert "make up PYTHON=/path/to/python3.12" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_newer_python_on_the_path_is_used_in_place_of_one_too_old(machine: FreshMachine) -> None:
    machine.pretending.append(OLD_PYTHON)
    machine.add_program("python3.13", 'echo "3.13 runs $*"')
    machine.add_program("python3.11", 'echo "3.11 runs $*"')
    done = machine.run()
    assert (done.returncode, done.stdout) == (0, f"3.13 runs {BOOTSTRAP} local\n")


def test_an_old_python_can_read_it() -> None:
    ast.parse((ROOT / BOOTSTRAP).read_text(encoding="utf-8"), feature_version=(3, 7))


def test_who_is_not_root_gets_the_command_for_what_the_environment_needs(machine: FreshMachine) -> None:
    machine.lacks_venv()
    machine.add_program("apt-get", f"touch {machine.root}/apt-get-ran")
    machine.pretending += [NOT_ROOT, NO_LIBRARIES]
    done = machine.run()
    assert done.returncode == 1
    [command] = [line.strip() for line in done.stdout.splitlines() if "apt-get" in line]
    assert command.startswith(f"sudo apt-get install -y python{VERSION}-venv libpango-1.0-0 ")
    assert done.stdout.rstrip().endswith("run this again.")
    assert not (machine.root / "apt-get-ran").exists()
    assert not (machine.root / ".venv").exists()


def test_what_only_printing_needs_is_told_and_keeps_nothing_from_starting(machine: FreshMachine) -> None:
    machine.pretending += [NOT_ROOT, NO_LIBRARIES]
    done = machine.run(SYSTEM_PACKAGES)
    assert done.returncode == 0, done.stderr
    assert "Printing plans as PDF needs libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0" in done.stdout
    assert "\n    sudo apt-get install -y libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0" in done.stdout


def test_root_has_it_installed_also_where_the_package_lists_are_missing(machine: FreshMachine) -> None:
    calls = machine.root / "calls"
    machine.add_program("apt-get", f'echo "$1" >> {calls}; [ "$1" = update ] || grep -q update {calls}')
    machine.add_program("grep", 'exec /bin/grep "$@"')
    machine.pretending += [IS_ROOT, NO_LIBRARIES]
    done = machine.run(SYSTEM_PACKAGES)
    assert done.returncode == 0, done.stderr
    assert calls.read_text().split() == ["install", "update", "install"]
    assert "Install with" not in done.stdout


def test_where_there_is_no_apt_even_root_is_told(machine: FreshMachine) -> None:
    machine.lacks_venv()
    machine.pretending.append(IS_ROOT)
    done = machine.run()
    assert done.returncode == 1
    assert f"\n    apt-get install -y python{VERSION}-venv" in done.stdout
