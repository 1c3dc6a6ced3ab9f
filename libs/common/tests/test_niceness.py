import os
import subprocess
import sys
from pathlib import Path

import pytest

AUTOGROUP = Path("/proc/self/autogroup")
BE_NICE = "from common.niceness import be_nice; be_nice(3)"
SHOW = f"print(open({str(AUTOGROUP)!r}).read())"

pytestmark = pytest.mark.skipif(not AUTOGROUP.exists(), reason="the kernel does not share time by sessions")


def session_of(script: str) -> int:
    """Run a script in a session of its own; return how nice that is."""
    shown = subprocess.run(
        [sys.executable, "-c", script], start_new_session=True, capture_output=True, text=True, check=True, timeout=30
    )
    return int(shown.stdout.rpartition("nice")[2])


def test_who_leads_a_session_makes_it_nice() -> None:
    assert session_of(f"{BE_NICE}; {SHOW}") == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 3)


def test_the_session_of_others_stays_as_it_is() -> None:
    before = session_of(SHOW)
    assert session_of(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BE_NICE!r}]); {SHOW}") == before
