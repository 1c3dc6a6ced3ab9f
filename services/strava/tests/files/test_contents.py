import io
import warnings
from datetime import UTC, datetime

import archives
import fit_files
import made_up
import pytest
from archives import zipped

from strava.files.accounts import read_activities, read_summaries
from strava.files.archive import Archive
from strava.files.contents import Contents, Unit, counted
from strava.files.fit_head import FitHead, fit_head

RUN = made_up.run(seconds=60)
FIT = bytes(fit_files.run(10))
UPLOADS = "DI_CONNECT/DI-Connect-Uploaded-Files/UploadedFiles_0-_Part1.zip"
LIST = "DI_CONNECT/DI-Connect-Fitness/me_1001_summarizedActivities.json"


def contents_of(data: bytes) -> Contents:
    contents = Contents(Archive(io.BytesIO(data), len(data)))
    read = read_summaries if contents.layout.kind == "garmin" else read_activities
    for entry in contents.lists():
        contents.describe(read(entry.data))
    return contents


def looked_at(contents: Contents) -> list[Unit]:
    """Units once their content is known."""
    return [contents.look(unit, unit.read()) if unit.read else unit for unit in contents.units()]


def strava(root: str = "") -> bytes:
    rows = [
        {"id": "1", "name": "By the sea", "file": "activities/1.gpx"},
        {"id": "2", "name": "Treadmill", "file": ""},
        {"id": "3", "name": "Lost", "file": "activities/3.fit.gz"},
    ]
    files = {
        "activities/1.gpx": RUN,
        "activities.csv": archives.activities_csv(rows),
        "activities/9.gpx": RUN,
        "media/a.JPG": b"picture",
        "media/b.mp4": b"film",
        "routes/1.gpx": RUN,
        "shoes.csv": b"a,b",
    }
    return archives.zipped({f"{root}{name}": data for name, data in files.items()})


@pytest.mark.parametrize("root", ["", "export_123/"])
def test_an_archive_of_strava_names_its_files_and_has_activities_without_any(root: str) -> None:
    units = looked_at(contents_of(strava(root)))
    taken = [(unit.name, unit.told and unit.told.name) for unit in units if not unit.left_out]
    assert taken == [
        (f"{root}activities/1.gpx", "By the sea"),
        (f"{root}activities/9.gpx", None),
        (f"{root}activities.csv: Treadmill", "Treadmill"),
    ]
    assert counted([unit.left_out for unit in units if unit.left_out]) == [
        {"reason": "Pictures and videos are not imported.", "count": 2},
        {"reason": "Planned routes are no activities.", "count": 1},
        {"reason": "Other data of the account is not imported.", "count": 1},
        {"reason": "The archive names their files and does not have them.", "count": 1},
    ]


def garmin() -> bytes:
    inner = archives.zipped(
        {
            "me@example.org_1.fit": FIT,
            "me@example.org_2.fit": bytes(fit_files.run(10, kind=15)),
            "me@example.org_3.fit": bytes(fit_files.run(10, kind=2)),
            "me@example.org_4.gpx": RUN,
            "deeper.zip": archives.zipped({"a.fit": FIT}),
        }
    )
    near = {"name": "Lunch", "beginTimestamp": (fit_files.START + 3) * 1000}
    far = {"name": "Other", "beginTimestamp": (fit_files.START + 300) * 1000}
    return archives.zipped(
        {
            "customer_data/customer.json": b"{}",
            "DI_CONNECT/DI-Connect-Wellness/sleep.json": b"{}",
            UPLOADS: inner,
            LIST: archives.summaries(far, near),
        },
        packed=False,
    )


def test_an_archive_of_garmin_has_its_files_in_archives_of_their_own() -> None:
    contents = contents_of(garmin())
    units = looked_at(contents)
    taken = {unit.name: unit.told and unit.told.name for unit in units if not unit.left_out}
    assert taken == {"me@example.org_1.fit": "Lunch", "me@example.org_4.gpx": None, "deeper.zip": None}
    assert counted([unit.left_out for unit in units if unit.left_out]) == [
        {"reason": "Other data of the account is not imported.", "count": 2},
        {"reason": "Files of daily monitoring, sleep, settings and the like are no activities.", "count": 2},
    ]


def test_archives_inside_archives_are_opened_one_level_deep_and_only_garmins() -> None:
    refused = [
        (unit.name, unit.read().refused)
        for unit in contents_of(garmin()).units()
        if unit.read and unit.name == "deeper.zip"
    ]
    assert [(name, why and why.code) for name, why in refused] == [("deeper.zip", "nested_archive")]
    other = contents_of(archives.zipped({"UploadedFiles_1.zip": archives.zipped({"a.fit": FIT})}))
    assert [unit.read().refused is not None for unit in other.units() if unit.read] == [True]


def test_a_bomb_inside_an_archive_inside_an_archive_is_refused() -> None:
    bomb = archives.zipped({"a.fit": bytes(30 << 20), "b.fit": bytes(30 << 20)})
    contents = contents_of(archives.zipped({UPLOADS: bomb, LIST: b"[]"}))
    entries = [unit.read() for unit in contents.units() if unit.read]
    assert entries
    assert {entry.refused and entry.refused.code for entry in entries} == {"ratio"}


def test_a_damaged_archive_inside_is_refused_and_the_rest_goes_on() -> None:
    files = {UPLOADS: b"PK\x03\x04 nothing", UPLOADS.replace("Part1", "Part2"): archives.zipped({"a.fit": FIT})}
    entries = [unit.read() for unit in contents_of(archives.zipped({**files, LIST: b"[]"})).units() if unit.read]
    assert [entry.refused is None for entry in entries] == [False, True]


def test_units_come_in_the_same_order_whether_they_are_read_or_not() -> None:
    for data in (strava(), garmin()):
        read = []
        for unit in contents_of(data).units():
            if unit.read:
                unit.read()
            read.append(unit.name)
        assert read == [unit.name for unit in contents_of(data).units()]


def test_the_head_of_a_fit_file_says_its_kind_and_time() -> None:
    assert fit_head(FIT) == FitHead(4, float(fit_files.START))
    assert fit_head(bytes(fit_files.run(10, kind=32))) == FitHead(32, float(fit_files.START))
    assert datetime.fromtimestamp(fit_files.START, UTC).year > 2000


def test_a_head_that_is_cut_off_or_made_of_noise_says_nothing() -> None:
    for size in range(60):
        assert fit_head(FIT[:size]) in (None, FitHead(4, float(fit_files.START)))
    for byte in range(256):
        fit_head(FIT[:12] + bytes([byte]) * 200)
    assert fit_head(RUN) is None


def test_two_files_of_one_name_are_both_read() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of whoever writes such an archive
        data = zipped([("run.gpx", b"one"), ("run.gpx", b"two")])
    contents = Contents(Archive(io.BytesIO(data), len(data)))
    assert [unit.read().data for unit in contents.units() if unit.read] == [b"one", b"two"]
