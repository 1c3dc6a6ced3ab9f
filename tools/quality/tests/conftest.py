"""A small workspace to break rules in."""

from pathlib import Path

import pytest

ROOT_PYPROJECT = '[tool.uv.workspace]\nmembers = ["libs/*", "services/*", "tools/local"]\n'
PYPROJECT = '[project]\nname = "rt-{name}"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = {needs}\n'


def add_member(root: Path, folder: str, needs: list[str], files: dict[str, str]) -> None:
    name = Path(folder).name
    package = root / folder / "src" / name
    for relative, text in {"__init__.py": "", **files}.items():
        path = package / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(text)
    (root / folder / "pyproject.toml").write_text(PYPROJECT.format(name=name, needs=needs))


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Libraries and two services that keep every rule."""
    (tmp_path / "pyproject.toml").write_text(ROOT_PYPROJECT)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "dev.in").write_text("ruff # the linter\n\n")
    add_member(tmp_path, "libs/common", ["sqlalchemy>=2"], {"ids.py": "", "http/client.py": "import httpx2\n"})
    add_member(tmp_path, "libs/contracts", ["rt-common"], {"events.py": "import common.ids\n"})
    for name in ("strava", "analytics"):
        files = {
            "models.py": "import sqlalchemy\n",
            "laps/repository.py": f"import {name}.models\n",
            "laps/service.py": f"import {name}.laps.repository\n",
            "laps/endpoints.py": f"import {name}.laps.service\nimport contracts.events\n",
            "kernels/efforts.py": "import math\n",
        }
        add_member(tmp_path, f"services/{name}", ["rt-contracts", f"only-{name}"], files)
    return tmp_path
