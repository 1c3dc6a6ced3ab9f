import gzip
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree as ET

import made_up
import numpy as np
import pytest

from strava.files.parse import parse
from strava.kernels import clean, derive

Athlete = Any
GPX = "{http://www.topografix.com/GPX/1/1}"
SENSORS = ("heartrate", "cadence", "power", "temperature", "altitude")


def local_name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


async def given(athlete: Athlete, data: bytes) -> str:
    return f"/activities/{(await athlete.give(('a.gpx', data)))['a.gpx']['activity_ids'][0]}"


async def downloaded(athlete: Athlete, path: str, query: str = "") -> bytes:
    response = await athlete.request("GET", f"{path}/gpx{query}")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/gpx+xml"
    return bytes(response.content)


async def test_what_is_given_out_reads_back_the_same(athlete: Athlete) -> None:
    path = await given(athlete, made_up.full_run())
    stored = await athlete.get(path)
    streams = await athlete.get(f"{path}/streams", params={"keys": f"time,distance,latlng,moving,{','.join(SENSORS)}"})
    [recording] = parse(await downloaded(athlete, path, "?heartrate=true")).recordings
    again = derive(clean(recording))
    assert (recording.name, recording.sport) == ("All there is", "TrailRun")
    assert recording.start_time.isoformat().replace("+00:00", "Z") == stored["start_time"]
    for name in ("distance", "moving_time", "elapsed_time", "elevation_gain", "average_cadence"):
        assert getattr(again, name) == pytest.approx(stored[name], abs=0.2), name
    for name in ("time", "latlng", *SENSORS):
        assert np.allclose(again.streams[name], np.array(streams[name]["data"], dtype=float), atol=1e-6), name
    again_there = (await athlete.give(("again.gpx", await downloaded(athlete, path, "?heartrate=true"))))["again.gpx"]
    assert (again_there["state"], f"/activities/{again_there['activity_ids'][0]}") == ("merged", path)


async def test_a_segment_is_what_lies_between_pauses_and_elements_are_in_the_order_of_the_schema(
    athlete: Athlete,
) -> None:
    path = await given(athlete, made_up.full_run())
    root = ET.fromstring(await downloaded(athlete, path, "?heartrate=true"))
    assert root.get("version") == "1.1"
    assert [child.tag for child in root] == [f"{GPX}metadata", f"{GPX}trk"]
    assert [child.tag for child in root[1]] == [f"{GPX}{name}" for name in ("name", "type", "trkseg", "trkseg")]
    assert [len(segment) for segment in root.iter(f"{GPX}trkseg")] == [301, 300]
    point = next(root.iter(f"{GPX}trkpt"))
    assert [local_name(child) for child in point] == ["ele", "time", "extensions"]
    extensions = point[-1]
    assert all(not child.tag.startswith(GPX) for child in extensions.iter() if child is not extensions)
    assert [local_name(each) for each in extensions[0]] == ["atemp", "hr", "cad"]


async def test_heart_rate_is_in_it_only_when_asked_for(athlete: Athlete) -> None:
    path = await given(athlete, made_up.full_run())
    assert b":hr>" not in await downloaded(athlete, path)
    assert b":hr>" in await downloaded(athlete, path, "?heartrate=true")


async def test_it_is_cut_at_privacy_zones_unless_its_owner_asks(athlete: Athlete) -> None:
    path = await given(athlete, made_up.run())
    whole = await downloaded(athlete, path)
    etag = (await athlete.request("GET", f"{path}/gpx")).headers["etag"]
    assert (await athlete.request("GET", f"{path}/gpx", headers={"If-None-Match": etag})).status_code == 304
    zone = {"name": "Home", "lat": 45.0, "lng": 9.0, "radius": 302}
    assert (await athlete.request("POST", "/privacy-zones", json=zone)).status_code == 201
    changed = await athlete.request("GET", f"{path}/gpx", headers={"If-None-Match": etag})
    assert changed.status_code == 200
    first = next(ET.fromstring(changed.content).iter(f"{GPX}trkpt"))
    assert (float(first.get("lat", "")) - 45) * made_up.METRES_PER_DEGREE == pytest.approx(306, abs=0.5)
    assert await downloaded(athlete, path, "?privacy=full") == whole


async def test_names_are_escaped_and_the_file_is_called_by_them(athlete: Athlete) -> None:
    path = await given(athlete, made_up.run())
    words = {"name": 'Ä <b> & "c" /..', "description": "]]> \u0001 & more"}
    assert (await athlete.request("PATCH", path, json=words)).status_code == 200
    response = await athlete.request("GET", f"{path}/gpx")
    track = ET.fromstring(response.content)[1]
    assert (track[0].text, track[1].text) == (words["name"], "]]>  & more")
    disposition = response.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="2026-03-01-_ <b> & _c_ _...gpx"; filename*=UTF-8')
    assert "\n" not in disposition


async def test_the_original_of_each_recording_comes_as_it_was_given(athlete: Athlete) -> None:
    files = {"a.gpx": made_up.full_run(), "b.tcx.gz": gzip.compress(made_up.indoor())}
    path = await given(athlete, files["a.gpx"])
    assert (await athlete.give(("b.tcx.gz", files["b.tcx.gz"])))["b.tcx.gz"]["state"] == "merged"
    expected = {"a.gpx": "application/gpx+xml", "b.tcx.gz": "application/gzip"}
    for recording in (await athlete.get(path))["recordings"]:
        response = await athlete.request("GET", f"{path}/original?recording={recording['id']}")
        name = recording["file_name"]
        assert response.content == files[name]
        assert response.headers["content-type"] == expected[name]
        assert f'filename="{name}"' in response.headers["content-disposition"]
        headers = {"If-None-Match": response.headers["etag"]}
        again = await athlete.request("GET", f"{path}/original?recording={recording['id']}", headers=headers)
        assert again.status_code == 304
    assert (await athlete.request("GET", f"{path}/original")).content == files["a.gpx"]
    missing = await athlete.request("GET", f"{path}/original?recording={uuid4()}")
    assert (missing.status_code, missing.json()["code"]) == (404, "recording.not_found")
