import pytest
from gateway_doubles import Echo, Platform

from gateway.routes import ROUTES
from gateway.routing import BadPath, Router, canonical
from gateway.table import Route


def template(path: str) -> str | None:
    route = Router(ROUTES).match(path)
    return route.template if route else None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/v1/auth/login", "/api/v1/auth/login"),
        ("/api/v1/auth/me", "/api/v1/auth/me"),
        ("/api/v1/auth/sessions", "/api/v1/auth/**"),
        ("/api/v1/auth/options", "/api/v1/auth/options"),
        ("/api/v1/auth/export", "/api/v1/auth/export/**"),
        ("/api/v1/auth/export/1", "/api/v1/auth/export/**"),
        ("/api/v1/auth/export/1/download", "/api/v1/auth/export/{id}/download"),
        ("/api/v1/auth/deletions/1", "/api/v1/auth/deletions/{id}"),
        ("/api/v1/auth/oauth/google/start", "/api/v1/auth/oauth/{provider}/start"),
        ("/api/v1/auth/oauth/google", "/api/v1/auth/**"),
        ("/api/v1/auth/oauth//start", "/api/v1/auth/**"),
        ("/api/v1/activities", "/api/v1/activities/**"),
        ("/api/v1/activities/", "/api/v1/activities/**"),
        ("/api/v1/activities/1/streams", "/api/v1/activities/**"),
        ("/api/v1/activities/1/thumbnail", "/api/v1/activities/{id}/thumbnail"),
        ("/api/v1/activities/1/thumbnail/x", "/api/v1/activities/**"),
        ("/api/v1/strava/status", "/api/v1/strava/**"),
        ("/api/v1/strava/webhook/abc", "/api/v1/strava/webhook/{secret}"),
        ("/api/v1/strava/webhook", "/api/v1/strava/webhook"),
        ("/api/v1/pdf/documents/1/download", "/api/v1/pdf/documents/{id}/download"),
        ("/api/v1/activities/1/analysis", "/api/v1/activities/{id}/analysis"),
        ("/api/v1/feeds/secret.ics", "/api/v1/feeds/{name}"),
        ("/api/v1/admin/dead-letters/1/replay", "/api/v1/admin/dead-letters/**"),
        ("/api/v1/activities.csv", "/api/v1/activities.csv"),
        ("/api/v1/imports", "/api/v1/imports"),
        ("/api/v1/imports/7/commit", "/api/v1/imports/**"),
        ("/api/v1/imports/7/events", "/api/v1/imports/{id}/events"),
        ("/.well-known/jwks.json", "/.well-known/jwks.json"),
        ("/api/v1/activitiesandmore", None),
        ("/api/v1", None),
        ("/api/v1/admin", None),
        ("/internal/token", None),
        ("/api/v1/internal/token", None),
        ("/docs", None),
        ("", None),
    ],
)
def test_the_most_specific_row_answers(path: str, expected: str | None) -> None:
    assert template(path) == expected


def test_precedence_does_not_depend_on_the_order_of_rows() -> None:
    rows = [
        Route("/a/**", "strava"),
        Route("/a/{id}/analysis", "analytics"),
        Route("/a/{id}", "strava"),
        Route("/a/latest/analysis", "pdf"),
    ]
    for table in (rows, rows[::-1]):
        router = Router(table)
        found = [router.match(path) for path in ("/a/7/analysis", "/a/latest/analysis", "/a/latest", "/a/7/laps")]
        assert [route.template for route in found if route] == [
            "/a/{id}/analysis",
            "/a/latest/analysis",
            "/a/{id}",
            "/a/**",
        ]


def test_a_row_cannot_stand_in_the_table_twice() -> None:
    with pytest.raises(ValueError, match="twice"):
        Router([Route("/a/{id}", "strava"), Route("/a/{name}", "auth")])


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"/api/activities", "/api/v1/activities"),
        (b"/api/v1/activities", "/api/v1/activities"),
        (b"/api/v1/%61ctivities/a%7Eb", "/api/v1/activities/a~b"),
        (b"/api/%76%31/auth/%6cogin", "/api/v1/auth/login"),
        (b"/api/v1/gear/caf%c3%a9", "/api/v1/gear/caf%C3%A9"),
        (b"/api/v1/activities/.hidden", "/api/v1/activities/.hidden"),
        (b"/api/v1/activities/", "/api/v1/activities/"),
    ],
)
def test_one_resource_has_one_spelling(raw: bytes, expected: str) -> None:
    assert canonical(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        b"/api/v1/activities/../admin",
        b"/api/v1/activities/%2e%2e/admin",
        b"/api/v1/activities/.%2E/admin",
        b"/api/v1/activities/./1",
        b"/api/v1//activities",
        b"//api/v1/activities",
        b"/api/v1/activities/a%2fb",
        b"/api/v1/activities/a%5Cb",
        b"/api/v1/activities/a\\b",
        b"/api/v1/activities/a%00b",
        b"/api/v1/activities/%252e%252e",
        b"/api/v1/activities/..",
    ],
)
def test_paths_that_can_be_read_in_two_ways_are_refused(raw: bytes) -> None:
    with pytest.raises(BadPath):
        canonical(raw)


