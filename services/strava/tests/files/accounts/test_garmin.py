from datetime import UTC, datetime

import archives
import pytest

from strava.files import FileRefused
from strava.files.accounts import Told, read_summaries

RUN = {
    "activityId": 111,
    "name": "Lisbon Running",
    "activityType": "running",
    "beginTimestamp": 1_700_000_000_000,
    "duration": 1_800_000.0,
    "elapsedDuration": 1_900_500.0,
    "distance": 512_345.0,
}


def test_names_times_and_distances_are_read_in_their_units() -> None:
    assert read_summaries(archives.summaries(RUN)) == (
        Told(
            name="Lisbon Running",
            start_time=datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
            elapsed_time=1900.5,
            distance=5123.45,
        ),
    )


@pytest.mark.parametrize("begin", [None, "soon", True, 1e300, -1, float(2**70)])
def test_an_activity_without_a_possible_time_is_passed_over(begin: object) -> None:
    assert read_summaries(archives.summaries({**RUN, "beginTimestamp": begin}, RUN))[0].name == "Lisbon Running"
    assert len(read_summaries(archives.summaries({**RUN, "beginTimestamp": begin}))) == 0


@pytest.mark.parametrize("data", [b"[]", b"{}", b"[1, null, []]", b'[{"summarizedActivitiesExport": 5}]', b'"x"'])
def test_other_documents_say_nothing(data: bytes) -> None:
    assert read_summaries(data) == ()


@pytest.mark.parametrize("data", [b"", b"{", b"[" * 100_000, b"\xff"])
def test_a_damaged_list_is_refused(data: bytes) -> None:
    with pytest.raises(FileRefused):
        read_summaries(data)
