"""Original files that are compressed where they are stored."""

import asyncio
import gzip
import io
import random
import tracemalloc
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import zstandard

from common.crypto import KeyRing
from common.framing import MOST_BYTES, framed
from common.sealing import MARK as SEALED
from common.sealing import SealingStore
from common.storage import ObjectStore, ObjectUnreadable
from strava.packing import MARK, PackingStore, pack, unpack

KEY = "originals/somebody/ab/abcd"
PIECE = 256 << 10
MEBIBYTE = 1 << 20
OLD, NEW = KeyRing.new_setting("old"), KeyRing.new_setting("new")
TEXT = b"".join(b'<trkpt lat="45.%07d" lon="9.0"><ele>100</ele></trkpt>' % number for number in range(20_000))


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> PackingStore:
    url = "memory://" if request.param == "memory" else f"file://{tmp_path}"
    return PackingStore.with_keys(url, KeyRing.from_setting(OLD), sealing=False)


@pytest.fixture
def local(tmp_path: Path) -> PackingStore:
    return PackingStore.with_keys(f"file://{tmp_path}", None, sealing=False)


@pytest.fixture
def memory() -> PackingStore:
    return PackingStore.with_keys("memory://", KeyRing.from_setting(OLD), sealing=False)


async def raw(store: PackingStore) -> bytes:
    """What really lies there."""
    return await ObjectStore.get(store, KEY)


async def lay(store: PackingStore, stored: bytes) -> None:
    await ObjectStore.put(store, KEY, stored, if_absent=False)


async def cut(data: bytes, length: int) -> AsyncIterator[bytes]:
    for start in range(0, len(data), length):
        yield data[start : start + length]


