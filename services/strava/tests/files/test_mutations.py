"""Whatever happens to a file on its way: it is read or refused, and nothing else."""

import struct
from contextlib import suppress

import fit_files
import made_up
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strava.files import FileRefused
from strava.sandbox import ParsedFile
from strava.sandbox.child import read_file

SEEDS = {
    "fit": fit_files.run(20),
    "gpx": made_up.run(seconds=30, heartrate=120),
    "tcx": made_up.indoor(seconds=30),
}
SPLICE = st.tuples(
    st.integers(0, 10_000),
    st.integers(0, 12),
    st.one_of(
        st.binary(max_size=6),
        st.sampled_from([b"nan", b"inf", b"-1", b"1e999", b"<!--", b"&x;", b"\xff" * 4, b"\x00" * 4, b"</Lap>"]),
    ),
)


def spliced(data: bytes, splices: list[tuple[int, int, bytes]]) -> bytes:
    for at, removed, inserted in splices:
        place = at % (len(data) + 1)
        data = data[:place] + inserted + data[place + removed :]
    return data


def holds_together(parsed: ParsedFile) -> None:
    for activity in parsed.activities:
        streams, derived = activity.derived.streams, activity.derived
        assert {len(values) for values in streams.values()} == {len(streams["time"])}
        assert (np.diff(streams["time"]) > 0).all()
        assert (np.diff(streams.get("distance", np.zeros(1))) >= 0).all()
        assert not any(np.isinf(values).any() for values in streams.values())
        assert 0 <= derived.moving_time <= derived.elapsed_time
        assert sum(split.distance for split in derived.splits_km) == pytest.approx(derived.distance, abs=0.1)


@pytest.mark.parametrize("kind", SEEDS)
@settings(max_examples=150, deadline=None)
@given(splices=st.lists(SPLICE, min_size=1, max_size=5), sealed=st.booleans())
def test_a_changed_file_is_read_or_refused(kind: str, splices: list[tuple[int, int, bytes]], sealed: bool) -> None:
    data = spliced(SEEDS[kind], splices)
    if kind == "fit" and sealed and len(data) > 2:
        data = data[:-2] + struct.pack("<H", fit_files.crc(data[:-2]))
    with suppress(FileRefused):
        holds_together(read_file(data, ""))
