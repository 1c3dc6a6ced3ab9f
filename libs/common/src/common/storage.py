"""Objects behind one interface: a local folder, S3, or memory (for tests)."""

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, MemoryStore, S3Store

from common.durable_files import DurableFile, make_staging
from common.errors import NotFound, Unavailable
from common.http import Breaker, Permit
from common.http.metrics import BREAKER_STATE

_STAGING = ".staging"
_CHUNK_BYTES = 1024 * 1024
_MAX_KEY_LENGTH = 512
# Plain names only: a key is the same path in every backend and cannot climb out of the root.
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]*(?:/[A-Za-z0-9][A-Za-z0-9._=-]*)*")

ResultT = TypeVar("ResultT")


class ObjectMissing(NotFound):
    """There is no object under this key."""

    code = "storage.object_missing"
    title = "The file is not there"
    next_steps = "It may have been deleted. Ask the operator if it should be there."


class ObjectUnreadable(Unavailable):
    """The object is sealed with a key that is not there, or was damaged."""

    code = "storage.object_unreadable"
    retryable = False
    title = "The file cannot be read"
    next_steps = "Ask the operator: its key belongs into ENCRYPTION_KEYS; a damaged file must come from a backup."


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What is known of an object without reading it; ``size`` in bytes as stored, ``modified_at`` with zone."""

    key: str
    size: int
    modified_at: datetime


class ObjectStore:
    """Keys are relative paths of plain names (letters, digits, ``._=-``), such as ``originals/ab/abcd``.

    A finished ``put`` has reached the disk (local) or was acknowledged (S3). All methods raise
    ``Unavailable`` when the storage fails, and ``ValueError`` for a key of the wrong form. A storage
    that keeps failing is left alone by a circuit breaker; S3 has timeouts and few retries too.
    """

    def __init__(self, store: LocalStore | MemoryStore | S3Store, root: Path | None = None) -> None:
        self._store = store
        self._root = root
        self.breaker = Breaker()
        self.breaker.watch(BREAKER_STATE.labels("object-store").set)
        if root is not None:
            make_staging(root / _STAGING)

    @classmethod
    def from_url(cls, url: str, *, s3: Mapping[str, str] | None = None) -> Self:
        """Open ``file:///absolute/folder`` (made if missing), ``s3://bucket/prefix`` or ``memory://``.

        ``s3`` holds obstore's settings by name (``endpoint``, ``region``, ``access_key_id``,
        ``secret_access_key``, ...); what it lacks comes from the usual ``AWS_*`` variables.
        """
        parts = urlsplit(url)
        if parts.scheme == "memory":
            return cls(MemoryStore())
        if parts.scheme == "s3":
            return cls(_open_s3(url, s3 or {}))
        path = unquote(parts.path)
        if parts.scheme != "file" or parts.netloc not in {"", "localhost"} or len(path) < len("/x"):
            raise ValueError("an object store is file:///absolute/folder, s3://bucket/prefix or memory://")
        root = Path(path)
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(LocalStore(prefix=root), root)

    async def put(self, key: str, data: bytes | AsyncIterator[bytes], *, if_absent: bool = True) -> bool:
        """Store an object; returns False, and leaves it alone, when ``if_absent`` and it is there.

        On S3 ``if_absent`` with an iterator asks first and then writes: two writers at the same time
        both write, so such keys should be addressed by content.
        """
        _check_key(key)
        with self._calling(key):
            if self._root is not None:
                return await self._put_durably(self._root, key, data, if_absent=if_absent)
            return await self._put_remote(key, data, if_absent=if_absent)

    async def put_content(self, prefix: str, data: bytes) -> tuple[str, str]:
        """Store ``data`` under its SHA-256 and return ``(key, sha256 in hex)``; again is a no-op."""
        digest = hashlib.sha256(data).hexdigest()
        key = content_key(prefix, digest)
        await self.put(key, data)
        return key, digest

    async def get(self, key: str) -> bytes:
        """Return the whole object; raises ``ObjectMissing``."""
        _check_key(key)
        with self._calling(key):
            result = await obstore.get_async(self._store, key)
            return bytes(await result.bytes_async())

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """Return the chunks of an object; ``ObjectMissing`` is raised here, before the first chunk.

        ``async for chunk in await store.stream(key)``
        """
        _check_key(key)
        with self._calling(key):
            result = await obstore.get_async(self._store, key)
        return self._chunks(key, result)

    async def head(self, key: str) -> StoredObject:
        """Return size and time of an object; raises ``ObjectMissing``."""
        _check_key(key)
        with self._calling(key):
            return _describe(await obstore.head_async(self._store, key))

    async def delete(self, key: str) -> None:
        """Delete an object; none there is fine."""
        _check_key(key)
        try:
            with self._calling(key):
                await obstore.delete_async(self._store, key)
        except ObjectMissing:
            return

    async def remove_empty(self, folder: str) -> None:
        """Remove a folder with those below it, as far as nothing lies in them; only a local store has folders."""
        _check_key(folder)
        if self._root is not None:
            await _in_thread(_remove_empty, self._root / folder)

    async def list(self, prefix: str = "") -> AsyncIterator[StoredObject]:
        """Yield the objects in a folder and below, in no order. ``prefix`` is whole path segments."""
        if prefix:
            _check_key(prefix)
        with self._calling(prefix):
            async for batch in obstore.list(self._store, prefix or None):
                for meta in batch:
                    if not meta["path"].startswith(f"{_STAGING}/"):
                        yield _describe(meta)

    async def _chunks(self, key: str, result: "obstore.GetResult") -> AsyncIterator[bytes]:
        with self._calling(key):
            async for chunk in result.stream(min_chunk_size=_CHUNK_BYTES):
                yield bytes(chunk)

    async def _put_durably(self, root: Path, key: str, data: bytes | AsyncIterator[bytes], *, if_absent: bool) -> bool:
        # obstore renames atomically but never calls fsync: after a power cut a file that we had
        # accepted could be empty or gone.
        with DurableFile(root, root / key, root / _STAGING) as file:
            if isinstance(data, bytes):
                await _in_thread(file.write, data)
            else:
                async for chunk in data:
                    await _in_thread(file.write, chunk)
            return await _in_thread(partial(file.commit, if_absent=if_absent))

    async def _put_remote(self, key: str, data: bytes | AsyncIterator[bytes], *, if_absent: bool) -> bool:
        if not if_absent:
            await obstore.put_async(self._store, key, data)
            return True
        if isinstance(data, bytes):
            try:
                await obstore.put_async(self._store, key, data, mode="create")
            except AlreadyExistsError:
                return False
            return True
        try:
            await obstore.head_async(self._store, key)
        except FileNotFoundError:
            await obstore.put_async(self._store, key, data)
            return True
        return False

    @contextmanager
    def _calling(self, key: str) -> Iterator[None]:
        """Hold a permit of the breaker, tell it the outcome, and turn errors into typed ones."""
        permit = self._permit()
        try:
            yield
        except FileNotFoundError as error:
            permit.succeeded()
            raise ObjectMissing(f"There is no object {key}.") from error
        except (BaseError, OSError) as error:
            permit.failed()
            raise Unavailable("The file storage does not answer at the moment.") from error
        except BaseException:
            permit.abandoned()
            raise
        permit.succeeded()

    def _permit(self) -> Permit:
        permit = self.breaker.try_acquire()
        if permit is None:
            raise Unavailable("The file storage does not answer at the moment.")
        return permit


def content_key(prefix: str, sha256: str) -> str:
    """Return the key of a content hash (hex); the first two digits spread the files over folders."""
    return f"{prefix}/{sha256[:2]}/{sha256}"


def _open_s3(url: str, settings: Mapping[str, str]) -> S3Store:
    config: Any = dict(settings)
    plain_http = settings.get("endpoint", "").startswith("http://")
    return S3Store.from_url(
        url,
        config=config,
        client_options={
            "connect_timeout": timedelta(seconds=2),
            "timeout": timedelta(seconds=30),
            "allow_http": plain_http,
        },
        retry_config={
            "max_retries": 2,
            "retry_timeout": timedelta(seconds=10),
            "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1)},
        },
    )


def _check_key(key: str) -> None:
    if len(key) > _MAX_KEY_LENGTH or not _KEY.fullmatch(key):
        raise ValueError("an object key is a relative path of plain names")


def _describe(meta: "obstore.ObjectMeta") -> StoredObject:
    return StoredObject(key=meta["path"], size=meta["size"], modified_at=meta["last_modified"])


def _remove_empty(folder: Path) -> None:
    for path, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):  # something lies in it
            Path(path).rmdir()


async def _in_thread(work: Callable[..., ResultT], *arguments: Any) -> ResultT:
    """Run blocking work; when cancelled, leave only after it ended, as it uses what is closed next."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
