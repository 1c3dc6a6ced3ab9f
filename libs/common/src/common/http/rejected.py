"""What a caller learns when an upstream understood a request and refused it."""

from collections.abc import Mapping
from typing import Any

import httpx2


class UpstreamRejected(Exception):
    """A 4xx answer of an upstream.

    It is for the caller to handle (a 404 usually has a meaning there). It is no ``ServiceError`` on
    purpose: nobody handled it means that we sent a wrong request, which is our fault (500) and not
    the person's.

    ``status_code`` is the upstream's, ``code`` its stable code or ``upstream.rejected``, ``problem``
    the parsed JSON body (a problem document, when it is one of ours) or an empty dict, ``headers`` those of the
    answer, ``retry_after_s`` what it asks for.
    """

    def __init__(
        self,
        name: str,
        status_code: int,
        *,
        code: str,
        problem: dict[str, Any],
        retry_after_s: float | None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{name} answered {status_code} {code}")
        self.name = name
        self.status_code = status_code
        self.code = code
        self.problem = problem
        self.retry_after_s = retry_after_s
        self.headers: Mapping[str, str] = headers or {}


def read_problem(response: httpx2.Response) -> dict[str, Any]:
    """Return the problem document of an answer, or an empty dict when it is none."""
    if "json" not in response.headers.get("Content-Type", ""):
        return {}
    try:
        document = response.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
