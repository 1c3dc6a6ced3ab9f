"""`make help` is the list of what can be done: nothing is missing in it and nothing is in it that does not exist."""

import os
import re
import shlex
import subprocess

import pytest

from local.topology import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
FOR_OTHER_TARGETS = {"environment", "ready", "dev-ready"}
"""What other targets need first; nobody types these."""


def make(*words: str) -> str:
    """Run make without the settings of this process; return what it prints."""
    done = subprocess.run(
        ["make", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    return done.stdout


@pytest.fixture(scope="module")
def listed() -> dict[str, str]:
    """What `make help` prints: targets and their explanations."""
    return dict(re.findall(r"^  make (\S+) +(\S.*)$", make("-s", "help"), re.MULTILINE))


def test_every_target_with_an_explanation_is_listed_with_it(listed: dict[str, str]) -> None:
    explained = re.findall(r"^([a-z0-9-]+):.*?## (?:\[\S+\] )?(.+)$", MAKEFILE, re.MULTILINE)
    assert dict(explained) == listed


def test_every_target_is_listed_but_those_that_others_need(listed: dict[str, str]) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", MAKEFILE, re.MULTILINE))
    phony = {name for names in re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE) for name in names.split()}
    assert targets == phony
    assert targets - listed.keys() == FOR_OTHER_TARGETS


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ([], []),
        (["ROLE=coach"], ["--role", "coach"]),
        (["RESET=1", "TOTP_OFF=1"], ["--reset", "--totp-off"]),
    ],
)
def test_make_account_passes_on_what_is_to_be_done(settings: list[str], options: list[str]) -> None:
    command = shlex.split(make("-n", "account", "EMAIL=ana@home.example", *settings).splitlines()[-1])
    assert command == [".venv/bin/python", "-m", "local", "account", "ana@home.example", *options]
