"""Athletes and activities as Strava's API gives them."""

from strava_emulator.models import Activity, Athlete, Json, Shoe
from strava_emulator.pieces import KILOMETRE, MILE, best_efforts, laps, splits
from strava_emulator.sports import RUNS, activity_type
from strava_emulator.times import local_text, offset, utc_text, zone_text
from strava_emulator.tracks import polyline
from strava_emulator.tracks.track import Track, climbed, speeds

VISIBILITIES = {True: "only_me", False: "everyone"}


def athlete_summary(athlete: Athlete) -> Json:
    """What comes with a token, and for those who may not read the profile."""
    return {
        "id": athlete.id,
        "username": f"{athlete.firstname}_{athlete.lastname}".lower(),
        "resource_state": 2,
        "firstname": athlete.firstname,
        "lastname": athlete.lastname,
        "bio": "",
        "city": athlete.place.city,
        "state": "",
        "country": athlete.place.country,
        "sex": athlete.sex,
        "premium": True,
        "summit": True,
        "created_at": utc_text(athlete.created_at),
        "updated_at": utc_text(athlete.created_at),
        "badge_type_id": 1,
        "weight": athlete.weight,
        "profile_medium": "avatar/athlete/medium.png",
        "profile": "avatar/athlete/large.png",
        "friend": None,
        "follower": None,
    }


def athlete_detail(athlete: Athlete, metres: dict[str, float]) -> Json:
    """The profile; ``metres`` by shoe."""
    return athlete_summary(athlete) | {
        "resource_state": 3,
        "blocked": False,
        "can_follow": True,
        "follower_count": 0,
        "friend_count": 0,
        "mutual_friend_count": 0,
        "athlete_type": 1,
        "date_preference": "%m/%d/%Y",
        "measurement_preference": "meters",
        "clubs": [],
        "ftp": None,
        "bikes": [],
        "shoes": [gear_summary(shoe, metres.get(shoe.id, 0.0)) for shoe in athlete.shoes],
    }


def gear_summary(shoe: Shoe, metres: float) -> Json:
    return {
        "id": shoe.id,
        "primary": shoe.primary,
        "name": shoe.name,
        "nickname": "",
        "resource_state": 2,
        "retired": shoe.retired,
        "distance": round(metres),
        "converted_distance": round(metres / 1000, 1),
    }


def gear_detail(shoe: Shoe, metres: float) -> Json:
    own = {"resource_state": 3, "brand_name": shoe.brand, "model_name": shoe.model, "description": ""}
    return gear_summary(shoe, metres) | own


def summary(activity: Activity, track: Track | None) -> Json:
    """An activity as it stands in a list: exactly these keys, those of a sensor only with the sensor."""
    manual = activity.manual
    return {
        "resource_state": 2,
        "athlete": {"id": activity.athlete_id, "resource_state": 1},
        "name": activity.name,
        "distance": round(activity.distance, 1),
        "moving_time": activity.moving_time,
        "elapsed_time": activity.elapsed_time,
        "total_elevation_gain": round(climbed(track.altitude), 1) if track else 0.0,
        "type": activity_type(activity.sport_type),
        "sport_type": activity.sport_type,
        "workout_type": activity.workout_type,
        "id": activity.id,
        **_when(activity),
        "achievement_count": 0,
        "kudos_count": 0,
        "comment_count": 0,
        "athlete_count": 1,
        "photo_count": 0,
        "map": {
            "id": f"a{activity.id}",
            "summary_polyline": polyline.summary(track.latlng) if track and track.latlng else "",
            "resource_state": 2,
        },
        "trainer": activity.trainer,
        "commute": activity.commute,
        "manual": manual,
        "private": activity.private,
        "visibility": VISIBILITIES[activity.private],
        "flagged": False,
        "gear_id": activity.gear_id,
        "start_latlng": list(track.latlng[0]) if track and track.latlng else [],
        "end_latlng": list(track.latlng[-1]) if track and track.latlng else [],
        "average_speed": round(activity.distance / activity.moving_time, 3) if activity.moving_time else 0.0,
        "max_speed": round(max(speeds(track)), 3) if track else 0.0,
        "has_heartrate": bool(track and track.heartrate),
        "upload_id": None if manual else activity.upload_id or activity.id + 1,
        "upload_id_str": None if manual else str(activity.upload_id or activity.id + 1),
        "external_id": None if manual else activity.external_id or f"{activity.id}.fit",
        "device_name": None if manual else "Emulated Watch",
        "pr_count": 0,
        "total_photo_count": 0,
        "has_kudoed": False,
        **_sensors(activity, track),
    }


def _when(activity: Activity) -> Json:
    """Start in its three forms; a hidden one is one second past midnight."""
    zone = activity.timezone
    start = activity.start
    written = local_text(start, zone)
    if activity.hidden_start:
        written = f"{written[:10]}T00:00:01Z"
        start -= _seconds_into_day(local_text(start, zone)) - 1
    return {
        "start_date": utc_text(start),
        "start_date_local": written,
        "timezone": zone_text(activity.start, zone),
        "utc_offset": offset(activity.start, zone),
    }


def _seconds_into_day(text: str) -> int:
    hours, minutes, seconds = (int(part) for part in text[11:19].split(":"))
    return hours * 3600 + minutes * 60 + seconds


def _sensors(activity: Activity, track: Track | None) -> Json:
    found: Json = {}
    if track and track.altitude:
        found |= {"elev_high": max(track.altitude), "elev_low": min(track.altitude)}
    if track and track.cadence:
        found["average_cadence"] = round(sum(track.cadence) / len(track), 1)
    if track and track.heartrate:
        average = sum(track.heartrate) / len(track)
        effort = round(activity.moving_time / 60 * (average / 190) ** 3 * 1.6)
        found |= {
            "average_heartrate": round(average, 1),
            "max_heartrate": float(max(track.heartrate)),
            "suffer_score": float(effort),
        }
    return found


def detail(activity: Activity, track: Track | None, athlete: Athlete, metres: dict[str, float]) -> Json:
    """An activity by itself."""
    shoe = next((each for each in athlete.shoes if each.id == activity.gear_id), None)
    found = summary(activity, track)
    found |= {
        "resource_state": 3,
        "description": activity.description,
        "calories": round(athlete.weight * activity.distance / 1000, 1),
        "perceived_exertion": None,
        "segment_efforts": [],
        "splits_metric": splits(track, KILOMETRE) if track else [],
        "splits_standard": splits(track, MILE) if track else [],
        "laps": laps(activity, track) if track else [],
        "best_efforts": best_efforts(activity, track) if track and activity.sport_type in RUNS else [],
        "gear": gear_summary(shoe, metres.get(shoe.id, 0.0)) if shoe else None,
        "photos": {"primary": None, "count": 0},
        "hide_from_home": activity.hide_from_home,
        "embed_token": f"{activity.id * 2_654_435_761 % 2**64:016x}",
        "available_zones": ["heartrate", "pace"] if found["has_heartrate"] else ["pace"] if track else [],
    }
    found["map"]["polyline"] = polyline.encode(track.latlng) if track and track.latlng else ""
    found["map"]["resource_state"] = 3
    return found
