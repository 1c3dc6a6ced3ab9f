"""Who answers what: the whole public face of the platform on one page.

A template's segments are literal, ``{name}`` for any one segment, or at the end ``**`` for any number of them.
A literal segment goes before a parameter and a parameter before ``**``, wherever the row stands. Paths below a
prefix that are nobody's are answered by its owner; all others are a 404 here. ``/internal`` is never routed.
"""

from dataclasses import dataclass
from typing import Literal

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

PREFIX = "/api/v1"

LimitClass = Literal["standard", "login", "signed", "webhook"]


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table; times in seconds, ``body_limit`` in bytes.

    ``timeout`` bounds the wait for the answer to begin once the request is sent, ``silence`` the gaps inside
    either body, ``total`` the whole answer. ``retry`` lets an idempotent request be sent again. A
    ``signed`` route also takes an address with a signature in place of a token; the service verifies it.
    """

    template: str
    service: str
    public: bool = False
    limit: LimitClass = "standard"
    body_limit: int = MIB
    timeout: float = 10.0
    silence: float = 30.0
    total: float = 600.0
    retry: bool = True
    signed: bool = False


ROUTES = (
    Route("/.well-known/jwks.json", "auth", public=True),
    # auth
    Route("/api/v1/auth/register", "auth", public=True, body_limit=64 * KIB),
    Route("/api/v1/auth/verify-email", "auth", public=True, body_limit=64 * KIB),
    Route("/api/v1/auth/login", "auth", public=True, limit="login", body_limit=64 * KIB),
    Route("/api/v1/auth/token", "auth", public=True, limit="login", body_limit=64 * KIB),
    Route("/api/v1/auth/refresh", "auth", public=True, body_limit=64 * KIB),
    Route("/api/v1/auth/password/forgot", "auth", public=True, limit="login", body_limit=64 * KIB),
    Route("/api/v1/auth/password/reset", "auth", public=True, body_limit=64 * KIB),
    Route("/api/v1/auth/oauth/{provider}/start", "auth", public=True),
    Route("/api/v1/auth/oauth/{provider}/callback", "auth", public=True),
    Route("/api/v1/auth/**", "auth"),
    Route("/api/v1/admin/users/**", "auth"),
    Route("/api/v1/admin/audit/**", "auth"),
    # strava
    Route("/api/v1/activities/**", "strava"),
    Route("/api/v1/activities.csv", "strava", total=3600),
    Route("/api/v1/strava/**", "strava"),
    Route("/api/v1/strava/callback", "strava", public=True, body_limit=64 * KIB),
    Route("/api/v1/strava/webhook/{secret}", "strava", public=True, limit="webhook", body_limit=64 * KIB, retry=False),
    Route("/api/v1/imports/**", "strava"),
    Route("/api/v1/imports", "strava", body_limit=2 * GIB + 16 * MIB, timeout=60, total=3600),
    Route("/api/v1/imports/{id}/events", "strava", silence=90, total=3600),
    Route("/api/v1/gear/**", "strava"),
    Route("/api/v1/admin/activity-jobs/**", "strava"),
    Route("/api/v1/admin/resync", "strava"),
    # thumbnails
    Route("/api/v1/activities/{id}/thumbnail", "thumbnails", signed=True),
    # trainer
    Route("/api/v1/plans/**", "trainer", body_limit=8 * MIB),
    Route("/api/v1/workouts/**", "trainer"),
    Route("/api/v1/runs/**", "trainer"),
    Route("/api/v1/calendar", "trainer"),
    # pdf
    Route("/api/v1/pdf/**", "pdf", timeout=60),
    Route("/api/v1/pdf/documents/{id}/download", "pdf", signed=True),
    # analytics
    Route("/api/v1/analytics/**", "analytics"),
    Route("/api/v1/admin/calculate-best-efforts", "analytics"),
    Route("/api/v1/admin/clear-best-efforts", "analytics"),
)
