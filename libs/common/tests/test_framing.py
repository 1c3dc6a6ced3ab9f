"""Content in frames."""

from collections.abc import AsyncIterator

import pytest

from common.framing import HEAD, MOST_BYTES, cut, framed, frames, pieces, start_of
from common.storage import ObjectUnreadable


async def given(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def read(found: AsyncIterator[tuple[bytes, bool]]) -> list[tuple[bytes, bool]]:
    return [each async for each in found]


@pytest.mark.parametrize("length", [1, 2, 3, 10, 11])
async def test_pieces_are_of_one_length_however_the_content_comes(length: int) -> None:
    content = b"0123456789"
    for chunks in ([content], [content[:1], content[1:]], [content[at : at + 1] for at in range(10)], [b"", content]):
        found = [each async for each in cut(b"", given(*chunks), length)]
        assert b"".join(piece for piece, _ in found) == content
        assert [last for _, last in found] == [False] * (len(found) - 1) + [True]
        assert {len(piece) for piece, _ in found[:-1]} <= {length}
        assert 0 < len(found[-1][0]) <= length
    assert [each async for each in cut(b"01", given(b"23"), 3)] == [(b"012", False), (b"3", True)]
    assert [each async for each in cut(b"", given(), 3)] == [(b"", True)]


async def test_a_start_is_looked_at_and_the_rest_comes_after_it() -> None:
    chunks = given(b"a", b"bc", b"def")
    assert (await start_of(chunks, 2), [each async for each in chunks]) == (b"abc", [b"def"])
    assert await start_of(given(b"a", b"b"), 9) == b"ab"
    assert await start_of(given(), 9) == b""


async def test_long_content_is_handed_on_in_pieces() -> None:
    content = bytes(MOST_BYTES + 1)
    assert [len(piece) async for piece in pieces(content)] == [MOST_BYTES, 1]


@pytest.mark.parametrize("length", [1, 4, 7, 100])
async def test_frames_come_whole_however_the_object_does(length: int) -> None:
    stored = framed(b"first", last=False) + framed(b"", last=False) + framed(b"second", last=True)
    chunks = [stored[at : at + length] for at in range(3, len(stored), length)]
    found = await read(frames(stored[:3], given(*chunks), "a/b"))
    assert found == [(b"first", False), (b"", False), (b"second", True)]


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        framed(b"first", last=False),
        framed(b"first", last=True)[:-1],
        framed(b"first", last=True) + b"x",
        framed(b"first", last=True) + framed(b"second", last=True),
        HEAD.pack(5, 2) + b"first",
    ],
)
async def test_what_is_cut_off_longer_or_no_frame_is_refused(stored: bytes) -> None:
    with pytest.raises(ObjectUnreadable):
        await read(frames(stored, given(), "a/b"))


async def test_a_frame_that_is_too_long_is_refused_before_it_is_read() -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield HEAD.pack((1 << 32) - 1, 1)
        for _ in range(3):
            yield bytes(MOST_BYTES)
        pytest.fail("it was read on and on")

    with pytest.raises(ObjectUnreadable):
        await read(frames(b"", endless(), "a/b"))
