import asyncio
import os
import pickle
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import fit_files
import made_up
import pytest
from made_up import START

from common.testing.wait import eventually
from strava.files import FileRefused
from strava.sandbox import Sandbox, SandboxKilled
from strava.sandbox.results import loads

MIB = 1024 * 1024


def large(points: int) -> bytes:
    """A GPX of very many points."""
    point = '<trkpt lat="{:.6f}" lon="9"><time>{}</time></trkpt>'
    body = "".join(
        point.format(45 + number / 1e6, (START + timedelta(seconds=number)).isoformat()) for number in range(points)
    )
    return f"<gpx><trk><trkseg>{body}</trkseg></trk></gpx>".encode()


def resident(pid: int) -> int:
    """Resident bytes of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as made:
        yield made


async def test_a_file_comes_back_parsed_cleaned_and_derived(sandbox: Sandbox) -> None:
    assert sandbox.pid is None
    parsed = await sandbox.run(made_up.run(seconds=600, heartrate=140), "run.gpx")
    (activity,) = parsed.activities
    assert (parsed.kind, parsed.format, activity.recording.sport) == ("activities", "gpx", "Run")
    assert activity.recording.start_time == START
    assert activity.derived.distance == pytest.approx(1800, rel=0.005)
    assert len(activity.derived.streams["velocity"]) == 301
    assert activity.derived.timezone == "Europe/Rome"


async def test_one_child_serves_file_after_file(sandbox: Sandbox) -> None:
    results = await asyncio.gather(*(sandbox.run(made_up.run(seconds=60 + n)) for n in range(5)))
    assert len({result.activities[0].derived.elapsed_time for result in results}) > 1
    pid = sandbox.pid
    await sandbox.run(made_up.run())
    assert sandbox.pid == pid


async def test_several_children_read_several_files_at_a_time() -> None:
    async with Sandbox(children=2) as sandbox:
        results = await asyncio.gather(*(sandbox.run(made_up.run(seconds=60 * (n + 1))) for n in range(6)))
        assert [each.activities[0].derived.elapsed_time for each in results] == [60 * (n + 1) for n in range(6)]
        assert len(sandbox.pids) == 2
    assert sandbox.pids == []


async def test_one_file_after_another_needs_one_child() -> None:
    async with Sandbox(children=2) as sandbox:
        for _ in range(3):
            await sandbox.run(made_up.run(seconds=60))
        assert len(sandbox.pids) == 1


async def test_who_knows_the_sport_better_than_the_file_is_believed(sandbox: Sandbox) -> None:
    data = made_up.run(kind="cycling", heartrate=130)
    assert (await sandbox.run(data)).activities[0].recording.sport == "Ride"
    assert (await sandbox.run(data, sport="TrailRun")).activities[0].recording.sport == "TrailRun"
    for sport, cadence in (("Run", 170), ("Ride", 85), ("Hike", 170)):
        (activity,) = (await sandbox.run(fit_files.run(60, cadence=85), sport=sport)).activities
        assert (activity.recording.sport, activity.derived.average_cadence) == (sport, cadence)


async def test_a_refusal_keeps_its_reason_and_the_child(sandbox: Sandbox) -> None:
    await sandbox.run(made_up.run())
    pid = sandbox.pid
    with pytest.raises(FileRefused) as refused:
        await sandbox.run(b"hello")
    assert (refused.value.code, refused.value.reason) == ("unknown_format", "The file is neither FIT, GPX nor TCX.")
    assert sandbox.pid == pid


async def test_a_file_that_takes_too_long_is_killed_and_the_next_is_read() -> None:
    async with Sandbox(time_limit=0.05) as short:
        with pytest.raises(SandboxKilled) as killed:
            await short.run(made_up.run())
        assert killed.value.cause == "time"
        assert short.pid is None
        short._children[0]._time_limit = 30.0
        assert (await short.run(made_up.run())).kind == "activities"


async def test_a_file_that_needs_too_much_memory_is_refused_and_the_next_is_read() -> None:
    async with Sandbox(memory_limit=190 * MIB) as small:
        with pytest.raises(SandboxKilled) as killed:
            await small.run(large(200_000))
        assert killed.value.cause in {"memory", "crash"}
        assert (await small.run(made_up.run())).kind == "activities"


async def test_a_child_that_a_file_made_grow_is_replaced() -> None:
    async with Sandbox() as sandbox:
        await sandbox.run(made_up.run())
        pid = sandbox.pid
        assert pid is not None
        sandbox._children[0]._recycle_above = resident(pid) + 4 * MIB
        await sandbox.run(large(200_000))
        assert sandbox.pid is None
        assert not is_alive(pid)


async def test_a_child_that_was_killed_while_idle_is_replaced_without_a_word(sandbox: Sandbox) -> None:
    await sandbox.run(made_up.run())
    pid = sandbox.pid
    assert pid is not None
    os.kill(pid, 9)
    assert (await sandbox.run(made_up.run())).kind == "activities"
    assert sandbox.pid != pid


async def test_a_child_killed_over_a_file_says_crash(sandbox: Sandbox) -> None:
    await sandbox.run(made_up.run())
    reading = asyncio.create_task(sandbox.run(large(200_000)))
    killed: set[int] = set()

    async def kill() -> bool:
        if (pid := sandbox.pid) is not None and pid not in killed:
            os.kill(pid, 9)
            killed.add(pid)
        return reading.done()

    await eventually(kill, within=20)
    with pytest.raises(SandboxKilled) as crashed:
        await reading
    assert crashed.value.cause == "crash"


async def test_an_idle_child_ends() -> None:
    async with Sandbox(idle_limit=0.05) as sandbox:
        await sandbox.run(made_up.run())

        async def gone() -> bool:
            return sandbox.pid is None

        await eventually(gone, within=10)
        assert (await sandbox.run(made_up.run())).kind == "activities"


async def test_a_cancelled_caller_leaves_no_child_in_the_middle_of_a_file(sandbox: Sandbox) -> None:
    await sandbox.run(made_up.run())
    reading = asyncio.create_task(sandbox.run(large(100_000)))
    await asyncio.wait([reading], timeout=0.1)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    (activity,) = (await sandbox.run(made_up.run(seconds=60))).activities
    assert activity.derived.elapsed_time == 60


async def test_closing_ends_the_child(sandbox: Sandbox) -> None:
    await sandbox.run(made_up.run())
    pid = sandbox.pid
    assert pid is not None
    await sandbox.aclose()
    assert not is_alive(pid)


async def test_the_child_gets_no_secrets(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    await sandbox.run(made_up.run())
    assert b"DATABASE_URL" not in await asyncio.to_thread(Path(f"/proc/{sandbox.pid}/environ").read_bytes)


def test_a_reply_may_not_name_other_types() -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, ("true",)

    with pytest.raises(SandboxKilled):
        loads(pickle.dumps(Evil()))
