"""Our own answers to what went wrong, and the headers of one request."""

import traceback

import orjson
from starlette.types import Send

from common import errors
from common.errors import ServiceError
from gateway.limits import Verdict
from gateway.table import Header

PROBLEM_TYPE = b"application/problem+json"

_SERVER_ERROR = 500
_BY_STATUS: dict[int, type[ServiceError]] = {
    401: errors.Unauthorized,
    403: errors.Forbidden,
    404: errors.NotFound,
    405: errors.NotAllowed,
    409: errors.Conflict,
    412: errors.PreconditionFailed,
    413: errors.TooLarge,
    415: errors.UnsupportedMedia,
    422: errors.InvalidInput,
    429: errors.TooManyRequests,
    503: errors.Unavailable,
    504: errors.UpstreamTimeout,
}


def headers_of(request_id: str, verdict: Verdict | None) -> list[Header]:
    """Return the headers that belong to one request: its id, and what is left of its limit."""
    headers = [(b"x-request-id", request_id.encode("ascii"))]
    if verdict is not None:
        limit = verdict.limit
        headers.append((b"ratelimit-policy", limit.policy))
        headers.append((b"ratelimit", b"%b;r=%d;t=%d" % (limit.label, verdict.remaining, round(verdict.reset_s))))
    return headers


def lines_of(request_id: str, verdict: Verdict) -> bytes:
    """Return the same as the lines of a head."""
    left = f"{verdict.limit.head}{verdict.remaining};t={round(verdict.reset_s)}"
    return f"x-request-id: {request_id}\r\n{left}\r\n".encode("latin-1")


def replacement(status: int, headers: list[Header]) -> ServiceError | None:
    """Return the error to answer with, when the service's own (400 and above) is no problem document.

    Pages and plain texts of errors come from a library or a machine in between and speak of the inside.
    """
    content_type = next((value for name, value in headers if name == b"content-type"), b"")
    if content_type.startswith(PROBLEM_TYPE):
        return None
    if kind := _BY_STATUS.get(status):
        allow = next((value for name, value in headers if name == b"allow"), None)
        return kind(headers={"Allow": allow.decode("latin-1")} if allow else None)
    return errors.UpstreamFailed() if status >= _SERVER_ERROR else errors.BadRequest()


async def send_problem(
    send: Send,
    error: ServiceError,
    *,
    path: str,
    request_id: str,
    headers: list[Header],
    cause: Exception | None = None,
) -> None:
    """Answer with the problem document of ``error``; ``cause`` is shown too, which only development may ask for."""
    problem = errors.problem(error, instance=path, request_id=request_id)
    content = problem.model_dump(mode="json", exclude_none=True)
    if cause is not None:
        content["debug"] = {"exception": type(cause).__name__, "traceback": traceback.format_exception(cause)}
    body = orjson.dumps(content)
    own = [
        (name.lower().encode("ascii"), value.encode("latin-1")) for name, value in errors.problem_headers(error).items()
    ]
    length = (b"content-length", str(len(body)).encode("ascii"))
    start = {"type": "http.response.start", "status": error.status_code, "headers": [*own, length, *headers]}
    await send(start)
    await send({"type": "http.response.body", "body": body})
