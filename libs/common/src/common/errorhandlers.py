"""One place where exceptions become problem documents."""

import re
import traceback
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from common import errors
from common.context import request_id
from common.db.engine import is_connection_failure
from common.errors import FieldError, ServiceError
from common.logs import get_logger

_BY_STATUS: dict[int, type[ServiceError]] = {
    400: errors.BadRequest,
    401: errors.Unauthorized,
    403: errors.Forbidden,
    404: errors.NotFound,
    405: errors.NotAllowed,
    409: errors.Conflict,
    412: errors.PreconditionFailed,
    413: errors.TooLarge,
    415: errors.UnsupportedMedia,
    422: errors.InvalidInput,
    428: errors.PreconditionRequired,
    429: errors.TooManyRequests,
}
_DATA_EXCEPTION = "22"
_MOST_ERRORS = 50
_TOO_MANY_FILES = "Too many files"  # as Starlette says it, of more than 1,000
_NO_FILE = "Expected UploadFile"  # as FastAPI says it, of a field that holds text, or nothing
_SERVER_ERROR = 500
_ITEMS = re.compile(r"\bitem(s?)\b")


def install(app: FastAPI) -> None:
    """Render typed errors, validation errors and the framework's own errors alike."""
    for kind in (ServiceError, RequestValidationError, HTTPException, DBAPIError):
        app.add_exception_handler(kind, _handle)


async def _handle(request: Request, error: Exception) -> Response:
    return render(request.scope, error)


def render(scope: Scope, error: Exception) -> Response:
    """Make the answer to ``error``; what is not the client's doing is logged with its traceback."""
    typed = to_service_error(error)
    if typed.status_code >= _SERVER_ERROR:
        log = get_logger()
        (log.warning if isinstance(error, ServiceError) else log.error)(
            "request_failed", code=typed.code, exc_info=error
        )
    problem = errors.problem(typed, instance=scope["path"], request_id=request_id.get())
    content = problem.model_dump(mode="json", exclude_none=True)
    if getattr(scope["app"].state, "debug_errors", False) and typed.status_code >= _SERVER_ERROR:
        content["debug"] = {
            "exception": type(error).__name__,
            "traceback": traceback.format_exception(error),
        }
    return ProblemResponse(content, typed.status_code, errors.problem_headers(typed))


class ProblemResponse(Response):
    media_type = "application/problem+json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


def by_status(status: int) -> type[ServiceError]:
    """Return the error for a status below 500; that of a bad request for those that have none."""
    return _BY_STATUS.get(status, errors.BadRequest)


def to_service_error(error: Exception) -> ServiceError:
    """Translate an exception; what is unknown becomes ``Internal``, which says nothing of the inside."""
    if isinstance(error, ServiceError):
        return error
    if isinstance(error, RequestValidationError):
        return _validation(error)
    if isinstance(error, HTTPException):
        return _of_framework(error)
    if is_connection_failure(error):
        return errors.Unavailable(code="database.unavailable")
    if isinstance(error, DBAPIError) and _is_bad_value(error):
        return errors.InvalidInput("A value cannot be stored: it holds a character or size that is not allowed.")
    return errors.Internal()


def _of_framework(error: HTTPException) -> ServiceError:
    if str(error.detail).startswith(_TOO_MANY_FILES):
        return errors.TooManyFiles()
    return by_status(error.status_code)(headers=dict(error.headers or {}))


def _is_bad_value(error: DBAPIError) -> bool:
    state = str(getattr(error.orig, "sqlstate", "") or "")
    return state.startswith(_DATA_EXCEPTION) or isinstance(getattr(error.orig, "__cause__", None), ValueError)


def _validation(error: RequestValidationError) -> ServiceError:
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return errors.BadRequest("The body is not valid JSON.", code="request.json_invalid")
    fields = [FieldError(pointer="/" + "/".join(map(str, each["loc"])), message=_words(each)) for each in found]
    names = ", ".join(sorted({field.pointer for field in fields})[:5])
    detail = f"Not accepted: {names}."
    if len(fields) > _MOST_ERRORS:
        detail += f" The first {_MOST_ERRORS} of {len(fields)} errors are listed."
    return errors.InvalidInput(detail, errors=fields[:_MOST_ERRORS])


def _words(found: dict[str, Any]) -> str:
    """What pydantic says; it counts a secret's characters as items, as those of a list, and names types of files."""
    message = str(found["msg"])
    if _NO_FILE in message:
        return "A file is expected here: choose one."
    of_secret = isinstance(found.get("input"), str) and found["type"] in {"too_short", "too_long"}
    return _ITEMS.sub(r"character\1", message) if of_secret else message
