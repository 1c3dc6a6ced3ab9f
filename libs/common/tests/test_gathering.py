"""What is written together leaves together, and nothing stays behind."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from common.gathering import Gathering


class Sent:
    """A transport that notes what it is told to do."""

    def __init__(self) -> None:
        self.done: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.done.append(data)

    def write_eof(self) -> None:
        self.done.append("eof")

    def close(self) -> None:
        self.done.append("closed")


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
async def gathering(sent: Sent) -> Gathering:
    return Gathering(cast("asyncio.Transport", cast("Any", sent)), asyncio.get_running_loop())


async def test_what_is_written_in_one_turn_leaves_in_one_piece(gathering: Gathering, sent: Sent) -> None:
    gathering.write(b"head")
    gathering.write(b"body")
    assert not sent.done
    await asyncio.sleep(0)
    gathering.write(b"next")
    await asyncio.sleep(0)
    assert sent.done == [b"headbody", b"next"]


async def test_much_is_not_held(gathering: Gathering, sent: Sent) -> None:
    for _ in range(3):
        gathering.write(bytes(40_000))
    assert sent.done == [bytes(80_000)]
    await asyncio.sleep(0)
    assert sent.done == [bytes(80_000), bytes(40_000)]


@pytest.mark.parametrize(("end", "word"), [(Gathering.close, "closed"), (Gathering.write_eof, "eof")])
async def test_the_end_comes_after_what_is_held(
    gathering: Gathering, sent: Sent, end: Callable[[Gathering], None], word: str
) -> None:
    gathering.write(b"last")
    end(gathering)
    await asyncio.sleep(0)
    assert sent.done == [b"last", word]


async def test_what_is_whole_leaves_at_once_and_after_what_is_held(gathering: Gathering, sent: Sent) -> None:
    gathering.write_now(b"first")
    assert sent.done == [b"first"]
    gathering.write(b"second")
    gathering.write_now(b"third")
    await asyncio.sleep(0)
    assert sent.done == [b"first", b"secondthird"]
