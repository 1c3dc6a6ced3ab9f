"""What calls to Strava come to when they do not succeed.

ServiceError
├── NotConfigured 409           the operator has registered no application
├── NotConnected 409            this athlete has no connection
├── ConnectionDegraded 409      Strava refuses the athlete's tokens: connect again
├── ApplicationInactive 503     the application's owner has no subscription at Strava
├── ApplicationRefused 503      client id or secret are wrong
├── AtCapacity 409              the application may have no more athletes
├── ScopeMissing 403            the athlete has not granted reading
├── WriteScopeMissing 403       the athlete has not granted writing
├── CodeInvalid 400             the authorization code is used or made up
└── RateLimited 503             until ``until``

StravaNotFound, TokenInvalid, Overlaps    for the callers in here, which know what they mean
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from common.errors import BadRequest, Conflict, Forbidden, ServiceError, Unavailable
from common.http import UpstreamRejected

_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _CONFLICT, _TOO_MANY = 400, 401, 403, 404, 409, 429
_READING, _WRITING = ":read_permission", ":write_permission"


class NotConfigured(Conflict):
    code = "strava.not_configured"
    title = "Strava is not set up on this platform"
    next_steps = "Ask the operator to set STRAVA_CLIENT_ID and its secret. Files can be imported without Strava."


class NotConnected(Conflict):
    code = "strava.not_connected"
    title = "Strava is not connected"
    next_steps = "Connect Strava first: GET /api/v1/strava/auth."


class ConnectionDegraded(Conflict):
    code = "strava.degraded"
    title = "Strava no longer accepts this connection"
    next_steps = "Connect Strava again; what was stored before stays."


class ApplicationInactive(Unavailable):
    code = "strava.application_inactive"
    title = "The Strava application is inactive"
    next_steps = "The owner of the Strava application needs a paid Strava subscription; the operator can renew it."


class ApplicationRefused(Unavailable):
    code = "strava.application_refused"
    title = "Strava refuses the application's credentials"
    next_steps = "The operator has to check STRAVA_CLIENT_ID and STRAVA_CLIENT_SECRET."


class AtCapacity(Conflict):
    code = "strava.at_capacity"
    title = "The Strava application is full"
    next_steps = "Ask the operator: Strava limits how many athletes an application may have. Files can be imported."


class ScopeMissing(Forbidden):
    code = "strava.scope_missing"
    title = "Strava was not allowed to show activities"
    next_steps = (
        "Connect again and leave 'View data about your activities' ticked: without it there is nothing to fetch."
    )


class WriteScopeMissing(Forbidden):
    code = "strava.write_scope_missing"
    title = "Strava was not allowed to take anything from here"
    next_steps = (
        "Connect again at GET /api/v1/strava/auth?write=true and leave 'Upload and change your activities' ticked."
    )


class CodeInvalid(BadRequest):
    code = "strava.code_invalid"
    title = "Strava does not accept this authorization code"
    next_steps = "Start again at GET /api/v1/strava/auth: a code works once and only for a short time."


class RateLimited(Unavailable):
    """No calls until ``until`` (aware)."""

    code = "strava.rate_limited"
    title = "Strava's rate limit is used up"
    next_steps = "Try again after the time named in Retry-After; what is waiting goes on by itself."

    def __init__(self, until: datetime) -> None:
        seconds = max(1.0, (until - datetime.now(UTC)).total_seconds())
        super().__init__(f"Strava's rate limit is used up until {until:%H:%M} UTC.", retry_after_s=seconds)
        self.until = until


class StravaNotFound(Exception):
    """Strava has nothing under this id, or does not show it."""


class TokenInvalid(Exception):
    """Strava refuses the access or the refresh token."""


class Overlaps(Exception):
    """Strava has an activity at that time."""


class LimitExceeded(Exception):
    """A 429; when it ends is known from the limits."""


def typed(rejected: UpstreamRejected) -> Exception:
    """Say what a 4xx of Strava means; one without a known meaning is returned as it is."""
    resource, field, code = _first_error(rejected.problem)
    status = rejected.status_code
    known: dict[int, Exception | None] = {
        _BAD_REQUEST: _bad_request(resource),
        _UNAUTHORIZED: _unauthorized(field),
        _FORBIDDEN: _forbidden(resource, field, code),
        _NOT_FOUND: StravaNotFound(),
        _CONFLICT: Overlaps(),
        _TOO_MANY: LimitExceeded(),
    }
    return known.get(status) or rejected


def _unauthorized(field: str) -> Exception:
    if _WRITING in field:
        return WriteScopeMissing()
    return ScopeMissing() if _READING in field else TokenInvalid()


def _bad_request(resource: str) -> Exception | None:
    meanings: dict[str, type[ServiceError | TokenInvalid]] = {
        "Application": ApplicationRefused,
        "RequestToken": CodeInvalid,
        "AuthorizationCode": CodeInvalid,
        "RefreshToken": TokenInvalid,
    }
    return meanings[resource]() if resource in meanings else None


def _forbidden(resource: str, field: str, code: str) -> Exception | None:
    if (field, code) == ("Status", "Inactive"):
        return ApplicationInactive()
    if resource == "Application" and "athletes" in f"{field} {code}".lower():
        return AtCapacity()
    return None


def _first_error(body: Mapping[str, Any]) -> tuple[str, str, str]:
    """(resource, field, code) of ``{"message", "errors": [{"resource", "field", "code"}]}``, empty where absent."""
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return str(first.get("resource", "")), str(first.get("field", "")), str(first.get("code", ""))


def is_error(rejected: UpstreamRejected, code: str) -> bool:
    """Whether the refusal's first error has this code, such as ``already exists``."""
    return _first_error(rejected.problem)[2] == code