async def test_each_path_reaches_its_owner_unchanged(platform: Platform, strava: Echo) -> None:
    answer = await platform.get("/api/v1/activities/7/streams?keys=time,distance&resolution=low")
    expected = "/api/v1/activities/7/streams?keys=time,distance&resolution=low"
    assert answer.json() == {"service": "strava", "target": expected, "length": 0}
    assert (await platform.get("/api/v1/analytics/stats")).json()["service"] == "analytics"
    assert (await platform.get("/api/v1/auth/me")).json()["service"] == "auth"


OF_THE_SPECIFICATION = {
    "auth": "auth/register auth/login auth/me auth/sessions auth/totp auth/tokens auth/oauth/google/start auth/export "
    "auth/export/1 admin/users admin/users/1 admin/audit strava/logout",
    "strava": "activities activities/1 activities/1/map activities/1/original activities/1/merge activities.csv "
    "strava/export imports imports/1/commit imports/1/events gear gear/1 privacy-zones privacy-zones/1 strava/auth "
    "strava/callback strava/status strava/disconnect/undo strava/athlete strava/sync strava/activities strava/uploads "
    "strava/webhook/1 strava/webhook admin/webhooks admin/activity-jobs/1/retry admin/sync-streams admin/resync",
    "thumbnails": "activities/1/thumbnail tiles/1/2/3 admin/thumbnails",
    "trainer": "plans plans/generate plans/1/workouts plans/1/undo plans/1.ics workouts workouts/1.fit "
    "workouts/1/match runs runs/1 calendar feeds/1.ics templates goals coach/invitations coach/athletes/1/activities",
    "pdf": "pdf/plans/1 pdf/documents pdf/documents/1/download pdf/batch pdf/templates pdf/branding",
    "analytics": "analytics/stats analytics/best-efforts/1/explain analytics/thresholds activities/1/analysis "
    "admin/calculate-best-efforts admin/clear-best-efforts",
    "gateway": "admin/overview admin/dead-letters admin/dead-letters/1/replay",
}


@pytest.mark.parametrize("owner", OF_THE_SPECIFICATION)
def test_every_prefix_of_the_api_has_its_owner(owner: str) -> None:
    router = Router(ROUTES)
    rows = {path: router.row_of("GET", f"/api/v1/{path}") for path in OF_THE_SPECIFICATION[owner].split()}
    assert {row.service if row else None for row in rows.values()} == {owner}, rows


def test_an_unversioned_row_is_for_its_own_method_and_spelling_alone() -> None:
    router = Router(ROUTES)
    found = {}
    for method, path in (
        ("GET", b"/api/runs"),
        ("POST", b"/api/runs"),
        ("GET", b"/api/v1/runs"),
        ("GET", b"/api/runs/1"),
    ):
        canonical_path, route = router.find(method, path)
        assert route is not None
        found[method, path] = (canonical_path, route.service)
    assert found == {
        ("GET", b"/api/runs"): ("/api/runs", "gateway"),
        ("POST", b"/api/runs"): ("/api/v1/runs", "trainer"),
        ("GET", b"/api/v1/runs"): ("/api/v1/runs", "trainer"),
        ("GET", b"/api/runs/1"): ("/api/v1/runs/1", "trainer"),
    }


async def test_the_unversioned_alias_reaches_the_same_resource(platform: Platform) -> None:
    answer = await platform.get("/api/activities/7?x=1")
    assert answer.json()["target"] == "/api/v1/activities/7?x=1"


@pytest.mark.parametrize("path", ["/api/v1/unknown", "/internal/token", "/api/internal/token", "/docs", "/api/v2/runs"])
async def test_what_is_nobodys_is_a_404_problem(platform: Platform, path: str) -> None:
    answer = await platform.get(path)
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert (problem["code"], problem["instance"]) == ("request.unknown_path", path)
    assert problem["next_steps"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert not platform.auth.seen


async def test_an_ambiguous_path_is_a_400_problem(platform: Platform, strava: Echo) -> None:
    answer = await platform.get("/api/v1/activities/%2e%2e%2fadmin")
    assert (answer.status_code, answer.json()["code"]) == (400, "request.path_invalid")
    assert not strava.seen
