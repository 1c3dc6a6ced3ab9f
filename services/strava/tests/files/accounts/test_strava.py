from datetime import UTC, datetime

import archives
import pytest
from archives import LANGUAGES
from hypothesis import given, settings
from hypothesis import strategies as st

from strava.files import FileRefused
from strava.files.accounts import Told, read_activities
from strava.files.accounts.strava import MOST_ROWS

START = datetime(2020, 10, 7, 14, 43, 11, tzinfo=UTC)
NUMBERS = {"id": "4161234567", "file": "activities/4401.fit.gz", "description": 'Windy, "very"\nso', "gear": "Pegasus"}
BODY = {"cadence": "85", "max_heartrate": "181", "short_max_heartrate": "181", "heartrate": "154", "calories": "701"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_row_says_the_same_in_every_language(language: str) -> None:
    row = {"name": "Round the lake", **NUMBERS, **BODY, **LANGUAGES[language]}
    assert read_activities(archives.activities_csv([row], language)) == (
        Told(
            file_name="activities/4401.fit.gz",
            archive_id=4161234567,
            name="Round the lake",
            description='Windy, "very"\nso',
            sport="Run",
            gear="Pegasus",
            start_time=START,
            elapsed_time=3725.0,
            moving_time=3600.0,
            distance=10520.5,
            elevation_gain=103.5,
            average_heartrate=154.0,
            max_heartrate=181.0,
            average_cadence=170.0,
            calories=701.0,
        ),
    )


def test_an_unknown_language_is_read_by_places() -> None:
    data = archives.activities_csv([{"name": "Giro", **NUMBERS, **LANGUAGES["en"]}]).decode("utf-8-sig")
    head, _, rest = data.partition("\n")
    renamed = ",".join(f"colonna {number}" for number in range(len(head.split(","))))
    (told,) = read_activities(f"{renamed}\n{rest}".encode())
    assert (told.archive_id, told.name, told.distance, told.start_time) == (4161234567, "Giro", 10520.5, START)


def test_an_old_archive_with_few_columns_is_read_by_names() -> None:
    text = (
        "Activity ID,Activity Date,Activity Name,Activity Type,Activity Description,Elapsed Time,Distance,Relative "
        'Effort,Commute,Activity Gear,Filename\n12,"Oct 7, 2020, 2:43:11 PM",Old,Ride,,3725,10.52,,false,Bike,a.gpx\n'
    )
    (told,) = read_activities(text.encode())
    assert (told.gear, told.file_name, told.elapsed_time, told.distance) == ("Bike", "a.gpx", 3725.0, 10520.0)


def test_a_second_column_of_the_name_is_in_metres_however_many_there_are() -> None:
    text = (
        "Activity ID,Activity Date,Activity Name,Activity Type,Elapsed Time,Distance,Filename,Elapsed Time,Distance\n"
        '12,"Oct 7, 2020, 2:43:11 PM",Old,Run,3725,10.52,a.gpx,3725.0,10520.5\n'
    )
    assert read_activities(text.encode())[0].distance == 10520.5


def test_without_its_second_column_a_swim_has_metres() -> None:
    row = {**NUMBERS, **LANGUAGES["en"], "type": "Swim", "distance": "", "short_distance": "1,500"}
    assert read_activities(archives.activities_csv([row]))[0].distance == 1500.0
    row |= {"type": "Run", "short_distance": "10.52"}
    assert read_activities(archives.activities_csv([row]))[0].distance == 10520.0


def test_impossible_values_are_not_said() -> None:
    row = {**NUMBERS, "date": "Oct 7, 9999, 2:43:11 PM", "type": "Quidditch", "distance": "1e300", "elapsed": "-5"}
    (told,) = read_activities(archives.activities_csv([row | {"heartrate": "nan", "short_elapsed": "inf"}]))
    assert (told.start_time, told.sport, told.distance, told.elapsed_time) == (None, None, None, None)
    assert told.average_heartrate is None


def test_rows_without_a_number_and_beyond_the_limit_are_passed_over() -> None:
    rows = [{"id": "no number"}, {"id": str(2**70)}, {"id": "7"}]
    assert [each.archive_id for each in read_activities(archives.activities_csv(rows))] == [7]
    many = archives.activities_csv({"id": str(number)} for number in range(MOST_ROWS + 5))
    assert len(read_activities(many)) == MOST_ROWS


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"a,b\n1,2", b'"', b"Activity ID\n" + b'"x' * 200_000])
def test_what_is_no_such_list_is_refused(data: bytes) -> None:
    with pytest.raises(FileRefused):
        read_activities(data)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.binary(max_size=400), st.integers(0, 3000))
def test_whatever_is_in_it_it_is_read_or_refused(noise: bytes, at: int) -> None:
    data = archives.activities_csv([{"name": "A", **NUMBERS, **LANGUAGES["en"]}])
    try:
        read_activities(data[:at] + noise + data[at:])
    except FileRefused:
        return


def test_what_is_said_survives_being_kept_as_json() -> None:
    (told,) = read_activities(archives.activities_csv([{"name": "A", **NUMBERS, **LANGUAGES["en"]}]))
    assert Told.from_json(told.as_json()) == told
    assert Told.from_json({"unknown": 1}) == Told()
