"""Typed errors and their rendering as RFC 9457 problem documents.

    ServiceError
    ├── BadRequest 400            ├── PreconditionFailed 412
    ├── Unauthorized 401          ├── TooLarge 413
    ├── Forbidden 403             ├── UnsupportedMedia 415
    ├── NotFound 404              ├── InvalidInput 422
    ├── NotAllowed 405            ├── PreconditionRequired 428
    ├── RequestTimeout 408        ├── TooManyRequests 429
    ├── Conflict 409
    └── Internal 500, UpstreamFailed 502, Unavailable 503, UpstreamTimeout 504

Business code raises these; one handler renders them.
"""

import math
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

DOCS_PATH = "/docs/errors"


class FieldError(BaseModel):
    """One invalid input: ``pointer`` is a JSON pointer (``/body/steps/0``)."""

    pointer: str
    message: str


class Problem(BaseModel):
    """The body of every error, ``application/problem+json``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "/errors#request.not_found",
                    "title": "Not found",
                    "status": 404,
                    "detail": "There is no such plan.",
                    "instance": "/api/v1/plans/01a1fc35-2dee-77d9-8a79-6d2c951db989",
                    "code": "request.not_found",
                    "request_id": "h5CyQ7Qchqvf4ja09UKEsw",
                    "next_steps": "Check the id; the list shows what there is.",
                    "retryable": False,
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    next_steps: str
    retryable: bool
    retry_after_s: float | None = None
    errors: list[FieldError] | None = None


class ServiceError(Exception):
    """An error with a stable code and words for the person who meets it.

    ``commits`` keeps what the request wrote before raising (a failed-login counter, an audit row):
    the transaction commits although the answer is an error.
    """

    status_code: ClassVar[int] = 500
    code: str = "internal"
    title: str = "Something went wrong on our side"
    next_steps: str = "Try again in a moment. If it keeps failing, give the request id to the operator."
    retryable: bool = False
    commits: bool = False

    def __init__(
        self,
        detail: str = "",
        *,
        code: str | None = None,
        next_steps: str | None = None,
        retry_after_s: float | None = None,
        errors: list[FieldError] | None = None,
        commits: bool | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.code = code or self.code
        self.next_steps = next_steps or self.next_steps
        self.retry_after_s = retry_after_s
        self.errors = errors
        self.commits = self.commits if commits is None else commits
        self.headers = headers or {}


class BadRequest(ServiceError):
    status_code = 400
    code = "request.bad"
    title = "The request cannot be understood"
    next_steps = "Check the request against the API documentation and send it again."


class TooManyFiles(BadRequest):
    code = "request.too_many_files"
    title = "There are more than 1,000 files in the request"
    next_steps = "Send at most 1,000 files in a request, or all of them in one .zip."


class Unauthorized(ServiceError):
    status_code = 401
    code = "auth.required"
    title = "Sign-in required"
    next_steps = "Sign in and send the access token as a bearer token."

    def __init__(self, detail: str = "", **keywords: Any) -> None:
        super().__init__(detail, **keywords)
        self.headers.setdefault("WWW-Authenticate", "Bearer")


class Forbidden(ServiceError):
    status_code = 403
    code = "auth.forbidden"
    title = "Not allowed"
    next_steps = "Sign in with an account that has the role or scope this needs."


class NotFound(ServiceError):
    status_code = 404
    code = "request.not_found"
    title = "Not found"
    next_steps = "Check the id and the path. It may have been deleted."


class NotAllowed(ServiceError):
    status_code = 405
    code = "request.method_not_allowed"
    title = "Method not allowed here"
    next_steps = "Use one of the methods named in the Allow header."


class RequestTimeout(ServiceError):
    status_code = 408
    code = "request.timeout"
    title = "The request did not arrive in time"
    next_steps = "Check your connection and send the request again."
    retryable = True

    def __init__(self, detail: str = "", **keywords: Any) -> None:
        super().__init__(detail, **keywords)
        self.headers.setdefault("Connection", "close")  # the rest of it is not waited for


class Conflict(ServiceError):
    status_code = 409
    code = "request.conflict"
    title = "In conflict with the current state"
    next_steps = "Read the resource again and repeat what still applies."


class PreconditionFailed(ServiceError):
    status_code = 412
    code = "request.stale"
    title = "Changed in the meantime"
    next_steps = "Read the resource again, apply the change to the new version and send its ETag in If-Match."


class TooLarge(ServiceError):
    status_code = 413
    code = "request.too_large"
    title = "Too large"
    next_steps = "Send less at once: split the request or the archive."


class UnsupportedMedia(ServiceError):
    status_code = 415
    code = "request.unsupported_media"
    title = "Unsupported content type"
    next_steps = "Send the content type that the API documentation names for this address."


class InvalidInput(ServiceError):
    status_code = 422
    code = "request.invalid"
    title = "Invalid input"
    next_steps = "Correct the fields listed in errors and send the request again."


class PreconditionRequired(ServiceError):
    status_code = 428
    code = "request.if_match_required"
    title = "If-Match is required"
    next_steps = "Read the resource and send its ETag in If-Match."


class TooManyRequests(ServiceError):
    status_code = 429
    code = "request.rate_limited"
    title = "Too many requests"
    next_steps = "Wait for the time named in Retry-After, then continue more slowly."
    retryable = True


class Internal(ServiceError):
    """What an unexpected exception turns into: it says nothing of the inside."""


class UpstreamFailed(ServiceError):
    status_code = 502
    code = "upstream.failed"
    title = "A part of the platform failed to answer"
    retryable = True


class Unavailable(ServiceError):
    status_code = 503
    code = "service.unavailable"
    title = "Not available at the moment"
    next_steps = "Try again in a few seconds; nothing was lost."
    retryable = True

    def __init__(self, detail: str = "", **keywords: Any) -> None:
        keywords.setdefault("retry_after_s", 5)
        super().__init__(detail, **keywords)


class UpstreamTimeout(ServiceError):
    status_code = 504
    code = "upstream.timeout"
    title = "A part of the platform took too long"
    retryable = True


def problem(error: ServiceError, *, instance: str, request_id: str) -> Problem:
    """Describe an error for the client; ``instance`` is the path of the request."""
    return Problem(
        type=f"{DOCS_PATH}#{error.code}",
        title=error.title,
        status=error.status_code,
        detail=error.detail,
        instance=instance,
        code=error.code,
        request_id=request_id,
        next_steps=error.next_steps,
        retryable=error.retryable,
        retry_after_s=error.retry_after_s,
        errors=error.errors,
    )


def problem_headers(error: ServiceError) -> dict[str, str]:
    """Headers that go with the problem document."""
    headers = {"Content-Type": "application/problem+json", "Cache-Control": "no-store", **error.headers}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    return headers
