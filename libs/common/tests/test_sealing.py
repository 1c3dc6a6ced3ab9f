"""Objects that are sealed where they are stored."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from common.crypto import KeyRing
from common.sealing import MARK, SealingStore, seal, unseal
from common.storage import ObjectMissing, ObjectUnreadable

KEY = "originals/somebody/ab/abcd"
FRAME = 1 << 20
OLD, NEW = KeyRing.new_setting("old"), KeyRing.new_setting("new")


def store(folder: Path, setting: str = OLD, *, sealing: bool = True) -> SealingStore:
    return SealingStore.with_keys(f"file://{folder}", KeyRing.from_setting(setting), sealing=sealing)


async def pieces(data: bytes, length: int) -> AsyncIterator[bytes]:
    for start in range(0, len(data), length):
        yield data[start : start + length]


@pytest.mark.parametrize("size", [0, 1, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME + 7])
@pytest.mark.parametrize("streamed", [False, True])
async def test_what_is_stored_cannot_be_read_and_comes_back_the_same(
    tmp_path: Path, size: int, *, streamed: bool
) -> None:
    data = random.Random(size).randbytes(size)
    sealing = store(tmp_path)
    assert await sealing.put(KEY, pieces(data, 70_001) if streamed else data)
    raw = (tmp_path / KEY).read_bytes()
    assert raw.startswith(MARK)
    assert not data or data[:64] not in raw[len(MARK) + 64 :]
    assert await sealing.get(KEY) == data
    assert [await sealing.put(KEY, b"other"), await sealing.get(KEY) == data] == [False, True]


async def test_frames_are_given_out_one_by_one(tmp_path: Path) -> None:
    sealing = store(tmp_path)
    await sealing.put(KEY, bytes(5 * FRAME))
    assert max([len(chunk) async for chunk in await sealing.stream(KEY)]) == FRAME


@pytest.mark.parametrize("plain", [b"", b"\x89", b"a recording from before", bytes(2 * FRAME)])
async def test_what_was_stored_plain_is_read_as_it_is(tmp_path: Path, plain: bytes) -> None:
    await store(tmp_path, sealing=False).put(KEY, plain)
    assert (tmp_path / KEY).read_bytes() == plain
    assert await store(tmp_path).get(KEY) == plain


@pytest.mark.parametrize("length", [1, 3, len(MARK), 1000])
async def test_where_an_object_is_cut_into_chunks_makes_no_difference(length: int) -> None:
    keys, plain = KeyRing.from_setting(OLD), b"a recording" * 40
    sealed = b"".join([chunk async for chunk in seal(pieces(plain, 70), keys, KEY)])
    for stored in (plain, sealed):
        assert b"".join([chunk async for chunk in unseal(pieces(stored, length), keys, KEY)]) == plain


async def test_a_plain_chunk_is_handed_on_without_being_copied() -> None:
    plain = bytes(FRAME)
    [given] = [chunk async for chunk in unseal(pieces(plain, FRAME), KeyRing.from_setting(OLD), KEY)]
    assert given is plain


async def test_sealed_objects_are_read_when_nothing_new_is_sealed_any_more(tmp_path: Path) -> None:
    await store(tmp_path).put(KEY, b"a recording")
    assert await store(tmp_path, sealing=False).get(KEY) == b"a recording"


async def test_cut_off_changed_moved_and_longer_objects_are_refused(tmp_path: Path) -> None:
    sealing = store(tmp_path)
    await sealing.put(KEY, random.Random(1).randbytes(2 * FRAME + 100))
    raw = (tmp_path / KEY).read_bytes()
    frame = (len(raw) - len(MARK)) // 2
    wrong = [raw[:at] for at in (len(MARK), len(MARK) + 3, len(MARK) + 40, frame, len(raw) - 200, len(raw) - 1)]
    wrong += [raw + b"x", raw[:100] + bytes([raw[100] ^ 1]) + raw[101:]]
    for damaged in wrong:
        (tmp_path / KEY).write_bytes(damaged)
        with pytest.raises(ObjectUnreadable):
            await sealing.get(KEY)
    (tmp_path / KEY).with_name("other").write_bytes(raw)
    with pytest.raises(ObjectUnreadable):
        await sealing.get("originals/somebody/ab/other")
    with pytest.raises(ObjectMissing):
        await sealing.get("originals/nobody")


async def test_a_whole_last_frame_that_is_left_out_is_noticed(tmp_path: Path) -> None:
    sealing = store(tmp_path)
    await sealing.put(KEY, bytes(FRAME + 1))
    raw = (tmp_path / KEY).read_bytes()
    length = int.from_bytes(raw[len(MARK) : len(MARK) + 4], "big")
    (tmp_path / KEY).write_bytes(raw[: len(MARK) + 5 + length])
    with pytest.raises(ObjectUnreadable):
        await sealing.get(KEY)


async def test_old_and_plain_objects_are_sealed_anew_and_the_old_key_can_go(tmp_path: Path) -> None:
    await store(tmp_path, sealing=False).put("originals/plain", b"from before")
    await store(tmp_path, OLD).put("originals/old", b"of the old key")
    both = store(tmp_path, f"{NEW},{OLD}")
    assert [await both.renew(key) for key in ("originals/plain", "originals/old")] == [True, True]
    assert [await both.renew(key) for key in ("originals/plain", "originals/old")] == [False, False]
    only = store(tmp_path, NEW)
    assert [await only.get(key) for key in ("originals/plain", "originals/old")] == [b"from before", b"of the old key"]
    with pytest.raises(ObjectUnreadable, match="no key 'new'"):
        await store(tmp_path, OLD).get("originals/old")


async def test_sealed_objects_are_opened_where_nothing_is_to_be_sealed_any_more(tmp_path: Path) -> None:
    await store(tmp_path, OLD).put(KEY, b"a recording")
    plain = store(tmp_path, NEW + "," + OLD, sealing=False)
    assert [await plain.renew(KEY), await plain.renew(KEY)] == [True, False]
    assert (tmp_path / KEY).read_bytes() == b"a recording"


async def test_without_keys_nothing_is_sealed_and_sealed_objects_are_refused(tmp_path: Path) -> None:
    await store(tmp_path).put(KEY, b"a recording")
    keyless = SealingStore.with_keys(f"file://{tmp_path}", None, sealing=False)
    with pytest.raises(ObjectUnreadable, match="no keys"):
        await keyless.get(KEY)
    await keyless.put("originals/plain", b"from before")
    assert await keyless.get("originals/plain") == b"from before"
    with pytest.raises(ValueError, match="without keys"):
        SealingStore.with_keys(f"file://{tmp_path}", None, sealing=True)


async def test_a_damaged_object_is_not_sealed_anew(tmp_path: Path) -> None:
    await store(tmp_path, OLD).put(KEY, bytes(3 * FRAME))
    damaged = (tmp_path / KEY).read_bytes()[:-1]
    (tmp_path / KEY).write_bytes(damaged)
    with pytest.raises(ObjectUnreadable):
        await store(tmp_path, f"{NEW},{OLD}").renew(KEY)
    assert (tmp_path / KEY).read_bytes() == damaged
