import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from common.sandbox import Sandbox, SandboxKilled
from common.testing.wait import eventually

MIB = 1 << 20
CHILD = """
import os, signal, time
from common.sandbox.child import serve

def answer(request):
    print("noise")
    if request == b"sleep":
        time.sleep(60)
    if request == b"spin":
        while True:
            pass
    if request == b"spend":
        until = time.process_time() + 1
        while time.process_time() < until:
            pass
    if request == b"left":
        return str(signal.getitimer(signal.ITIMER_PROF)[0]).encode()
    if request == b"eat":
        return bytes(1 << 30)
    if request == b"fault":
        raise KeyError(request)
    if request == b"die":
        os._exit(3)
    if request == b"secrets":
        return repr(dict(os.environ)).encode()
    return request.upper()

serve(answer)
"""


def decode(reply: bytes) -> str:
    if reply == b"LIE":
        raise ValueError(reply)
    return reply.decode()


@pytest.fixture
async def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sandbox[str]]:
    (tmp_path / "shouting_child.py").write_text(CHILD)
    monkeypatch.syspath_prepend(tmp_path)
    async with Sandbox(
        "shouting_child",
        decode,
        time_limit=20,
        memory_limit=512 * MIB,
        recycle_above=256 * MIB,
        environment={"EXTRA": "of-the-child"},
    ) as made:
        yield made


async def test_requests_are_answered_in_parts_or_whole_by_one_child(sandbox: Sandbox[str]) -> None:
    assert sandbox.pid is None
    replies = await asyncio.gather(sandbox.ask(b"he", b"llo"), sandbox.ask(b""), sandbox.ask(b"x" * MIB))
    assert list(replies) == ["HELLO", "", "X" * MIB]
    assert sandbox.pid is not None


@pytest.mark.parametrize(
    ("request_", "cause"), [(b"eat", "memory"), (b"fault", "crash"), (b"die", "crash"), (b"lie", "crash")]
)
async def test_what_the_child_dies_of_is_told_and_the_next_request_gets_a_new_one(
    sandbox: Sandbox[str], request_: bytes, cause: str
) -> None:
    with pytest.raises(SandboxKilled) as killed:
        await sandbox.ask(request_)
    assert (killed.value.cause, sandbox.pid) == (cause, None)
    assert await sandbox.ask(b"again") == "AGAIN"


async def test_a_child_that_takes_too_long_is_killed(sandbox: Sandbox[str]) -> None:
    await sandbox.ask(b"ready")
    sandbox._time_limit = 0.05
    with pytest.raises(SandboxKilled) as killed:
        await sandbox.ask(b"sleep")
    assert (killed.value.cause, sandbox.pid) == ("time", None)


async def test_a_request_may_take_so_much_of_a_processor_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "spinning_child.py").write_text(CHILD)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("common.sandbox.parent.BUSY", 600)
    async with Sandbox("spinning_child", decode, time_limit=1, memory_limit=512 * MIB, recycle_above=256 * MIB) as made:
        assert await made.ask(b"x") == "X"
        with pytest.raises(SandboxKilled) as killed:
            await made.ask(b"spin")
        assert (killed.value.cause, made.pid) == ("time", None)
        assert await made.ask(b"again") == "AGAIN"


async def test_a_pipe_that_breaks_is_no_error_of_which_nobody_hears(
    sandbox: Sandbox[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later Pythons than 3.11.2 are silent about it by themselves, so it is also looked whether somebody asked."""
    unheard: list[dict[str, object]] = []
    asked: list[asyncio.StreamWriter] = []
    wait_closed = asyncio.StreamWriter.wait_closed

    async def heard(pipe: asyncio.StreamWriter) -> None:
        asked.append(pipe)
        await wait_closed(pipe)

    monkeypatch.setattr(asyncio.StreamWriter, "wait_closed", heard)
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
    await sandbox.ask(b"ready")
    assert sandbox.pid is not None
    os.kill(sandbox.pid, signal.SIGSTOP)  # so that it does not take all of the request
    asking = asyncio.create_task(sandbox.ask(b"x" * 16 * MIB))

    async def is_waiting() -> bool:
        pipe = sandbox._child and sandbox._child.stdin
        return bool(pipe and pipe.transport.get_write_buffer_size())

    await eventually(is_waiting, within=10)
    os.kill(sandbox.pid, signal.SIGKILL)
    assert len(await asking) == 16 * MIB
    gc.collect()
    assert (unheard, len(asked)) == ([], 1)


async def test_each_request_has_the_whole_time_whatever_the_ones_before_took(sandbox: Sandbox[str]) -> None:
    for _ in range(2):
        await sandbox.ask(b"spend")
        assert float(await sandbox.ask(b"left")) == pytest.approx(20, abs=0.5)


async def test_a_child_has_what_it_is_given_of_the_environment_and_no_secrets(
    sandbox: Sandbox[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    seen = await sandbox.ask(b"secrets")
    assert "of-the-child" in seen
    assert "DATABASE_URL" not in seen


async def test_an_idle_child_ends(sandbox: Sandbox[str]) -> None:
    sandbox._idle_limit = 0.05
    await sandbox.ask(b"x")

    async def gone() -> bool:
        return sandbox.pid is None

    await eventually(gone, within=10)
