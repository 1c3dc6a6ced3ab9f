import json
from typing import Any

import pytest
from gateway_doubles import Builder, Echo, Platform, read_body, seen_in, send_json
from starlette.types import Receive, Scope, Send

from gateway.transform.fields import MOST_BYTES, choice_in, picked

ITEMS = [{"id": number, "name": f"run {number}", "distance": 1000.5} for number in range(3)]
DOCUMENTS: dict[str, Any] = {
    "/api/v1/activities": {"items": ITEMS, "next_cursor": "abc"},
    "/api/v1/activities/1": ITEMS[1],
    "/api/v1/activities/1/laps": ITEMS,
    "/api/v1/activities/1/streams": {"time": {"data": list(range(1_000_000)), "unit": "s"}},
    "/api/v1/activities/1/history": 7,
}


class Documents(Echo):
    """Answers with the documents, each at version 4."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen.append(seen_in(scope, await read_body(receive)))
        if self.seen[-1].header("if-none-match") == '"4"':
            await send({"type": "http.response.start", "status": 304, "headers": [(b"etag", b'"4"')]})
            await send({"type": "http.response.body", "body": b""})
        elif scope["path"] in DOCUMENTS:
            await send_json(send, DOCUMENTS[scope["path"]], headers=[(b"etag", b'"4"')])
        else:
            await send_json(send, {"id": 1, "code": "activity.gone", "detail": "x"}, 404)


@pytest.fixture
def documents() -> Documents:
    return Documents()


@pytest.fixture
async def serving(builder: Builder, documents: Documents) -> Platform:
    return await builder.gateway(strava=documents)


async def test_a_list_keeps_its_envelope_and_the_chosen_members_of_its_items(serving: Platform) -> None:
    answer = await serving.get("/api/v1/activities?fields=id,distance")
    assert answer.json() == {
        "items": [{"id": number, "distance": 1000.5} for number in range(3)],
        "next_cursor": "abc",
    }
    assert int(answer.headers["content-length"]) == len(answer.content)


async def test_a_resource_keeps_the_chosen_members_and_what_is_not_there_is_passed_over(serving: Platform) -> None:
    assert (await serving.get("/api/v1/activities/1?fields=name,nothing")).json() == {"name": "run 1"}


async def test_a_bare_list_is_thinned_too(serving: Platform) -> None:
    assert (await serving.get("/api/activities/1/laps?fields=id")).json() == [{"id": number} for number in range(3)]


async def test_the_service_is_asked_as_ever(serving: Platform, documents: Documents) -> None:
    await serving.get("/api/v1/activities?limit=5&fields=id&fields=name%2Cdistance&sport=Run")
    assert documents.seen[0].target == "/api/v1/activities?limit=5&sport=Run"


async def test_each_choice_has_a_tag_of_its_own(serving: Platform) -> None:
    whole, thin, same, other = [
        (await serving.get(f"/api/v1/activities/1{query}")).headers["etag"]
        for query in ("", "?fields=id,name", "?fields=name,id", "?fields=id")
    ]
    assert whole == '"4"'
    assert thin == same
    assert len({whole, thin, other}) == 3
    assert thin.startswith('"4-f')


async def test_a_client_that_has_this_choice_is_told_so_and_one_that_has_another_is_not(
    serving: Platform, documents: Documents
) -> None:
    address = "/api/v1/activities/1?fields=id"
    etag = (await serving.get(address)).headers["etag"]
    again = await serving.get(address, headers={"If-None-Match": etag})
    assert (again.status_code, again.headers["etag"], again.content) == (304, etag, b"")
    other = await serving.get("/api/v1/activities/1?fields=name", headers={"If-None-Match": etag})
    assert other.json() == {"name": "run 1"}
    packed = await serving.get(address, headers={"If-None-Match": etag[:-1] + '-gzip"'})
    assert packed.status_code == 304


@pytest.mark.parametrize("path", ["/api/v1/activities/1/history", "/api/v1/gear/1"])
async def test_what_has_no_members_and_what_is_an_error_passes_whole(serving: Platform, path: str) -> None:
    plain, chosen = await serving.get(path), await serving.get(f"{path}?fields=nothing")
    assert plain.status_code == chosen.status_code
    assert plain.json() == chosen.json() or plain.status_code == 404


async def test_a_very_large_answer_passes_whole(serving: Platform) -> None:
    answer = await serving.get("/api/v1/activities/1/streams?fields=nothing", headers={"Accept-Encoding": "identity"})
    assert len(answer.content) > MOST_BYTES
    assert answer.json() == DOCUMENTS["/api/v1/activities/1/streams"]
    assert answer.headers["etag"] == '"4"'


async def test_an_answer_of_unknown_length_is_thinned_up_to_the_bound(builder: Builder) -> None:
    async def in_pieces(scope: Scope, receive: Receive, send: Send) -> None:
        large = scope["path"].endswith("large")
        body = json.dumps({"id": 1, "rest": "x" * (MOST_BYTES if large else 70_000)}).encode()
        headers = [(b"content-type", b"application/json; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for start in range(0, len(body), 60_000):
            await send({"type": "http.response.body", "body": body[start : start + 60_000], "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    platform = await builder.gateway(strava=in_pieces)
    assert (await platform.get("/api/v1/activities/small?fields=id")).json() == {"id": 1}
    assert (await platform.get("/api/v1/activities/large?fields=id")).json().keys() == {"id", "rest"}


async def test_a_write_has_no_choice(serving: Platform, documents: Documents) -> None:
    await serving.client.post("/api/v1/activities?fields=id", headers=serving.bearer, json={})
    assert documents.seen[0].target == "/api/v1/activities?fields=id"


@pytest.mark.parametrize(
    "fields", ["a.b", "a b", "%00", "caf%C3%A9", "1", "a" * 65, ",".join(f"n{n}" for n in range(101))]
)
async def test_what_is_no_name_is_refused(serving: Platform, fields: str) -> None:
    answer = await serving.get(f"/api/v1/activities?fields={fields}")
    assert (answer.status_code, answer.json()["code"]) == (422, "request.fields_invalid")


@pytest.mark.parametrize("query", [b"fields=", b"fields=,,", b"x=1", b"", b"otherfields=id"])
def test_choosing_nothing_is_no_choice(query: bytes) -> None:
    assert choice_in(query) is None


def test_an_item_that_is_no_object_stays() -> None:
    assert picked({"items": [1, {"a": 1, "b": 2}]}, frozenset({"a"})) == {"items": [1, {"a": 1}]}
