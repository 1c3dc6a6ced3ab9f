from typing import Any

import httpx2
import pytest

GOOD = {"email": "bo@example.org", "password": "a long enough password", "display_name": "Bo"}

PICTURE = "https://example.org/me.png"


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def test_a_new_account_is_an_athlete_and_never_an_admin(auth: httpx2.AsyncClient) -> None:
    response = await auth.post("/api/v1/auth/register", json={**GOOD, "roles": ["admin"]})
    assert response.status_code == 201
    body = response.json()
    assert {**body, "id": ""} == {
        "id": "",
        "email": "bo@example.org",
        "display_name": "Bo",
        "roles": ["athlete"],
    }


async def test_an_address_has_one_account_whatever_its_case(auth: httpx2.AsyncClient, ana: dict[str, Any]) -> None:
    response = await auth.post("/api/v1/auth/register", json={**GOOD, "email": ana["email"].lower()})
    assert (response.status_code, response.json()["code"]) == (409, "auth.email_taken")


@pytest.mark.parametrize(
    ("registered", "typed"),
    [
        ("\u00c9mile@example.org", "\u00e9mile@example.org"),
        ("\u00c9mile@example.org", "E\u0301MILE@example.org"),
        ("v\u0130ctim@example.org", "v\u0130ctim@example.org"),
    ],
)
async def test_letters_of_all_scripts_have_no_case(auth: httpx2.AsyncClient, registered: str, typed: str) -> None:
    made = await auth.post("/api/v1/auth/register", json={**GOOD, "email": registered})
    assert made.status_code == 201
    answer = await auth.post("/api/v1/auth/login", json={**GOOD, "email": typed})
    assert answer.status_code == 200
    assert (await auth.post("/api/v1/auth/register", json={**GOOD, "email": typed})).status_code == 409


async def test_no_letter_of_another_script_takes_somebodys_address(auth: httpx2.AsyncClient) -> None:
    """Postgres folds a capital I with a dot to i."""
    look_alike = await auth.post("/api/v1/auth/register", json={**GOOD, "email": "v\u0130ctim@example.org"})
    assert look_alike.status_code == 201
    assert (await auth.post("/api/v1/auth/login", json={**GOOD, "email": "victim@example.org"})).status_code == 401
    assert (await auth.post("/api/v1/auth/register", json={**GOOD, "email": "victim@example.org"})).status_code == 201


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"email": "not an address"}, "/body/email"),
        ({"password": "too short"}, "/body/password"),
        ({"password": "x" * 257}, "/body/password"),
        ({"display_name": ""}, "/body/display_name"),
        ({"display_name": "two\nlines"}, "/body/display_name"),
        ({"email": 5}, "/body/email"),
    ],
)
async def test_bad_registrations_name_the_field(auth: httpx2.AsyncClient, change: dict[str, Any], pointer: str) -> None:
    response = await auth.post("/api/v1/auth/register", json={**GOOD, **change})
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == pointer
    assert "too short" not in response.text.replace("at least", "")


@pytest.mark.parametrize(("length", "limit"), [(11, "at least 12"), (257, "at most 256")])
async def test_the_length_of_a_password_is_told_in_characters(
    auth: httpx2.AsyncClient, length: int, limit: str
) -> None:
    response = await auth.post("/api/v1/auth/register", json={**GOOD, "password": "p" * length})
    (error,) = response.json()["errors"]
    assert f"{limit} characters" in error["message"]
    assert "item" not in error["message"]


async def test_me_has_a_version_and_answers_304(auth: httpx2.AsyncClient, tokens: dict[str, Any]) -> None:
    first = await auth.get("/api/v1/auth/me", headers=bearer(tokens))
    assert first.json()["display_name"] == "Ana"
    etag = first.headers["etag"]
    same = await auth.get("/api/v1/auth/me", headers={**bearer(tokens), "If-None-Match": etag})
    assert (same.status_code, same.content) == (304, b"")
    changed = await auth.patch(
        "/api/v1/auth/me",
        headers={**bearer(tokens), "If-Match": etag},
        json={"weight": 61.5, "timezone": "Europe/Oslo"},
    )
    assert (changed.status_code, changed.json()["weight"], changed.json()["version"]) == (200, 61.5, 2)
    stale = await auth.patch("/api/v1/auth/me", headers={**bearer(tokens), "If-Match": etag}, json={"weight": 60})
    assert (stale.status_code, stale.json()["code"]) == (412, "request.stale")


async def test_a_picture_is_set_and_cleared(auth: httpx2.AsyncClient, tokens: dict[str, Any]) -> None:
    first = await auth.get("/api/v1/auth/me", headers=bearer(tokens))
    assert first.json()["picture"] is None
    tags = {first.headers["etag"]}
    for picture in (PICTURE, "https://" + "a" * 2040, "https://cdn.example.org:8443/a%20b?size=96&of=(me)", None):
        changed = await auth.patch("/api/v1/auth/me", headers=bearer(tokens), json={"picture": picture})
        read = await auth.get("/api/v1/auth/me", headers=bearer(tokens))
        assert (changed.status_code, changed.json()["picture"], read.json()["picture"]) == (200, picture, picture)
        tags |= {read.headers["etag"]}
    assert len(tags) == 5


@pytest.mark.parametrize(
    "picture",
    [
        "http://example.org/me.png",
        "//example.org/me.png",
        "https:///me.png",
        "https://",
        "https://me@example.org/me.png",
        "https://me:secret@example.org/me.png",
        "https://example.org\\@evil.example/me.png",
        "https://example.org/me.png#part",
        "https://example.org/my picture.png",
        "https://example.org/me.png\n",
        " https://example.org/me.png",
        'https://example.org/"onload="alert(1)',
        "https://example.org:port/me.png",
        "javascript:alert(1)//https://example.org/",
        "data:image/png;base64,AA==",
        "https://" + "a" * 2041,
        "",
        7,
    ],
)
async def test_what_is_no_https_address_is_no_picture(
    auth: httpx2.AsyncClient, tokens: dict[str, Any], picture: Any
) -> None:
    answer = await auth.patch("/api/v1/auth/me", headers=bearer(tokens), json={"picture": picture})
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/body/picture"]


@pytest.mark.parametrize(
    "change",
    [{"timezone": "Mars/Base"}, {"weight": -1}, {"units": "stones"}, {"roles": ["admin"]}, {"display_name": None}],
)
async def test_bad_profile_changes_are_refused(
    auth: httpx2.AsyncClient, tokens: dict[str, Any], change: dict[str, Any]
) -> None:
    response = await auth.patch("/api/v1/auth/me", headers=bearer(tokens), json=change)
    assert (response.status_code, response.json()["code"]) == (422, "request.invalid")