def zipped(data: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("run.gpx", data)
    return content.getvalue()


def mixed(size: int) -> bytes:
    """Half of it can be compressed."""
    return random.Random(size).randbytes(size // 2) + bytes(size - size // 2)


@pytest.mark.parametrize("size", [1, 7, PIECE - 1, PIECE, PIECE + 1, 4 * PIECE, MEBIBYTE + 1, 9 * PIECE + 7])
@pytest.mark.parametrize("length", [None, 70_001, MEBIBYTE])
@pytest.mark.parametrize("sealing", [False, True])
async def test_what_is_stored_is_marked_and_comes_back_the_same(
    store: PackingStore, size: int, length: int | None, *, sealing: bool
) -> None:
    store.sealing, data = sealing, mixed(size)
    assert await store.put(KEY, cut(data, length) if length else data)
    assert (await raw(store)).startswith(SEALED if sealing else MARK)
    assert await store.get(KEY) == data
    assert [await store.put(KEY, b"other"), await store.get(KEY) == data] == [False, True]
    assert (await store.head(KEY)).size == len(await raw(store))


@pytest.mark.parametrize("sealing", [False, True])
async def test_text_takes_a_small_part_of_its_size_also_sealed(store: PackingStore, *, sealing: bool) -> None:
    store.sealing = sealing
    await store.put(KEY, TEXT)
    assert len(await raw(store)) < len(TEXT) / 8


async def test_what_is_stored_does_not_depend_on_the_chunks_it_came_in(local: PackingStore) -> None:
    await local.put(KEY, TEXT)
    whole = await raw(local)
    await local.put(KEY, cut(TEXT, 1000), if_absent=False)
    assert await raw(local) == whole


@pytest.mark.parametrize("content", [b"a recording from before", b"\x0e\x10", MARK[:1] + b"PNG\r\n\x1a\n", TEXT, b""])
async def test_what_was_stored_before_is_read_beside_what_is_stored_today(store: PackingStore, content: bytes) -> None:
    for sealed_before in (False, True):
        for sealing in (False, True):
            store.sealing = sealed_before
            await SealingStore.put(store, KEY, content, if_absent=False)
            assert (await raw(store)).startswith(SEALED) == sealed_before
            store.sealing = sealing
            assert await store.get(KEY) == content
            await store.put(KEY, content, if_absent=False)
            store.sealing = not sealing
            assert await store.get(KEY) == content


@pytest.mark.parametrize("mark", [MARK, SEALED])
@pytest.mark.parametrize("rest", [b"", b"x", b"\x00\x00\x00\x05\x01abcde", bytes(PIECE)])
@pytest.mark.parametrize("length", [None, 1, 9])
async def test_content_that_begins_as_a_stored_object_comes_back_the_same(
    store: PackingStore, mark: bytes, rest: bytes, length: int | None
) -> None:
    for content in (mark + rest, (mark + rest)[:7]):
        await store.put(KEY, cut(content, length) if length else content, if_absent=False)
        assert await store.get(KEY) == content


async def test_an_object_that_was_packed_may_be_content_itself(store: PackingStore) -> None:
    await store.put(KEY, b"a recording")
    inside = await raw(store)
    await store.put(KEY, inside, if_absent=False)
    assert await store.get(KEY) == inside
    assert await raw(store) != inside


@pytest.mark.parametrize("content", [gzip.compress(TEXT), zipped(TEXT), b"PK\x05\x06" + bytes(18), b"\x1f\x8b", b""])
@pytest.mark.parametrize("length", [None, 1])
async def test_what_is_compressed_already_is_stored_as_it_is(
    store: PackingStore, content: bytes, length: int | None
) -> None:
    content = content[:2000]
    await store.put(KEY, cut(content, length) if length else content)
    assert await raw(store) == await store.get(KEY) == content
    store.sealing = True
    await store.put(KEY, content, if_absent=False)
    assert content not in (await raw(store))[: len(content)] or not content
    assert await store.get(KEY) == content


@pytest.mark.parametrize("sealing", [False, True])
async def test_an_object_that_was_cut_off_anywhere_is_refused(memory: PackingStore, *, sealing: bool) -> None:
    memory.sealing = sealing
    await memory.put(KEY, b"a recording of some length " * 10)
    whole = await raw(memory)
    for end in range(1, len(whole)):
        await lay(memory, whole[:end])
        with pytest.raises(ObjectUnreadable):
            await memory.get(KEY)
    await lay(memory, whole + b"x")
    with pytest.raises(ObjectUnreadable):
        await memory.get(KEY)


@pytest.mark.parametrize("sealing", [False, True])
@pytest.mark.parametrize("content", [b"a recording", b"x" * 64, mixed(300)])
async def test_no_flipped_bit_ever_gives_other_content(memory: PackingStore, content: bytes, *, sealing: bool) -> None:
    memory.sealing = sealing
    await memory.put(KEY, content)
    whole = await raw(memory)
    refused = 0
    for at in range(8 * len(whole)):
        changed = bytearray(whole)
        changed[at // 8] ^= 1 << at % 8
        await lay(memory, bytes(changed))
        try:
            assert await memory.get(KEY) == content
        except ObjectUnreadable:
            refused += 1
    assert refused >= 8 * len(whole) - 1  # one bit of a frame means nothing


async def test_what_is_given_out_before_damage_is_met_is_right(memory: PackingStore) -> None:
    data = mixed(16 * PIECE)
    await memory.put(KEY, data)
    whole = bytearray(await raw(memory))
    for at in range(20, len(whole), 99_991):
        changed = whole.copy()
        changed[at] ^= 0xFF
        await lay(memory, bytes(changed))
        given = bytearray()
        with pytest.raises(ObjectUnreadable):
            async for chunk in await memory.stream(KEY):
                given += chunk
        assert data.startswith(bytes(given))


def _bombs() -> dict[str, bytes]:
    huge, unsized = zstandard.ZstdCompressor(), zstandard.ZstdCompressor(write_content_size=False)
    return {
        "a frame of 512 MiB": framed(huge.compress(bytes(512 * MEBIBYTE)), last=True),
        "a frame a byte too large": framed(huge.compress(bytes(PIECE + 1)), last=True),
        "a frame of unknown size": framed(unsized.compress(bytes(64 * MEBIBYTE)), last=True),
        "empty frames without an end": framed(b"", last=False) * 100_000,
        "a frame that says it has 4 GiB": b"\xff\xff\xff\xff\x01" + bytes(8 * MEBIBYTE),
    }


@pytest.mark.parametrize("name", _bombs())
async def test_an_object_that_would_fill_the_memory_is_refused_before(local: PackingStore, name: str) -> None:
    await lay(local, MARK + _bombs()[name])
    with peak_below(4 * MEBIBYTE), pytest.raises(ObjectUnreadable):
        await local.get(KEY)


class peak_below:  # noqa: N801 - reads as a function
    """Fails when Python holds more bytes at any one time inside than are named."""

    def __init__(self, most: int) -> None:
        self._most = most

    def __enter__(self) -> None:
        tracemalloc.start()

    def __exit__(self, *_: object) -> None:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < self._most


@pytest.mark.parametrize("sealing", [False, True])
async def test_64_mebibytes_pass_through_little_memory(tmp_path: Path, *, sealing: bool) -> None:
    local = PackingStore.with_keys(f"file://{tmp_path}", KeyRing.from_setting(OLD), sealing=sealing)
    block = mixed(MEBIBYTE)

    async def blocks() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield block

    with peak_below(16 * MEBIBYTE):
        await local.put(KEY, blocks())
        seen, longest = 0, 0
        async for chunk in await local.stream(KEY):
            assert chunk == block[seen % MEBIBYTE :][: len(chunk)]
            seen, longest = seen + len(chunk), max(longest, len(chunk))
        local.sealing = not sealing
        assert await local.renew(KEY)
    assert (seen, longest <= MOST_BYTES) == (64 * MEBIBYTE, True)


async def test_others_have_their_turns_between_the_pieces() -> None:
    turns, pieces = 0, 64

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(others())
    packed = b"".join([chunk async for chunk in pack(cut(bytes(pieces * PIECE), MEBIBYTE))])
    assert turns >= pieces - 1
    turns = 0
    assert [len(chunk) async for chunk in unpack(cut(packed, MEBIBYTE), KEY)] == [PIECE] * pieces
    assert turns >= pieces - 1
    other.cancel()


async def test_many_at_a_time_do_not_disturb_each_other(store: PackingStore) -> None:
    contents = {f"{KEY}{size}": mixed(size) for size in range(PIECE // 2, 3 * PIECE, 50_021)}
    await asyncio.gather(*(store.put(key, cut(data, 70_001)) for key, data in contents.items()))
    found = await asyncio.gather(*map(store.get, contents))
    assert found == list(contents.values())


async def test_a_put_that_is_cancelled_or_breaks_off_leaves_nothing(local: PackingStore, tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield random.Random(1).randbytes(MEBIBYTE)
            begun.set()

    writing = asyncio.create_task(local.put(KEY, endless()))
    await begun.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing

    async def broken() -> AsyncIterator[bytes]:
        yield TEXT
        raise RuntimeError("the sender went away")

    with pytest.raises(RuntimeError, match="went away"):
        await local.put(KEY, broken())
    assert [each async for each in local.list()] == []
    assert list((tmp_path / ".staging").iterdir()) == []


async def test_what_was_stored_before_is_stored_anew_as_it_would_be_today(store: PackingStore) -> None:
    packed = gzip.compress(TEXT)
    contents = {"plain": TEXT, "sealed": TEXT, "gzip": packed, "sealed-gzip": packed, "packed": TEXT, "empty": b""}
    for key, content in contents.items():
        store.sealing = key.startswith("sealed")
        put = store.put if key == "packed" else super(PackingStore, store).put
        await put(key, content)
    store.sealing = False
    assert {key for key in contents if await store.renew(key)} == {"plain", "sealed", "sealed-gzip"}
    sizes = [(await store.head(key)).size for key in ("plain", "sealed", "packed")]
    assert sizes == [sizes[-1]] * 3
    assert sizes[0] < len(TEXT) / 8
    assert [key for key in contents if await store.renew(key)] == []
    store.keys, store.sealing = KeyRing.from_setting(f"{NEW},{OLD}"), True
    assert [key for key in contents if await store.renew(key)] == list(contents)
    assert [key for key in contents if await store.renew(key)] == []
    assert {key: await store.get(key) for key in contents} == contents


async def test_of_what_is_sealed_and_not_packed_only_the_packing_is_made_up_for(store: PackingStore) -> None:
    store.sealing = True
    await SealingStore.put(store, KEY, TEXT)
    assert [await store.renew(KEY), await store.renew(KEY)] == [True, False]
    assert (await raw(store)).startswith(SEALED)
    assert (len(await raw(store)) < len(TEXT) / 8, await store.get(KEY)) == (True, TEXT)


async def test_a_damaged_object_is_left_as_it_is(store: PackingStore) -> None:
    await store.put(KEY, mixed(5 * PIECE))
    damaged = (await raw(store))[:-1]
    await lay(store, damaged)
    store.sealing = True
    with pytest.raises(ObjectUnreadable):
        await store.renew(KEY)
    assert await raw(store) == damaged


async def test_without_keys_originals_are_packed_and_sealed_ones_are_refused(store: PackingStore) -> None:
    store.sealing = True
    await store.put("sealed", TEXT)
    store.keys, store.sealing = None, False
    await store.put(KEY, TEXT)
    assert (await raw(store)).startswith(MARK)
    assert await store.get(KEY) == TEXT
    with pytest.raises(ObjectUnreadable, match="no keys"):
        await store.get("sealed")
