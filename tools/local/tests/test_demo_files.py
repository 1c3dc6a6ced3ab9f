import datetime as dt
import io
import zipfile
from typing import Any

import fitdecode
import pytest

from local.demo.body import Run, run
from local.demo.fitfile import archive, fit_file
from local.demo.sessions import sessions

END = dt.date(2026, 11, 20)


@pytest.fixture(scope="module")
def workout() -> Run:
    return run(next(session for session in sessions(END, 6) if session.kind == "intervals"))


def messages(data: bytes, name: str) -> list[dict[str, Any]]:
    """Read by another reader than the platform's, which fails on a wrong checksum."""
    with fitdecode.FitReader(
        io.BytesIO(data), check_crc=fitdecode.CrcCheck.RAISE, error_handling=fitdecode.ErrorHandling.RAISE
    ) as reader:
        return [
            {field.name: field.value for field in frame.fields}
            for frame in reader
            if isinstance(frame, fitdecode.FitDataMessage) and frame.name == name
        ]


def test_every_sample_is_in_the_file(workout: Run) -> None:
    records = messages(fit_file(workout), "record")
    assert len(records) == len(workout.time)
    for at in (0, len(records) // 2, len(records) - 1):
        assert records[at]["timestamp"] == workout.session.start + dt.timedelta(seconds=float(workout.time[at]))
        assert records[at]["distance"] == pytest.approx(workout.distance[at], abs=0.01)
        assert records[at]["altitude"] == pytest.approx(workout.altitude[at], abs=0.11)
        assert records[at]["heart_rate"] == workout.heartrate[at]
        assert records[at]["position_lat"] * 180 / 2**31 == pytest.approx(workout.latitude[at], abs=1e-6)
        assert records[at]["position_long"] * 180 / 2**31 == pytest.approx(workout.longitude[at], abs=1e-6)


def test_session_and_laps_sum_it_up(workout: Run) -> None:
    data = fit_file(workout)
    (session,) = messages(data, "session")
    laps = messages(data, "lap")
    assert session["sport"] == "running"
    assert session["start_time"] == workout.session.start
    assert session["total_elapsed_time"] == workout.time[-1]
    assert session["total_distance"] == pytest.approx(workout.distance[-1], abs=0.01)
    assert session["total_calories"] == workout.calories
    assert len(laps) == len(workout.laps)
    assert sum(lap["total_elapsed_time"] for lap in laps) == session["total_elapsed_time"]
    assert {lap["lap_trigger"] for lap in laps} == {"manual", "session_end"}


def test_an_archive_has_one_file_per_run(workout: Run) -> None:
    some = [run(session) for session in sessions(END, 1)]
    with zipfile.ZipFile(io.BytesIO(archive(some))) as packed:
        assert packed.testzip() is None
        assert packed.namelist() == [one.session.file_name for one in some]
        assert len(set(packed.namelist())) == len(some)
        assert packed.read(some[0].session.file_name) == fit_file(some[0])
