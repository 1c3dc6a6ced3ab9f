"""mypy strict over every member's sources and tests in one run.

Every src folder is a base of its own, so packages are found under the names they are imported by, and a test is
named by its whole path, so two members may both have a tests/test_health.py. A package that tests bring along has
a src folder too.
"""

import os
import subprocess
import sys

from tools.quality.workspace import ROOT, members

FOLDERS = ("tools/quality", "tools/deploy", "tests", "benchmarks")


def main() -> int:
    """Return mypy's exit code."""
    everybody = members()
    bases = [str(src) for member in everybody for src in (member.src, *member.folder.glob("tests/*/src"))]
    bases += [str(src) for src in ROOT.glob("tests/*/src")]
    folders = [member.folder / part for member in everybody for part in ("src", "tests")]
    folders += [ROOT / folder for folder in FOLDERS]
    present = [str(folder) for folder in folders if any(folder.rglob("*.py"))]
    present += [str(path) for path in ROOT.glob("*.py")]
    environment = {**os.environ, "MYPYPATH": os.pathsep.join(bases)}
    command = [str(ROOT / ".venv" / "bin" / "mypy"), "--no-error-summary", *present]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
