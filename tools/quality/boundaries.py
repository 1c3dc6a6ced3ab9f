"""The layers, checked by import-linter; the contracts are written from what stands in the workspace.

services | tools > contracts > common, services independent of each other, and inside a service
endpoints, tasks > service > repository > models. Kernels and parsers stay free of the web, the database and
queues, and HTTP clients are made in one place.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tools.quality.workspace import ROOT, Member, members, services

ROLES = ("models", "repository", "service", "tasks", "endpoints")
HIGHER = {"models": ROLES[1:], "repository": ROLES[2:], "service": ROLES[3:]}
PURE = ("analytics.kernels", "strava.files", "trainer.kernels", "pdf.rendering")
OUTSIDE = ("aiohttp", "arq", "asyncpg", "fastapi", "httpx", "httpx2", "redis", "requests", "sqlalchemy", "starlette")
HTTP_CLIENTS = ("aiohttp", "httpx", "httpx2", "requests")
HTTP_HOMES = ("common.http", "common.tokens", "common.testing", "contracts")


@dataclass(frozen=True)
class Contract:
    """One section of the import-linter configuration."""

    name: str
    kind: str
    settings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    direct_only: bool = False

    def render(self, index: int) -> str:
        """The section as import-linter reads it."""
        lines = [f"[importlinter:contract:{index}]", f"name = {self.name}", f"type = {self.kind}"]
        for key, values in self.settings.items():
            lines += [f"{key} =", *(f"    {value}" for value in values)]
        if self.direct_only:
            lines.append("allow_indirect_imports = True")
        return "\n".join(lines)


def modules(member: Member) -> Iterator[str]:
    """Dotted names of a member's modules."""
    for path in sorted(member.src.rglob("*.py")):
        parts = path.relative_to(member.src).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _forbid(name: str, sources: list[str], forbidden: list[str], *, direct_only: bool = False) -> Iterator[Contract]:
    if sources and forbidden:
        settings = {"source_modules": tuple(sources), "forbidden_modules": tuple(forbidden)}
        yield Contract(name, "forbidden", settings, direct_only)


def layers(everybody: list[Member]) -> Iterator[Contract]:
    """The tools and services side by side on top of the vocabulary, and that on the mechanism."""
    top = sorted(p for m in everybody for p in m.packages if p not in {"common", "contracts"})
    rows = [" | ".join(top), "contracts", "common"]
    yield Contract("services > contracts > common", "layers", {"layers": tuple(row for row in rows if row)})


def roles(service: Member) -> Iterator[Contract]:
    """Inside one service nothing imports what stands above it."""
    names = list(modules(service))
    by_role = {role: [name for name in names if name.rsplit(".", 1)[-1] == role] for role in ROLES}
    for low, higher in HIGHER.items():
        above = [name for role in higher for name in by_role[role]]
        yield from _forbid(f"{service.folder.name}: {low} below {', '.join(higher)}", by_role[low], above)


def purity(everybody: list[Member]) -> Iterator[Contract]:
    """Kernels compute and parsers parse: they reach neither web, nor database, nor queue, by any path."""
    names = {name for member in everybody for name in modules(member)}
    for package in PURE:
        yield from _forbid(f"{package} is pure", [package] if package in names else [], list(OUTSIDE))


def http_clients(everybody: list[Member]) -> Iterator[Contract]:
    """Only the libraries make HTTP clients."""
    names = {name for member in everybody for name in modules(member)}
    first = {".".join(name.split(".")[:2]) if name.startswith("common.") else name.split(".")[0] for name in names}
    sources = sorted(first - {"common", *HTTP_HOMES})
    yield from _forbid("HTTP clients are made in common and contracts", sources, list(HTTP_CLIENTS), direct_only=True)


def configuration(root: Path = ROOT) -> str:
    """The whole import-linter configuration."""
    everybody = members(root)
    packages = sorted(package for member in everybody for package in member.packages)
    contracts = [*layers(everybody), *purity(everybody), *http_clients(everybody)]
    contracts += [contract for service in services(root) for contract in roles(service)]
    head = ["[importlinter]", "include_external_packages = True", "root_packages ="]
    head += [f"    {package}" for package in packages]
    return "\n".join(head) + "\n\n" + "\n\n".join(c.render(i) for i, c in enumerate(contracts)) + "\n"


def lint(root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the workspace at root."""
    sources = os.pathsep.join(str(member.src) for member in members(root))
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "importlinter.ini"
        config.write_text(configuration(root), encoding="utf-8")
        command = [str(Path(sys.executable).parent / "lint-imports"), "--config", str(config), "--no-cache"]
        environment = {**os.environ, "PYTHONPATH": sources, "COLUMNS": "200"}
        return subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)


def main() -> int:
    """Return import-linter's exit code."""
    done = lint()
    print(done.stdout + done.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
