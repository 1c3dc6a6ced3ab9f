"""Errors as Strava words them: ``{"message", "errors": [{"resource", "field", "code"}]}``."""

from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException


class StravaError(Exception):
    """An answer of 400 or more. ``details`` are (resource, field, code)."""

    def __init__(self, status: int, message: str, *details: tuple[str, str, str]) -> None:
        super().__init__(message)
        self.status = status
        self.body = {
            "message": message,
            "errors": [{"resource": resource, "field": field, "code": code} for resource, field, code in details],
        }

    def response(self) -> Response:
        """The answer as it goes out."""
        return as_json(self.body, self.status)


def as_json(content: Any, status: int = 200) -> Response:
    """Render with orjson: what is answered here is plain data already."""
    return Response(orjson.dumps(content), status, media_type="application/json; charset=utf-8")


def bad_request(resource: str, field: str, code: str = "invalid") -> StravaError:
    return StravaError(400, "Bad Request", (resource, field, code))


def bad_client() -> StravaError:
    return bad_request("Application", "client_id")


def bad_token() -> StravaError:
    return StravaError(401, "Authorization Error", ("Athlete", "access_token", "invalid"))


def missing_scope(field: str) -> StravaError:
    """``field`` is the permission as Strava names it, such as ``activity:read_permission``."""
    return StravaError(401, "Authorization Error", ("AccessToken", field, "missing"))


def not_found(resource: str) -> StravaError:
    return StravaError(404, "Record Not Found", (resource, "id", "not found"))


def no_resource() -> StravaError:
    return StravaError(404, "Resource Not Found")


def inactive() -> StravaError:
    """What every call gets since the app's owner stopped paying."""
    return StravaError(403, "Forbidden", ("Application", "Status", "Inactive"))


def at_capacity() -> StravaError:
    """What the athlete gets who is one too many for the app."""
    return StravaError(403, "Forbidden", ("Application", "connected athletes", "exceeded"))


def limit_exceeded(which: str) -> StravaError:
    """``which`` is ``overall`` or ``read``."""
    return StravaError(429, "Rate Limit Exceeded", ("Application", f"{which} rate limit", "exceeded"))


def of_status(status: int) -> StravaError:
    """An answer by its number, for faults on demand."""
    messages = {
        404: "Record Not Found",
        429: "Rate Limit Exceeded",
        500: "Internal Server Error",
        503: "Service Unavailable",
    }
    return limit_exceeded("overall") if status == 429 else StravaError(status, messages.get(status, "Error"))  # noqa: PLR2004 - the status of a limit


def add_handlers(app: FastAPI) -> None:
    """Answer every error of the API in Strava's form; the control API keeps FastAPI's."""

    async def strava_error(_request: Request, error: Exception) -> Response:
        assert isinstance(error, StravaError)
        return error.response()

    async def unreadable(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        if request.url.path.startswith("/emulator"):
            # Without what was sent: that may be just what JSON cannot say.
            kept = ("loc", "msg", "type")
            return as_json({"detail": [{name: each[name] for name in kept} for each in error.errors()]}, 422)
        field = str(error.errors()[0]["loc"][-1])
        return bad_request("Request", field).response()

    async def unknown(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if request.url.path.startswith("/emulator"):
            return as_json({"detail": error.detail}, error.status_code)
        return StravaError(error.status_code, error.detail, ("resource", "path", "invalid")).response()

    app.add_exception_handler(StravaError, strava_error)
    app.add_exception_handler(RequestValidationError, unreadable)
    app.add_exception_handler(HTTPException, unknown)
