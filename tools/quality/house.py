"""House rules that no other tool checks.

Sizes, handlers that swallow, suppressions without reasons, and that the project speaks only of itself: no package
hosts, no paths of somebody's machine. Functions past 40 lines are listed, everything else fails.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.quality.workspace import ROOT

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 40
CODE = {".py", ".sh", ".ts", ".tsx", ".js", ".css"}
# Spelled in pieces so that this file does not contain what it looks for.
HOSTS = (
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("npmjs", "org"),
    ("debian", "org/debian"),
    ("archive", "ubuntu", "com"),
    ("proxy", "golang", "org"),
    ("docker", "io"),
)
HOST = re.compile("|".join(re.escape(".".join(parts)) for parts in HOSTS))
MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(?:work|home|Users)/[A-Za-z0-9_.]")
SUPPRESSION = re.compile(r"#\s*(?:noqa:|type:\s*ignore\[|mypy:)")
CODES = r"(?:noqa:\s*[A-Z]+\d+\b(?:,\s*[A-Z]+\d+\b)*|type:\s*ignore\[[^\]]+\])"
REASON = re.compile(rf"#\s*{CODES}[\s#:-]*\w")


def tracked() -> list[Path]:
    """Files that git knows or would add, and that still stand."""
    command = ["git", "ls-files", "-coz", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    return [ROOT / name for name in sorted(set(listed)) if name and (ROOT / name).is_file()]


def text_of(path: Path) -> str | None:
    """The file as text, or nothing when it is binary."""
    raw = path.read_bytes()
    return None if b"\0" in raw[:8192] else raw.decode("utf-8", errors="replace")


def speaks_of_others(text: str) -> Iterator[tuple[int, str]]:
    """Lines that name a package host or a path of somebody's machine."""
    for number, line in enumerate(text.splitlines(), 1):
        if HOST.search(line):
            yield number, "names a package host"
        if MACHINE_PATH.search(line):
            yield number, "names a path of one machine"


def bare_suppressions(text: str) -> Iterator[tuple[int, str]]:
    """Suppressed findings without a word why: on the line, or in a comment above it or above its neighbours."""
    above = ""
    for number, line in enumerate(text.splitlines(), 1):
        if SUPPRESSION.search(line):
            if not REASON.search(line) and not above.startswith("#"):
                yield number, "a suppression without its reason"
        else:
            above = line.strip()


def _does_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass | ast.Continue)


def _catches_all(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(c is None or (isinstance(c, ast.Name) and c.id in {"Exception", "BaseException"}) for c in caught)


def unfinished(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Handlers that swallow everything and bodies that are not written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and _catches_all(node) and all(map(_does_nothing, node.body)):
            yield node.lineno, "swallows every error"
        if isinstance(node, ast.Name) and node.id == "Not" + "ImplementedError":
            yield node.lineno, "is not written yet"


def long_functions(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Functions past the length that is easily read."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield node.lineno, f"{node.name} has {lines} lines"


def findings(path: Path, text: str) -> Iterator[tuple[int, str]]:
    """What fails in one file."""
    yield from speaks_of_others(text)
    lines = text.count("\n")
    if path.suffix in CODE and lines > MAX_FILE_LINES:
        yield lines, f"has {lines} lines, more than {MAX_FILE_LINES}"
    if path.suffix == ".py":
        yield from bare_suppressions(text)
        yield from unfinished(ast.parse(text))


def main() -> int:
    """Return 1 when anything fails."""
    failed = 0
    for path in tracked():
        text = text_of(path)
        if text is None:
            continue
        name = path.relative_to(ROOT)
        for line, message in findings(path, text):
            failed += 1
            print(f"{name}:{line}: {message}")
        for line, message in long_functions(ast.parse(text)) if path.suffix == ".py" else ():
            print(f"{name}:{line}: {message} (to look at)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
