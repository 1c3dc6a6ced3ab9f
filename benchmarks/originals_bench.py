"""What original files take where they are stored, and how long it takes to store and to read them.

The processor's time for packing and unpacking, and the time until it is on the disk and back, beside plain storage.

``.venv/bin/python -m benchmarks.originals_bench [folder]`` measures this alone, on the recordings of the tests.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from common.storage import ObjectStore
from strava.packing import PackingStore, pack, unpack

RECORDINGS = Path(os.environ.get("RT_RECORDINGS", Path(__file__).parents[2] / "shared/data/activities"))
RUNS = 40
TIMED = ("run-23-laps.tcx", "run-with-pauses.fit")


async def measure(recordings: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        plain = ObjectStore.from_url(f"file://{folder}/plain")
        packing = PackingStore.with_keys(f"file://{folder}/packed", None, sealing=False)
        print(f"{'file':42} {'bytes':>9} {'stored':>9} {'part':>6} {'pack':>8} {'unpack':>8}")
        for name, data in recordings.items():
            await _stored(packing, name, data)
        for name in TIMED:
            await _timed(plain, packing, name, recordings[name])


async def _stored(packing: PackingStore, name: str, data: bytes) -> None:
    await packing.put(name, data)
    assert await packing.get(name) == data
    size = (await packing.head(name)).size
    packed = await _whole(pack(_one(data)))
    to_pack = await _median(lambda: _whole(pack(_one(data))))
    to_unpack = await _median(lambda: _whole(unpack(_one(packed), name)))
    times = f"{to_pack * 1e3:5.2f} ms {to_unpack * 1e3:5.2f} ms"
    print(f"{name:42} {len(data):9,} {size:9,} {size / len(data):6.1%} {times}")


async def _timed(plain: ObjectStore, packing: ObjectStore, name: str, data: bytes) -> None:
    """In turns, as the box has other work too."""
    took: dict[str, list[float]] = {}

    async def time_it(what: str, work: Awaitable[object]) -> None:
        began = time.perf_counter()
        await work
        took.setdefault(what, []).append(time.perf_counter() - began)

    for _ in range(RUNS):
        for how, store in (("as it came", plain), ("packed", packing)):
            await time_it(f"stored {how}", store.put(name, _one(data), if_absent=False))
            await time_it(f"read {how}", _read(store, name))
    for what, seconds in took.items():
        print(f"{name} {what}: median {statistics.median(seconds) * 1e3:.2f} ms, least {min(seconds) * 1e3:.2f}")


async def _read(store: ObjectStore, key: str) -> bytes:
    return await _whole(await store.stream(key))


async def _median(work: Callable[[], Awaitable[object]]) -> float:
    """Seconds of the processor."""
    took = []
    for _ in range(RUNS):
        began = time.process_time()
        await work()
        took.append(time.process_time() - began)
    return statistics.median(took)


async def _one(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _whole(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([each async for each in chunks])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=RECORDINGS)
    paths = sorted(parser.parse_args().folder.iterdir())
    asyncio.run(measure({path.name: path.read_bytes() for path in paths}))


if __name__ == "__main__":
    main()
