"""Write docs/errors.md from the table of error codes, and compare the table with what the code can raise.

``python -m tools.quality.errors_doc`` after a change of the table; the check compares all three.
"""

import ast
import importlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from tools.quality.workspace import ROOT, Member, members

from common.errors import ServiceError
from contracts.errors import CODES, FAMILIES, ErrorCode

ERRORS = ROOT / "docs" / "errors.md"
INTRODUCTION = """# Errors

Every error of the API is a problem document (RFC 9457, `application/problem+json`):

```json
{
  "type": "/docs/errors#activity.not_found",
  "title": "No such activity",
  "status": 404,
  "detail": "No such activity",
  "instance": "/api/v1/activities/01a1fb4c-a275-704c-8f86-b6a2e506f022",
  "code": "activity.not_found",
  "request_id": "WW5sk6aBMsBMxQfyvvUg3A",
  "next_steps": "Check the id; the activity may have been deleted.",
  "retryable": false
}
```

Programs decide by `code`, which never changes its meaning, and repeat by themselves only what is `retryable`, after
`retry_after_s` where it is given. `detail` and `next_steps` are for people and speak of the one case. `errors` lists
invalid input by `pointer` and `message`. `request_id` finds the request in every log.

"Again" below: sending the same request later may well succeed. This page is written from the table in
`contracts.errors` by `python -m tools.quality.errors_doc`; `type` leads to the same texts.
"""
HEAD = "| code | status | again | title | what it means | what to try |\n| --- | --- | --- | --- | --- | --- |"


@dataclass(frozen=True)
class Raised:
    """A code as the sources have it; ``error`` is None where the sources do not tell which error carries it."""

    code: str
    where: str
    error: type[ServiceError] | None


def document() -> str:
    """docs/errors.md as it should be."""
    lines = [INTRODUCTION]
    for family in FAMILIES.values():
        lines.append(f"\n## {family.title}\n\n{family.about}\n\n{HEAD}")
        lines += [_line(code, row) for code, row in family.codes.items()]
    return "\n".join(lines).strip() + "\n"


def _line(code: str, row: ErrorCode) -> str:
    again = "yes" if row.retryable else ""
    return f"| `{code}` | {row.status} | {again} | {row.title} | {row.meaning} | {row.next_steps} |"


def sources() -> list[Member]:
    """The members whose code runs on a server."""
    return [member for member in members() if member.folder.parent.name in {"libs", "services"}]


def raised() -> list[Raised]:
    """Every code that libraries and services can answer with."""
    found = []
    for member in sources():
        for path in sorted(member.src.rglob("*.py")):
            parts = path.relative_to(member.src).with_suffix("").parts
            module = importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
            where = str(path.relative_to(ROOT))
            found += [*of_classes(module, where), *of_literals(path, module, where)]
    return found


def of_classes(module: ModuleType, where: str) -> Iterator[Raised]:
    """The codes of the errors that a module defines."""
    for thing in vars(module).values():
        if isinstance(thing, type) and issubclass(thing, ServiceError) and thing.__module__ == module.__name__:
            yield Raised(thing.code, where, thing)


def of_literals(path: Path, module: ModuleType, where: str) -> Iterator[Raised]:
    """The codes that a module's calls name: ``raise Conflict(..., code="x.y")``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg == "code" and isinstance(keyword.value, ast.Constant):
                    yield Raised(str(keyword.value.value), f"{where}:{node.lineno}", _error(node.func, module))


def _error(called: ast.expr, module: ModuleType) -> type[ServiceError] | None:
    thing: object = None
    if isinstance(called, ast.Name):
        thing = getattr(module, called.id, None)
    elif isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        thing = getattr(getattr(module, called.value.id, None), called.attr, None)
    return thing if isinstance(thing, type) and issubclass(thing, ServiceError) else None


def differences(found: list[Raised], table: Mapping[str, ErrorCode]) -> Iterator[str]:
    """How the table departs from the sources, one line each."""
    for each in found:
        row = table.get(each.code)
        if row is None:
            yield f"{each.where}: the code {each.code} is missing in contracts.errors"
        elif each.error is not None:
            kind = each.error
            for name, real, told in (
                ("status", kind.status_code, row.status),
                ("title", kind.title, row.title),
                ("retryable", kind.retryable, row.retryable),
            ):
                if real != told:
                    yield f"{each.where}: {name} of {each.code} is {real!r}, contracts.errors says {told!r}"
    for code in sorted(table.keys() - {each.code for each in found}):
        yield f"contracts.errors: nothing raises {code}"


def complaints() -> Iterator[str]:
    """Nothing when sources, table and document agree."""
    yield from differences(raised(), CODES)
    if not ERRORS.exists() or ERRORS.read_text(encoding="utf-8") != document():
        yield "docs/errors.md is not as written by python -m tools.quality.errors_doc"


def main() -> int:
    """Write the document; 1 when the table departs from the sources."""
    ERRORS.write_text(document(), encoding="utf-8")
    found = list(differences(raised(), CODES))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
