"""The track of an activity, made up or from a file, and a few of them kept at hand."""

from collections import OrderedDict

from strava_emulator.models import Activity, Athlete, Streams
from strava_emulator.tracks.making import knots, samples
from strava_emulator.tracks.track import Track

LONGEST_GAP_S = 10  # between samples of one movement
STANDING = 0.3  # m/s
_KEPT = 8


def coarse_track(activity: Activity, athlete: Athlete) -> Track | None:
    """What the summary is read off; None for what was written down by hand."""
    if activity.manual:
        return None
    return of_streams(activity.streams) if activity.streams else knots(activity, athlete.place)


def full_track(activity: Activity, athlete: Athlete) -> Track | None:
    """What the streams are; None for what was written down by hand."""
    coarse = coarse_track(activity, athlete)
    return coarse if coarse is None or activity.streams else samples(coarse)


def of_streams(streams: Streams) -> Track:
    """A track from a file's columns: long gaps and standing do not count as moving."""
    clock = [0]
    for number in range(1, len(streams.time)):
        seconds = streams.time[number] - streams.time[number - 1]
        metres = streams.distance[number] - streams.distance[number - 1]
        moving = seconds <= LONGEST_GAP_S and metres > STANDING * seconds
        clock.append(clock[-1] + (seconds if moving else 0))
    return Track(
        clock=clock,
        time=streams.time,
        distance=streams.distance,
        index=list(range(len(clock))),
        latlng=streams.latlng,
        altitude=streams.altitude,
        heartrate=streams.heartrate,
        cadence=streams.cadence,
        watts=streams.watts,
        temp=streams.temp,
    )


class Tracks:
    """The last few coarse tracks: a client that asks for an activity asks for its laps and streams next."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, Track | None] = OrderedDict()

    def coarse(self, activity: Activity, athlete: Athlete) -> Track | None:
        if activity.id not in self._kept:
            self._kept[activity.id] = coarse_track(activity, athlete)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return self._kept[activity.id]

    def forget(self, activity_id: int) -> None:
        self._kept.pop(activity_id, None)
