"""What stands in the workspace: its members, read from the folders and never from a list.

Only the standard library is used, so that every quality tool may import it before anything is installed.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Member:
    """One installable folder: its distribution name, its package and what it asks for."""

    folder: Path
    name: str
    requires_python: str
    dependencies: tuple[str, ...]

    @property
    def src(self) -> Path:
        return self.folder / "src"

    @property
    def packages(self) -> list[str]:
        """Top-level import names below src, in order."""
        if not self.src.is_dir():
            return []
        return sorted(path.parent.name for path in self.src.glob("*/__init__.py"))


def normalised(name: str) -> str:
    """A distribution name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def distribution(requirement: str) -> str:
    """The normalised name at the head of a PEP 508 requirement."""
    found = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", requirement)
    if found is None:
        message = f"not a requirement: {requirement!r}"
        raise ValueError(message)
    return normalised(found.group(1))


def _read(folder: Path) -> Member:
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return Member(
        folder=folder,
        name=normalised(project["name"]),
        requires_python=project.get("requires-python", ""),
        dependencies=tuple(project.get("dependencies", ())),
    )


def members(root: Path = ROOT) -> list[Member]:
    """Every folder that the root pyproject's workspace globs match and that has a pyproject, sorted."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    globs = settings["tool"]["uv"]["workspace"]["members"]
    folders = {found.parent for glob in globs for found in root.glob(f"{glob}/pyproject.toml")}
    return [_read(folder) for folder in sorted(folders)]


def services(root: Path = ROOT) -> list[Member]:
    """The members below services/."""
    return [member for member in members(root) if member.folder.parent.name == "services"]
