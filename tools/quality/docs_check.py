"""Documentation that can be checked: links resolve, models and errors are listed as they are.

docs/models.md has a section ``## <service>`` for each service that keeps data (and ``## common`` for the tables
every service keeps), a heading ``### <table>`` for each table and below it a table whose first column is the
column's name.
"""

import importlib
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import MetaData
from tools.quality import errors_doc
from tools.quality.house import tracked
from tools.quality.workspace import ROOT, services

LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$", re.MULTILINE)
CELL = re.compile(r"^\|\s*([^|]*?)\s*\|")
MODELS = ROOT / "docs" / "models.md"

Tables = dict[str, list[str]]


def anchors(text: str) -> set[str]:
    """The anchors that a renderer makes of a document's headings."""
    heads = (re.sub(r"[`*]", "", title) for _, title in HEADING.findall(FENCE.sub("", text)))
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def broken_links(path: Path, root: Path = ROOT) -> Iterator[str]:
    """Relative links of one document that lead nowhere."""
    for target in LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8"))):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        place, _, anchor = target.partition("#")
        found = (path.parent / place).resolve() if place else path
        if not found.exists():
            yield f"{path.relative_to(root)}: {target} leads nowhere"
        elif anchor and found.suffix == ".md" and anchor not in anchors(found.read_text(encoding="utf-8")):
            yield f"{path.relative_to(root)}: {target} names no heading"


def documented(text: str) -> dict[str, Tables]:
    """Section -> table -> columns, in the order of the document."""
    sections: dict[str, Tables] = {}
    tables: Tables = {}
    columns: list[str] = []
    for line in FENCE.sub("", text).splitlines():
        heading = HEADING.match(line)
        if heading and len(heading[1]) == 2:  # noqa: PLR2004 - the level of a service
            tables = sections.setdefault(heading[2].strip("`"), {})
            columns = []
        elif heading:
            columns = tables.setdefault(heading[2].strip("`"), []) if len(heading[1]) > 2 else []  # noqa: PLR2004 - a table
        elif cell := CELL.match(line):
            columns.append(cell[1].strip("`"))
    return {section: {name: cells[2:] for name, cells in found.items()} for section, found in sections.items()}


def defined() -> dict[str, Tables]:
    """The same of the models: those of each service that has any, and the common ones."""
    modules = {service.folder.name: f"{service.folder.name}.models" for service in services()}
    modules["common"] = "common.db.tables"
    found: dict[str, Tables] = {}
    for section, module in modules.items():
        if importlib.util.find_spec(module) is not None:
            metadata: MetaData = importlib.import_module(module).Base.metadata
            found[section] = {table.name: [c.name for c in table.columns] for table in metadata.tables.values()}
    return {section: tables for section, tables in found.items() if tables}


def differences(written: dict[str, Tables], real: dict[str, Tables]) -> Iterator[str]:
    """How the document departs from the models, one line for each table."""
    for section, tables in real.items():
        for table in sorted({*tables, *written.get(section, {})}):
            columns, listed = tables.get(table), written.get(section, {}).get(table)
            if columns is None:
                yield f"docs/models.md: {section} has no table {table}"
            elif listed is None:
                yield f"docs/models.md: {section}.{table} is missing"
            elif set(columns) != set(listed):
                wrong = sorted(set(columns) ^ set(listed))
                yield f"docs/models.md: {section}.{table} differs in {', '.join(wrong)}"


def model_complaints() -> Iterator[str]:
    """Nothing when the document equals the models, or when there is neither document nor service."""
    if MODELS.exists():
        yield from differences(documented(MODELS.read_text(encoding="utf-8")), defined())
    elif services():
        yield "docs/models.md is missing"


def main() -> int:
    """Return 1 when a link is broken, or a model or an error is not as documented."""
    documents = [path for path in tracked() if path.suffix == ".md"]
    found = [line for path in documents for line in broken_links(path)]
    found += [*model_complaints(), *errors_doc.complaints()]
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
