"""Whether what runs is what stands in the folders."""

import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from local.environment import Platform

_SOURCES = ("libs/*/src", "services/*/src", "services/*/migrations", "tools/*/src", "requirements")
_SETTING = re.compile(r"^#?\s*([A-Z][A-Z0-9_]+)=", re.MULTILINE)


def fingerprint(platform: Platform) -> str:
    """Return a hash of the code, the locks, the secrets and the operator's settings that processes start with."""
    topology = platform.topology
    digest = hashlib.sha256(f"{sys.version} {topology.home} {topology.port_base}".encode())
    for path in _files(topology.root):
        digest.update(f"{path}\0".encode())
        digest.update(path.read_bytes())
    settings = {name: topology.settings.get(name) for name in sorted(_known_settings(topology.root))}
    digest.update(f"{settings} {sorted(platform.credentials.values.items())}".encode())
    return digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    for pattern in _SOURCES:
        for folder in sorted(root.glob(pattern)):
            found = (path for path in folder.rglob("*") if "__pycache__" not in path.parts and path.is_file())
            yield from sorted(found)


def _known_settings(root: Path) -> set[str]:
    """Names of the settings in `.env` and `.env.example`; the rest of a shell's environment is left out."""
    files = [path for path in (root / ".env", root / ".env.example") if path.exists()]
    return {name for path in files for name in _SETTING.findall(path.read_text(encoding="utf-8"))}
