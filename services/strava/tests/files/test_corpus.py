"""Whatever somebody sends: it is refused for a reason, or becomes activities whose numbers are possible.

What is bounded is the time that the reading process has of a processor: here 10 s a file (by the clock three times as
many, for a busy box), in the service 30. A file that takes longer ends its process and is not read: a fault here.
"""

import asyncio
import gzip
import io
import os
import random
import tracemalloc
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import fit_files
import hostile
import made_up
import numpy as np
import pytest
import pytest_asyncio
from archives import zipped
from sane import assert_sane

from strava.files import FileRefused, unpack
from strava.sandbox import ParsedFile, Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONGEST = 10.0  # s of a processor for a file, and by the clock for opening an archive
MEMORY = 768 << 20  # of address space, half of what a worker's children may have
ARCHIVES_MEMORY = 160 << 20  # a file of 64 MiB, and its pieces
KIB = 1024
DRAWN, SEED = int(os.environ.get("RT_CUTS", "9")), 20_261_130
"""Cuts of each recording; every KiB of all in the long form, ``RT_CUTS=10000``."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(time_limit=LONGEST, memory_limit=MEMORY) as made:
        yield made


async def outcome(sandbox: Sandbox, data: bytes, name: str) -> tuple[str, ParsedFile | None]:
    """What becomes of a file; one that kills its reader is an error."""
    try:
        parsed = await sandbox.run(data, name)
    except FileRefused as refused:
        return (refused.code if refused.reason.endswith(".") else f"{refused.code} without a reason"), None
    assert_sane(parsed)
    return parsed.kind, parsed


@pytest.mark.parametrize("bad", hostile.ALL, ids=lambda bad: bad.name)
async def test_a_bad_file_has_its_outcome_in_time_and_memory(sandbox: Sandbox, bad: hostile.Bad) -> None:
    found, _ = await outcome(sandbox, bad.make(), bad.name)
    assert found == bad.outcome


def cuts(size: int, most: int) -> Iterator[int]:
    """Every KiB of a file, at most about ``most`` of them."""
    kibs = np.arange(KIB, size, KIB)
    yield from kibs[:: max(len(kibs) // most, 1)].tolist()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.fit", bytes(fit_files.run(1_200))),
        ("a.gpx", made_up.full_run(seconds=240)),
        ("a.tcx", made_up.indoor(seconds=800)),
    ],
    ids=["fit", "gpx", "tcx"],
)
async def test_a_file_cut_off_at_any_kib_gives_what_is_left(sandbox: Sandbox, name: str, data: bytes) -> None:
    before = 0
    for size in cuts(len(data), 1_000):
        _, parsed = await outcome(sandbox, data[:size], name)
        samples = sum(len(each.derived.streams["time"]) for each in parsed.activities) if parsed else 0
        assert samples >= before, size
        assert parsed is None or all(each.recording.quality.damaged for each in parsed.activities), size
        before = samples
    assert before > 200


@pytest.fixture(scope="module")
def recordings(recordings_dir: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(recordings_dir.iterdir())}


async def test_recordings_cut_off_at_kibs_drawn_from_all_of_them_are_read_as_far_as_they_go(
    sandbox: Sandbox, recordings: dict[str, bytes]
) -> None:
    """The draw is always the same, with the first and the last in it."""
    draw = random.Random(SEED)
    for name, data in recordings.items():
        whole = await samples_of(sandbox, data, name)
        every = list(cuts(len(data), len(data)))
        for size in sorted({*every[:1], *every[-1:], *draw.sample(every, min(len(every), DRAWN))}):
            left = await samples_of(sandbox, data[:size], name)
            assert left >= 0.7 * whole * size / len(data) - 200, (name, size)


async def samples_of(sandbox: Sandbox, data: bytes, name: str) -> int:
    _, parsed = await outcome(sandbox, data, name)
    return sum(each.recording.quality.samples for each in parsed.activities) if parsed else 0


RUN = made_up.run(seconds=60)
ZEROS = bytes(30 << 20)
ARCHIVES: dict[str, tuple[Callable[[], bytes], set[str | None]]] = {
    "bomb.zip": (lambda: zipped({f"{n}.gpx": ZEROS for n in range(20)}), {"ratio"}),
    "bomb.gz": (lambda: gzip.compress(ZEROS, 9), {"ratio"}),
    "bomb-in-gzip-in.zip": (lambda: zipped({f"{n}.fit.gz": gzip.compress(ZEROS, 9) for n in range(20)}), {"ratio"}),
    "quoted-bomb.zip": (hostile.quoted_bomb, {"ratio"}),
    "nested.zip": (lambda: zipped({"a.zip": zipped({"b.zip": zipped({"c.gpx": RUN})})}), {"nested_archive"}),
    "nested.gz": (lambda: gzip.compress(gzip.compress(RUN)), {"nested_archive"}),
    "names.zip": (lambda: zipped([("../" * 50 + "etc/passwd", RUN), ("/a.gpx", RUN), ("C:\\a.gpx", RUN)]), {None}),
    "endings.zip": (lambda: zipped({"a.jpg": RUN, "b.fit": RUN, "c": RUN}), {None}),
    "many-empty.zip": (lambda: zipped({f"{n}/{n}.gpx": b"" for n in range(4_000)}, packed=False), {None}),
}


@pytest.mark.parametrize("name", ARCHIVES)
async def test_an_archive_is_opened_or_refused_in_time_and_memory(name: str) -> None:
    make, codes = ARCHIVES[name]
    data = make()
    tracemalloc.start()
    async with asyncio.timeout(LONGEST):
        entries = await asyncio.to_thread(
            lambda: [(each.name, each.refused and each.refused.code) for each in unpack(io.BytesIO(data), name)]
        )
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert {code for _, code in entries} == codes
    assert most < ARCHIVES_MEMORY
    assert not any(".." in shown or shown.startswith(("/", "C:")) for shown, _ in entries)


async def test_an_archive_with_any_byte_changed_gives_entries_or_refusals() -> None:
    data = zipped({"a.gpx": RUN[:400], "b.gpx.gz": gzip.compress(RUN[:400], mtime=0)})
    for at in range(len(data)):
        for changed in (data[at] ^ 0xFF, (data[at] + 1) & 0xFF):
            mutated = data[:at] + bytes([changed]) + data[at + 1 :]
            assert list(unpack(io.BytesIO(mutated), "a.zip"))


async def test_the_ending_of_a_name_says_nothing(sandbox: Sandbox) -> None:
    files = {"gpx": RUN, "tcx": made_up.indoor(seconds=60), "fit": bytes(fit_files.run(60))}
    for kind, data in files.items():
        for ending in (*files, "jpg", "zip"):
            _, parsed = await outcome(sandbox, data, f"a.{ending}")
            assert parsed is not None
            assert parsed.format == kind


async def test_bytes_of_other_kinds_are_no_activities(sandbox: Sandbox) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.gpx", RUN)
    for data in (
        b"\x89PNG\r\n\x1a\n" + bytes(500),
        b"%PDF-1.7\n",
        b"PK\x03\x04",
        packed.getvalue(),
        b"{}",
        b"\xff" * 99,
    ):
        found, _ = await outcome(sandbox, data, "a.fit")
        assert found in {"unknown_format", "nested_archive"}
