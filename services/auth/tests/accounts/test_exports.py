import io
import json
import time
import zipfile
from typing import Any
from urllib.parse import parse_qs, urlsplit

from leaving import Leaver

from common.testing.atwork import ServiceAtWork
from common.testing.wait import eventually


async def exported(leaver: Leaver) -> dict[str, Any]:
    begun = await leaver.ask("POST", "/auth/export")
    assert begun.status_code == 202, begun.text
    await leaver.auth.settle()
    read = await leaver.ask("GET", f"/auth/export/{begun.json()['id']}")
    assert begun.headers["Location"].endswith(read.json()["id"])
    found: dict[str, Any] = read.json()
    return found


async def opened(leaver: Leaver, export: dict[str, Any]) -> zipfile.ZipFile:
    response = await leaver.auth.client.get(export["download_url"])
    assert (response.status_code, response.headers["content-type"]) == (200, "application/zip")
    assert len(response.content) == export["size"]
    return zipfile.ZipFile(io.BytesIO(response.content))


async def test_an_export_holds_the_data_of_all_services(leaver: Leaver) -> None:
    await leaver.auth.execute("UPDATE users SET picture = 'https://example.org/ana.png'")
    export = await exported(leaver)
    assert (export["state"], export["progress"]) == ("done", 1.0)
    archive = await opened(leaver, export)
    assert archive.testzip() is None
    assert archive.read("strava/originals/1-run.fit") == b"\x0e\x10" * 500_000
    assert json.loads(archive.read("strava/activities.json")) == [{"name": "Morning run"}]
    [account] = json.loads(archive.read("auth/users.json"))
    assert (account["email"], account["picture"]) == ("ana@example.org", "https://example.org/ana.png")
    assert json.loads(archive.read("auth/sessions.json"))
    assert archive.read("auth/users.csv").startswith(b"id,email")
    manifest = json.loads(archive.read("manifest.json"))
    assert manifest["person"] == str(leaver.id)
    assert sorted([*manifest["files"], "manifest.json"]) == sorted(archive.namelist())


async def test_no_secret_leaves_with_it(leaver: Leaver) -> None:
    archive = await opened(leaver, await exported(leaver))
    everything = b"".join(archive.read(name) for name in archive.namelist() if name.startswith("auth/"))
    for secret in (b"argon2", b"password_hash", b"token_hash", b"secret"):
        assert secret not in everything


async def test_one_export_at_a_time(leaver: Leaver) -> None:
    leaver.holders["trainer"].away = True
    first, second = [(await leaver.ask("POST", "/auth/export")).json()["id"] for _ in range(2)]
    assert first == second
    leaver.holders["trainer"].away = False
    await leaver.auth.settle()
    assert (await leaver.ask("POST", "/auth/export")).json()["id"] != first


async def test_a_service_that_is_away_is_waited_for(leaver: Leaver) -> None:
    leaver.holders["pdf"].away = True
    begun = await leaver.ask("POST", "/auth/export")
    await eventually(lambda: leaver.has_asked("pdf", "given"), within=20)
    assert (await leaver.ask("GET", f"/auth/export/{begun.json()['id']}")).json()["download_url"] is None
    leaver.holders["pdf"].away = False
    await leaver.auth.settle()
    assert (await leaver.ask("GET", f"/auth/export/{begun.json()['id']}")).json()["state"] == "done"


async def test_what_was_deleted_meanwhile_is_named(leaver: Leaver) -> None:
    leaver.holders["strava"].gone = {"originals/2-gone.fit"}
    archive = await opened(leaver, await exported(leaver))
    manifest = json.loads(archive.read("manifest.json"))
    assert manifest["deleted_meanwhile"] == ["strava/originals/2-gone.fit"]
    assert "strava/originals/2-gone.fit" not in archive.namelist()


async def test_an_export_is_its_owners_alone(leaver: Leaver, at_auth: ServiceAtWork) -> None:
    export = await exported(leaver)
    body = {"email": "eve@example.org", "password": "another long password", "display_name": "Eve"}
    await at_auth.client.post("/api/v1/auth/register", json=body)
    tokens = (await at_auth.client.post("/api/v1/auth/login", json=body)).json()
    eve = {"Authorization": f"Bearer {tokens['access_token']}"}
    for path in ("", "/download"):
        answer = await leaver.ask("GET", f"/auth/export/{export['id']}{path}", headers=eve)
        assert (answer.status_code, answer.json()["code"]) == (404, "auth.export_not_found")
    assert (await leaver.ask("GET", f"/auth/export/{export['id']}/download")).status_code == 200
    changed = export["download_url"][:-2] + "xx"
    assert (await at_auth.client.get(changed)).status_code == 403
    assert (await at_auth.client.get(f"/api/v1/auth/export/{export['id']}/download")).status_code == 401


async def test_the_address_of_an_archive_is_good_for_an_hour_at_most_and_kept_by_nobody(leaver: Leaver) -> None:
    export = await exported(leaver)
    expires = int(parse_qs(urlsplit(export["download_url"]).query)["expires"][0])
    assert 1700 < expires - time.time() <= 3600
    answer = await leaver.ask("GET", f"/auth/export/{export['id']}")
    assert "no-store" in answer.headers["cache-control"]


async def test_what_is_known_is_not_sent_again(leaver: Leaver) -> None:
    export = await exported(leaver)
    first = await leaver.ask("GET", f"/auth/export/{export['id']}")
    again = await leaver.ask("GET", f"/auth/export/{export['id']}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
