"""Sessions of the web app: the refresh token lives in a cookie that no script can read.

The cookie goes to one path only, never comes along from other sites, and is taken only with a header that a form
or link cannot set (``X-Client: web``) and from a page of our own origin.
"""

from urllib.parse import urlsplit

from fastapi import Request, Response

from auth.sessions.schemas import Tokens
from auth.sessions.service import RefreshRefused
from common.app import API_PREFIX
from common.errors import Forbidden

COOKIE = "rt_refresh"
PATH = f"{API_PREFIX}/auth/refresh"
_SECONDS_PER_DAY = 86_400


class OriginRefused(Forbidden):
    """A page of somebody else's asks for a session, or a caller that names no origin (403)."""

    code = "auth.origin_refused"
    title = "Not from this page"
    next_steps = "Open Running Trainer itself and sign in there."


def is_web_app(request: Request) -> bool:
    """Tell the web app from clients that keep their refresh token themselves."""
    return request.headers.get("x-client") == "web"


def keep(request: Request, response: Response, tokens: Tokens, *, days: int) -> Tokens:
    """Put the refresh token into the cookie; return what the body may say."""
    response.set_cookie(
        COOKIE,
        tokens.refresh_token or "",
        max_age=days * _SECONDS_PER_DAY,
        path=PATH,
        secure=request.headers.get("x-forwarded-proto", request.url.scheme) == "https",
        httponly=True,
        samesite="strict",
    )
    return tokens.model_copy(update={"refresh_token": None})


def kept(request: Request) -> str:
    """Return the refresh token in the cookie. Raises ``OriginRefused``, ``RefreshRefused`` when there is none."""
    origin = request.headers.get("origin")
    if origin is None or _host_of(origin) != request.headers.get("host"):  # browsers name it with every POST
        raise OriginRefused
    token = request.cookies.get(COOKIE)
    if not token:
        raise RefreshRefused
    return token


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # brackets that hold no address
        return ""


def forget(response: Response) -> None:
    """Delete the cookie."""
    response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="strict")
