import signal
import subprocess
import sys
import threading
from pathlib import Path

import forking_parent
import pytest

from local.forking import fork
from local.logfiles import rotate
from local.processes import Process
from local.supervisor import restart_delay


def forked(body: str, folder: Path) -> tuple[int, int]:
    """Have a parent of its own fork a child; return its pid and its exit code."""
    command = [sys.executable, forking_parent.__file__, body, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    pid, code = map(int, done.stdout.split())
    return pid, code


def test_a_child_has_its_own_environment_session_and_log(tmp_path: Path) -> None:
    pid, code = forked("tell", tmp_path)
    assert code == 0
    assert (tmp_path / "child.log").read_text() == "{'ONLY': 'this'} True [0, 1, 2]\n"
    assert (tmp_path / "child.pid").read_text().split()[0] == str(pid)


def test_a_child_keeps_none_of_its_parents_files_open(tmp_path: Path) -> None:
    forked("list_files", tmp_path)
    assert (tmp_path / "child.log").read_text() == "[]\n"


def test_a_childs_error_is_in_its_log_and_in_its_exit_code(tmp_path: Path) -> None:
    _, code = forked("break_down", tmp_path)
    assert code == 1
    assert "ValueError: broken on purpose" in (tmp_path / "child.log").read_text()


def test_forking_with_threads_is_refused(tmp_path: Path) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, name="busy")
    thread.start()
    try:
        with pytest.raises(RuntimeError, match="busy"):
            fork(lambda: None, name="child", environment={}, log=tmp_path / "log", pid_path=tmp_path / "pid")
    finally:
        stop.set()
        thread.join()


def test_a_process_is_told_from_another_with_its_pid() -> None:
    with subprocess.Popen(["sleep", "60"]) as running:
        process = Process.find(running.pid)
        assert process is not None
        stranger = Process(process.pid, process.started - 1)
        assert process.alive
        assert not stranger.alive
        stranger.send(signal.SIGKILL)
        assert process.alive
        process.send(signal.SIGKILL)
        assert process.wait(10)
        assert not process.alive


def test_restarts_wait_longer_and_longer_up_to_ten_seconds() -> None:
    assert [restart_delay(failures) for failures in range(8)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10]


def test_a_large_log_is_set_aside_while_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "service.log"
    with log.open("a") as writer:
        for round_number in range(5):
            writer.write(f"{round_number}" * 100)
            writer.flush()
            rotate(tmp_path, largest=99, kept=3)
        writer.write("after")
    assert log.read_text() == "after"
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["service.log", "service.log.1", "service.log.2", "service.log.3"]
    assert (tmp_path / "service.log.3").read_text() == "2" * 100
