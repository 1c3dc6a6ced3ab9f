"""Who answers what: the whole public face of the platform on one page.

A template's segments are literal, ``{name}`` for any one segment, or at the end ``**`` for any number of them.
A literal segment goes before a parameter and a parameter before ``**``, wherever the row stands. Paths below a
prefix that are nobody's are answered by its owner; all others are a 404 here. ``/internal`` is never routed.
``/api`` stands for ``/api/v1``, except for rows that name an unversioned path themselves.
"""

from datetime import date

from gateway.table import GIB, HERE, KIB, MIB, NEVER, Deprecated, Headers, Route

SMALL = 64 * KIB
# What comes from elsewhere has no business with our cookies and tokens.
ANONYMOUS = Headers(strip=("authorization", "cookie"))
# A document may be shown in a frame of the web app itself.
IN_OUR_FRAMES = Headers(add=(("content-security-policy", "frame-ancestors 'self'"),))
RUNS_OF_OLD = Deprecated(since=date(2026, 11, 1), link="/api/docs")

ROUTES = (
    Route("/.well-known/jwks.json", "auth", auth="public", fields=False),
    # auth
    Route("/api/v1/auth/register", "auth", auth="public", body_limit=SMALL, cache=NEVER),
    Route("/api/v1/auth/verify-email", "auth", auth="public", body_limit=SMALL, cache=NEVER),
    Route("/api/v1/auth/login", "auth", auth="public", limit="login", body_limit=SMALL, cache=NEVER),
    Route("/api/v1/auth/token", "auth", auth="public", limit="login", body_limit=SMALL, cache=NEVER),
    Route("/api/v1/auth/refresh", "auth", auth="public", body_limit=SMALL, cache=NEVER),
    Route("/api/v1/auth/password/forgot", "auth", auth="public", limit="login", body_limit=SMALL, cache=NEVER),
    Route("/api/v1/auth/password/reset", "auth", auth="public", body_limit=SMALL, cache=NEVER),
    Route("/api/v1/auth/oauth/{provider}/start", "auth", auth="public", cache=NEVER),
    Route("/api/v1/auth/oauth/{provider}/callback", "auth", auth="public", body_limit=SMALL, retry=False, cache=NEVER),
    Route("/api/v1/auth/options", "auth", auth="public"),
    Route("/api/v1/auth/deletions/{id}", "auth", auth="public", cache=NEVER),
    Route("/api/v1/auth/me", "auth"),
    Route("/api/v1/auth/export/**", "auth"),
    Route("/api/v1/auth/export/{id}/download", "auth", auth="signed", total=3600, cache=NEVER),
    Route("/api/v1/auth/**", "auth", body_limit=SMALL, cache=NEVER),
    Route("/api/v1/strava/logout", "auth", body_limit=SMALL, cache=NEVER),
    Route("/api/v1/admin/users/**", "auth", auth="admin"),
    Route("/api/v1/admin/audit/**", "auth", auth="admin"),
    # strava
    Route("/api/v1/activities/**", "strava"),
    Route("/api/v1/activities.csv", "strava", total=3600),
    Route("/api/v1/strava/**", "strava", timeout=30),
    Route("/api/v1/strava/export", "strava", total=3600),
    Route("/api/v1/strava/uploads", "strava", body_limit=64 * MIB + SMALL, timeout=60),
    Route("/api/v1/strava/callback", "strava", auth="public", body_limit=SMALL, timeout=30, cache=NEVER),
    *(
        Route(
            path,
            "strava",
            auth="public",
            limit="webhook",
            body_limit=SMALL,
            retry=False,
            cache=NEVER,
            request=ANONYMOUS,
        )
        for path in ("/api/v1/strava/webhook/{secret}", "/api/v1/strava/webhook")
    ),
    Route("/api/v1/imports/**", "strava"),
    Route("/api/v1/imports", "strava", body_limit=2 * GIB + 16 * MIB, timeout=60, total=3600),
    Route("/api/v1/imports/{id}/events", "strava", silence=90, total=3600, cache=NEVER),
    Route("/api/v1/gear/**", "strava"),
    Route("/api/v1/privacy-zones/**", "strava"),
    Route("/api/v1/admin/activity-jobs/**", "strava", auth="admin"),
    Route("/api/v1/admin/webhooks/**", "strava", auth="admin", timeout=30),
    Route("/api/v1/admin/sync-streams/**", "strava", auth="admin"),
    Route("/api/v1/admin/resync", "strava", auth="admin"),
    # thumbnails
    Route("/api/v1/activities/{id}/thumbnail", "thumbnails", auth="signed", cache=3600),
    Route("/api/v1/tiles/**", "thumbnails", cache=86_400),
    Route("/api/v1/admin/thumbnails/**", "thumbnails", auth="admin"),
    # trainer
    Route("/api/v1/plans/**", "trainer", body_limit=8 * MIB),
    Route("/api/v1/workouts/**", "trainer"),
    Route("/api/v1/runs/**", "trainer"),
    Route("/api/v1/calendar", "trainer"),
    Route("/api/v1/feeds/{name}", "trainer", auth="public", request=ANONYMOUS, cache=300),
    Route("/api/v1/templates/**", "trainer"),
    Route("/api/v1/goals/**", "trainer"),
    Route("/api/v1/coach/**", "trainer"),
    # pdf
    Route("/api/v1/pdf/**", "pdf", timeout=60),
    Route("/api/v1/pdf/documents/{id}/download", "pdf", auth="signed", answer=IN_OUR_FRAMES),
    # analytics
    Route("/api/v1/analytics/**", "analytics"),
    Route("/api/v1/activities/{id}/analysis", "analytics"),
    Route("/api/v1/admin/calculate-best-efforts", "analytics", auth="admin"),
    Route("/api/v1/admin/clear-best-efforts", "analytics", auth="admin"),
    # the gateway itself, out of what the services say
    Route("/api/v1/admin/overview", HERE, auth="admin", share=1.0),
    Route("/api/v1/admin/dead-letters/**", HERE, auth="admin", body_limit=SMALL, share=1.0),
    Route("/api/runs", HERE, method="GET", timeout=30, deprecated=RUNS_OF_OLD),
)
