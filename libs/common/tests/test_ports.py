import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.testing import ports

SEVERAL = "from common.testing.ports import free_port; print(*(free_port(offsets=(0, 1, 7)) for _ in range(40)))"


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Little to choose from, and notes of its own."""
    monkeypatch.setattr(ports, "_TAKEN", tmp_path / "taken")
    monkeypatch.setattr(ports, "_LAST", ports._FIRST + 200)


def test_a_port_is_given_once_though_nobody_listens_there_yet() -> None:
    given = [ports.free_port() for _ in range(50)]
    assert len(set(given)) == 50


def test_after_a_while_it_is_given_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_LAST", ports._FIRST)
    monkeypatch.setattr(ports, "is_free", lambda _port: True)
    monkeypatch.setattr(ports, "_TAKEN_SECONDS", 0.05)
    assert ports.free_port() == ports.free_port() == ports._FIRST


def test_processes_side_by_side_get_different_ones(tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    started = [
        subprocess.Popen([sys.executable, "-c", SEVERAL], stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(3)
    ]
    given = [int(word) + offset for each in started for word in each.communicate()[0].split() for offset in (0, 1, 7)]
    assert len(given) == 360
    assert len(set(given)) == 360
