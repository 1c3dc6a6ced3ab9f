import asyncio
import hashlib
import os
import re
import signal
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.errors import Unavailable
from common.http import BreakerState
from common.storage import ObjectMissing, ObjectStore, content_key
from common.testing.upstream import serve
from common.testing.wait import eventually

MEBIBYTE = 1024 * 1024


class Bucket:
    """The few verbs of S3 that are used, with conditional writes; ``broken`` answers 500 to all."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.parts: dict[int, bytes] = {}
        self.broken = False
        self.calls = 0
        methods = ["GET", "HEAD", "PUT", "DELETE", "POST"]
        self.app = Starlette(
            routes=[
                Route("/bucket", self._list, methods=["GET"]),
                Route("/bucket", self._delete_many, methods=["POST"]),
                Route("/bucket/{key:path}", self._one, methods=methods),
            ]
        )

    async def _one(self, request: Request) -> Response:
        self.calls += 1
        key = request.path_params["key"]
        if self.broken:
            return Response(status_code=500)
        if "uploads" in request.query_params or "uploadId" in request.query_params:
            return await self._multipart(request, key)
        if request.method == "PUT":
            if "if-none-match" in request.headers and key in self.objects:
                return Response(status_code=412)
            self.objects[key] = await request.body()
            return Response(headers={"ETag": '"1"'})
        if key not in self.objects:
            return Response(status_code=404)
        headers = {"ETag": '"1"', "Last-Modified": "Wed, 01 Jul 2026 12:00:00 GMT"}
        return Response(self.objects[key], headers=headers)

    async def _multipart(self, request: Request, key: str) -> Response:
        if request.method == "PUT":
            self.parts[int(request.query_params["partNumber"])] = await request.body()
            return Response(headers={"ETag": '"1"'})
        if "uploads" in request.query_params:
            self.parts = {}
            answer = "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
            return Response(answer, media_type="application/xml")
        self.objects[key] = b"".join(data for _, data in sorted(self.parts.items()))
        answer = "<CompleteMultipartUploadResult><ETag>1</ETag></CompleteMultipartUploadResult>"
        return Response(answer, media_type="application/xml")

    async def _delete_many(self, request: Request) -> Response:
        keys = re.findall(r"<Key>([^<]*)</Key>", (await request.body()).decode())
        for key in keys:
            self.objects.pop(key, None)
        deleted = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        return Response(f"<DeleteResult>{deleted}</DeleteResult>", media_type="application/xml")

    async def _list(self, request: Request) -> Response:
        prefix = request.query_params.get("prefix", "")
        found = "".join(
            f"<Contents><Key>{key}</Key><Size>{len(data)}</Size><ETag>1</ETag>"
            "<LastModified>2026-07-01T12:00:00.000Z</LastModified></Contents>"
            for key, data in self.objects.items()
            if key.startswith(prefix)
        )
        return Response(
            f"<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>",
            media_type="application/xml",
        )


def s3_at(url: str) -> ObjectStore:
    return ObjectStore.from_url(
        "s3://bucket",
        s3={"endpoint": url, "region": "local", "access_key_id": "id", "secret_access_key": "secret"},
    )


@pytest.fixture(params=["file", "memory", "s3"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ObjectStore]:
    async with AsyncExitStack() as stack:
        if request.param == "s3":
            yield s3_at(await stack.enter_async_context(serve(Bucket().app)))
        else:
            yield ObjectStore.from_url("memory://" if request.param == "memory" else f"file://{tmp_path}/objects")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture
def local(folder: Path) -> ObjectStore:
    return ObjectStore.from_url(f"file://{folder}")


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def keys(store: ObjectStore, prefix: str = "") -> list[str]:
    return sorted([found.key async for found in store.list(prefix)])


async def test_an_object_is_read_as_it_was_written(store: ObjectStore) -> None:
    assert await store.put("a/b/c.fit", b"content")
    assert await store.get("a/b/c.fit") == b"content"
    described = await store.head("a/b/c.fit")
    assert (described.key, described.size) == ("a/b/c.fit", 7)
    assert described.modified_at.tzinfo is not None


async def test_an_object_that_is_there_is_left_alone_unless_told(store: ObjectStore) -> None:
    await store.put("k", b"first")
    assert not await store.put("k", b"second")
    assert await store.get("k") == b"first"
    assert await store.put("k", b"third", if_absent=False)
    assert await store.get("k") == b"third"


async def test_a_stream_goes_in_and_out_in_pieces(store: ObjectStore) -> None:
    parts = [bytes([number]) * (MEBIBYTE // 2) for number in range(4)]
    assert await store.put("big", chunks(*parts))
    assert not await store.put("big", chunks(b"other"))
    received = [piece async for piece in await store.stream("big")]
    assert b"".join(received) == b"".join(parts)


async def test_what_is_missing_is_said_before_the_first_byte(store: ObjectStore) -> None:
    for reading in (store.get("no"), store.head("no"), store.stream("no")):
        with pytest.raises(ObjectMissing) as caught:
            await reading
        assert caught.value.code == "storage.object_missing"


async def test_a_deleted_object_is_gone_and_deleting_it_again_is_fine(store: ObjectStore) -> None:
    await store.put("a/b", b"x")
    await store.delete("a/b")
    await store.delete("a/b")
    with pytest.raises(ObjectMissing):
        await store.get("a/b")


async def test_a_list_has_the_objects_below_a_folder(store: ObjectStore) -> None:
    for key in ("a/1", "a/b/2", "ab/3"):
        await store.put(key, b"x")
    assert await keys(store) == ["a/1", "a/b/2", "ab/3"]
    assert await keys(store, "a") == ["a/1", "a/b/2"]
    assert await keys(store, "none") == []


async def test_content_is_kept_once_under_its_hash(store: ObjectStore) -> None:
    digest = hashlib.sha256(b"data").hexdigest()
    for _ in range(2):
        assert await store.put_content("originals", b"data") == (content_key("originals", digest), digest)
    assert await keys(store, "originals") == [f"originals/{digest[:2]}/{digest}"]


@pytest.mark.parametrize(
    "key",
    [
        *("", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", ".hidden", ".staging/x"),
        *("a\\b", "a b", "a\0b", "ä", "%2e%2e/a", "a" * 600),
    ],
)
async def test_keys_that_are_no_plain_paths_are_refused_everywhere(store: ObjectStore, key: str) -> None:
    for call in (store.put(key, b"x"), store.get(key), store.head(key), store.delete(key), store.stream(key)):
        with pytest.raises(ValueError, match="plain names"):
            await call


@pytest.mark.parametrize("url", ["", "relative/path", "file://host/path", "file:///", "http://x/y", "gs://b"])
def test_addresses_of_no_known_kind_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="object store"):
        ObjectStore.from_url(url)


async def test_files_are_private_and_leave_no_draft(local: ObjectStore, folder: Path) -> None:
    await local.put("a/b", b"x")
    await local.put("a/b", b"y")
    await local.put("a/b", chunks(b"z"), if_absent=False)
    assert (folder / "a/b").stat().st_mode & 0o077 == 0
    assert (folder / "a").stat().st_mode & 0o077 == 0
    assert list((folder / ".staging").iterdir()) == []


async def test_a_stream_that_breaks_off_leaves_nothing(local: ObjectStore, folder: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("the sender went away")

    with pytest.raises(RuntimeError, match="went away"):
        await local.put("a", broken())
    assert await keys(local) == []
    assert list((folder / ".staging").iterdir()) == []


async def test_a_cancelled_write_leaves_nothing(local: ObjectStore, folder: Path) -> None:
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * MEBIBYTE
            begun.set()

    writing = asyncio.create_task(local.put("a", endless()))
    await begun.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await keys(local) == []
    assert list((folder / ".staging").iterdir()) == []


async def test_of_many_writers_exactly_one_is_first(local: ObjectStore) -> None:
    outcomes = await asyncio.gather(*(local.put("a/b/c", b"%d" % number) for number in range(16)))
    assert sum(outcomes) == 1
    assert await local.get("a/b/c") == b"%d" % outcomes.index(True)


async def test_drafts_of_killed_processes_are_cleared_after_a_day(local: ObjectStore, folder: Path) -> None:
    old, fresh = folder / ".staging/old", folder / ".staging/fresh"
    for draft in (old, fresh):
        draft.write_bytes(b"x")
    two_days_ago = time.time() - 2 * 86400
    os.utime(old, (two_days_ago, two_days_ago))
    again = ObjectStore.from_url(f"file://{folder}")
    assert not old.exists()
    assert fresh.exists()
    assert await keys(again) == await keys(local) == []


async def test_a_file_is_flushed_before_it_is_placed_and_its_folders_after(folder: Path) -> None:
    """Seen by the interpreter's own audit of system calls, in a process of its own."""
    program = textwrap.dedent("""
        import asyncio, os, stat, sys
        from common.storage import ObjectStore
        real = os.fsync
        def flush(descriptor):
            path = os.readlink(f"/proc/self/fd/{descriptor}")
            print("flush", "draft" if ".staging" in path else os.path.basename(path), flush=True)
            real(descriptor)
        os.fsync = flush
        sys.addaudithook(lambda event, _: print("placed", flush=True) if event == "os.link" else None)
        asyncio.run(ObjectStore.from_url(f"file://{sys.argv[1]}").put("a/b/c", b"x"))
    """)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(folder), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert output.decode().splitlines() == [
        "flush draft", "placed", "flush b", "flush a", "flush objects"
    ]  # fmt: skip


