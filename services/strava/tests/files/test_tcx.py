import made_up
import pytest

from strava.files import FileRefused, parse
from strava.files.summed import WITHOUT_SAMPLES
from strava.sandbox.child import read_file

HEAD = '<TrainingCenterDatabase xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2">'
TIME = "2026-03-01T07:{:02d}:{:02d}Z"


def point(second: int, metres: float | None) -> str:
    way = "" if metres is None else f"<DistanceMeters>{metres}</DistanceMeters>"
    return f"<Trackpoint><Time>{TIME.format(*divmod(second, 60))}</Time>{way}</Trackpoint>"


def lap(start: int, seconds: float, metres: float, *tracks: str) -> str:
    body = "".join(f"<Track>{track}</Track>" for track in tracks)
    return (
        f'<Lap StartTime="{TIME.format(*divmod(start, 60))}"><TotalTimeSeconds>{seconds}</TotalTimeSeconds>'
        f"<DistanceMeters>{metres}</DistanceMeters><Calories>10</Calories>"
        f"<AverageHeartRateBpm><Value>141</Value></AverageHeartRateBpm>{body}</Lap>"
    )


def activity(*laps: str, sport: str = "Running") -> bytes:
    inner = f'<Activities><Activity Sport="{sport}">{"".join(laps)}</Activity></Activities>'
    return f"{HEAD}{inner}</TrainingCenterDatabase>".encode()


def test_a_lap_lasts_until_the_next_and_keeps_its_summary() -> None:
    first = lap(0, 10, 30, point(0, 0) + point(10, 30))
    second = lap(30, 20, 60, point(30, 30) + point(50, 90))
    (recording,) = parse(activity(first, second)).recordings
    assert [(lap.start, lap.elapsed, lap.timer, lap.distance) for lap in recording.laps] == [
        (0, 30, 10, 30),
        (30, 20, 20, 60),
    ]
    assert recording.laps[0].average_heartrate == 141
    assert recording.totals.calories == 20
    assert recording.totals.distance == 90


def test_tracks_of_one_lap_are_separated_by_a_pause_and_laps_are_not() -> None:
    first = lap(0, 20, 60, point(0, 0) + point(10, 30), point(100, 30) + point(110, 60))
    second = lap(114, 10, 30, point(114, 60) + point(124, 90))
    (recording,) = parse(activity(first, second)).recordings
    assert recording.pauses == ((10, 100),)


@pytest.mark.parametrize(("word", "sport"), [("Running", "Run"), ("Biking", "Ride"), ("Other", "Workout")])
def test_the_sport_is_one_of_three_words(word: str, sport: str) -> None:
    data = activity(lap(0, 10, 30, point(0, 0) + point(10, 30)), sport=word)
    assert parse(data).recordings[0].sport == sport


def test_a_course_is_a_route() -> None:
    course = f"<Courses><Course><Name>x</Name><Track>{point(0, 0)}{point(9, 9)}</Track></Course></Courses>"
    parsed = parse(f"{HEAD}{course}</TrainingCenterDatabase>".encode())
    assert parsed.kind == "route"


def test_an_activity_without_samples_has_time_and_distance_of_its_laps() -> None:
    (found,) = read_file(activity(lap(0, 600, 1800) + lap(600, 300, 700)), "entered.tcx").activities
    assert (found.derived.distance, found.derived.elapsed_time, found.derived.moving_time) == (2500, 900, 900)
    assert [each.distance for each in found.derived.laps] == [1800, 700]
    assert found.recording.quality.notes == (WITHOUT_SAMPLES,)


def test_an_activity_without_samples_and_laps_is_refused() -> None:
    with pytest.raises(FileRefused, match="no activity with samples"):
        parse(activity(""))


def test_a_file_that_breaks_off_gives_what_came_before() -> None:
    data = made_up.indoor(seconds=600)
    (recording,) = parse(data[: len(data) // 2]).recordings
    assert 100 < len(recording.columns["time"]) < 200
    assert recording.quality.damaged


def test_an_impossible_distance_is_dropped_and_counted() -> None:
    data = activity(lap(0, 10, 30, point(0, 0) + point(5, 1e9) + point(10, 30)))
    (recording,) = parse(data).recordings
    assert recording.quality.dropped == {"out_of_range": 1}


def test_a_transition_between_legs_is_in_none_of_them() -> None:
    legs = [
        f'<Activity Sport="{sport}">{lap(start, 10, 30, point(start, 0) + point(start + 10, 30))}</Activity>'
        for sport, start in (("Biking", 0), ("Running", 60))
    ]
    between = lap(10, 40, 900, point(10, 30) + point(50, 900)).replace("Lap", "Transition")
    session = f"<FirstSport>{legs[0]}</FirstSport><NextSport>{between}{legs[1]}</NextSport>"
    data = f"{HEAD}<Activities><MultiSportSession>{session}</MultiSportSession></Activities></TrainingCenterDatabase>"
    found = [(each.sport, each.columns["distance"].tolist()) for each in parse(data.encode()).recordings]
    assert found == [("Ride", [0, 30]), ("Run", [0, 30])]
