from typing import Any

import pytest

from common.http import UpstreamRejected
from strava.remote import errors


def rejected(status: int, *parts: str, body: dict[str, Any] | None = None) -> UpstreamRejected:
    named = dict(zip(("resource", "field", "code"), parts, strict=False))
    problem = {"message": "m", "errors": [named] if parts else []} if body is None else body
    return UpstreamRejected("strava", status, code="upstream.rejected", problem=problem, retry_after_s=None)


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (rejected(400, "Application", "client_id", "invalid"), errors.ApplicationRefused),
        (rejected(400, "RequestToken", "code", "invalid"), errors.CodeInvalid),
        (rejected(400, "RefreshToken", "refresh_token", "invalid"), errors.TokenInvalid),
        (rejected(401, "Athlete", "access_token", "invalid"), errors.TokenInvalid),
        (rejected(401, "AccessToken", "activity:read_permission", "missing"), errors.ScopeMissing),
        (rejected(401, "AccessToken", "activity:write_permission", "missing"), errors.WriteScopeMissing),
        (rejected(409, "Activity", "start_date_local", "already exists"), errors.Overlaps),
        (rejected(403, "Application", "Status", "Inactive"), errors.ApplicationInactive),
        (rejected(403, "Application", "connected athletes", "exceeded"), errors.AtCapacity),
        (rejected(404), errors.StravaNotFound),
        (rejected(429, "Application", "overall rate limit", "exceeded"), errors.LimitExceeded),
    ],
)
def test_each_refusal_has_its_own_type(refusal: UpstreamRejected, kind: type[Exception]) -> None:
    assert type(errors.typed(refusal)) is kind


@pytest.mark.parametrize("body", [{}, {"errors": None}, {"errors": ["x"]}, {"errors": {}}, {"errors": [{"code": 1}]}])
def test_a_refusal_of_another_form_stays_what_it_is(body: dict[str, Any]) -> None:
    for status in (400, 403, 418):
        refusal = rejected(status, body=body)
        assert errors.typed(refusal) is refusal
