import os
import signal
import threading
from pathlib import Path

import pytest
from sample_project import eventually

from local.forking import fork
from local.logfiles import rotate
from local.processes import Process, reap
from local.supervisor import restart_delay


@pytest.fixture(autouse=True)
def alone() -> None:
    """Other tests of this process may have left threads that wait for the end of a child."""
    eventually(lambda: threading.active_count() == 1, what="the end of other tests' threads")


def start(body: object, tmp_path: Path, **environment: str) -> Process:
    assert callable(body)
    return fork(
        body,
        name="child",
        environment=environment,
        log=tmp_path / "child.log",
        pid_path=tmp_path / "child.pid",
    )


def open_files() -> list[int]:
    return sorted(int(path.name) for path in Path("/proc/self/fd").iterdir())


def test_a_child_has_its_own_environment_session_and_log(tmp_path: Path) -> None:
    def body() -> None:
        print(dict(os.environ), os.getsid(0) == os.getpid(), open_files()[:3])

    process = start(body, tmp_path, ONLY="this")
    assert process.wait(10)
    assert (tmp_path / "child.log").read_text() == "{'ONLY': 'this'} True [0, 1, 2]\n"
    assert (tmp_path / "child.pid").read_text().split() == [str(process.pid), str(process.started)]


def test_a_child_keeps_none_of_its_parents_files_open(tmp_path: Path) -> None:
    def body() -> None:
        print(open_files()[4:])

    with (tmp_path / "parents").open("w"):
        assert start(body, tmp_path).wait(10)
    assert (tmp_path / "child.log").read_text() == "[]\n"


def test_a_childs_error_is_in_its_log_and_in_its_exit_code(tmp_path: Path) -> None:
    def body() -> None:
        raise ValueError("broken on purpose")

    process = start(body, tmp_path)
    code = eventually(lambda: reap(process.pid))
    assert code == 1
    assert "ValueError: broken on purpose" in (tmp_path / "child.log").read_text()


def test_forking_with_threads_is_refused(tmp_path: Path) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, name="busy")
    thread.start()
    try:
        with pytest.raises(RuntimeError, match="busy"):
            start(lambda: None, tmp_path)
    finally:
        stop.set()
        thread.join()


def test_a_process_is_told_from_another_with_its_pid(tmp_path: Path) -> None:
    process = start(signal.pause, tmp_path)
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