async def test_no_half_file_is_ever_seen_whenever_the_writer_is_killed(local: ObjectStore, folder: Path) -> None:
    program = textwrap.dedent("""
        import asyncio, sys
        from common.storage import ObjectStore
        async def main():
            store = ObjectStore.from_url(f"file://{sys.argv[1]}")
            for number in range(100000):
                await store.put(f"files/{number}", bytes([number % 256]) * 200000)
                print(number, flush=True)
        asyncio.run(main())
    """)
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(folder), stdout=asyncio.subprocess.PIPE
    )

    async def some_are_there() -> bool:
        return len(await keys(local, "files")) > 20

    await eventually(some_are_there, within=20)
    writer.send_signal(signal.SIGKILL)
    output, _ = await writer.communicate()
    for number in output.decode().split():
        assert await local.get(f"files/{number}") == bytes([int(number) % 256]) * 200000
    for key in await keys(local, "files"):
        assert (await local.head(key)).size == 200000


async def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    store = ObjectStore.from_url(f"file://{tmp_path}/objects")
    (tmp_path / "objects/a").write_bytes(b"a file where a folder is needed")
    with pytest.raises(Unavailable):
        await store.put("a/b", b"x")


async def test_a_broken_s3_is_unavailable_then_left_alone_and_comes_back_by_itself() -> None:
    bucket = Bucket()
    async with serve(bucket.app) as url:
        store = s3_at(url)
        await store.put("k", b"x")
        bucket.broken = True
        while store.breaker.state is BreakerState.CLOSED:
            with pytest.raises(Unavailable):
                await store.get("k")
        calls = bucket.calls
        with pytest.raises(Unavailable):
            await store.get("k")
        assert bucket.calls == calls
        bucket.broken = False

        async def read() -> bytes:
            try:
                return await store.get("k")
            except Unavailable:
                return b""

        assert await eventually(read, within=10) == b"x"


async def test_folders_that_are_empty_are_removed_and_others_stay(tmp_path: Path) -> None:
    store = ObjectStore.from_url(f"file://{tmp_path}")
    for key in ("kind/a/b/gone", "kind/a/c/kept", "kind/d/e/gone"):
        await store.put(key, b"1")
    for key in ("kind/a/b/gone", "kind/d/e/gone"):
        await store.delete(key)
    for folder in ("kind/a", "kind/d", "kind/never"):
        await store.remove_empty(folder)
    assert sorted(str(path.relative_to(tmp_path)) for path in (tmp_path / "kind").rglob("*")) == [
        "kind/a",
        "kind/a/c",
        "kind/a/c/kept",
    ]
