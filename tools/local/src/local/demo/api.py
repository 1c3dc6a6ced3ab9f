"""The public API as the demo uses it: through the gateway, as patient as its rate limits ask."""

import http.client
import json
import secrets
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from local.demo.errors import ApiError

PREFIX = "/api/v1"
TIMEOUT_S = 120.0
LONGEST_WAIT_S = 120.0
TRIES = 8
PAUSE_S = 1.0
JSON = "application/json"
PAGE = 200


class Api:
    """One person's calls. Waits where the gateway says so (429, 503) and signs in again when the token has expired.

    Every method raises `ApiError` when the platform refuses, or stays away for eight tries.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address = parts.hostname or "127.0.0.1", parts.port or 80
        self._connection: http.client.HTTPConnection | None = None
        self._token: str | None = None
        self._sign_in: tuple[str, str] | None = None

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def sign_in(self, email: str, password: str) -> None:
        """Sign in; all later calls are this person's."""
        self._token = None
        answer = self._answer("POST", "/auth/login", *_as_json({"email": email, "password": password}))
        self._token, self._sign_in = answer["access_token"], (email, password)

    def get(self, path: str, **parameters: object) -> dict[str, Any]:
        """Read what is at a path."""
        return self.send("GET", f"{path}?{urlencode(parameters)}" if parameters else path)

    def send(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Send JSON and return the JSON that is answered."""
        return self._answer(method, path, *_as_json(body))

    def upload(self, path: str, name: str, data: bytes) -> dict[str, Any]:
        """Post one file as the multipart field ``files``."""
        boundary = secrets.token_hex(16)
        disposition = f'Content-Disposition: form-data; name="files"; filename="{name}"'
        head = f"--{boundary}\r\n{disposition}\r\nContent-Type: application/zip\r\n\r\n"
        body = head.encode() + data + f"\r\n--{boundary}--\r\n".encode()
        return self._answer("POST", path, body, f"multipart/form-data; boundary={boundary}")

    def items(self, path: str, **parameters: object) -> Iterator[dict[str, Any]]:
        """All items of a list, page after page."""
        cursor: dict[str, object] = {}
        while True:
            page = self.get(path, limit=PAGE, **parameters, **cursor)
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            cursor = {"cursor": page["next_cursor"]}

    def activities(self) -> Iterator[dict[str, Any]]:
        """All of the person's activities, the newest first."""
        return self.items("/activities")

    def _answer(self, method: str, path: str, body: bytes | None, kind: str) -> dict[str, Any]:
        for attempt in range(1, TRIES + 1):
            status, headers, content = self._attempt(method, path, body, kind)
            if status < http.HTTPStatus.BAD_REQUEST and status:
                return json.loads(content) if content else {}
            if status == http.HTTPStatus.UNAUTHORIZED and self._token and self._sign_in and attempt < TRIES:
                self.sign_in(*self._sign_in)
            elif status in {0, http.HTTPStatus.TOO_MANY_REQUESTS, http.HTTPStatus.SERVICE_UNAVAILABLE}:
                time.sleep(_wait(headers) if attempt < TRIES else 0.0)
            else:
                raise ApiError(_reason(method, path, status, content), status)
        raise ApiError(_reason(method, path, status, content), status)

    def _attempt(
        self, method: str, path: str, body: bytes | None, kind: str
    ) -> tuple[int, http.client.HTTPMessage | None, bytes]:
        """(status, headers, body); the status is 0 when no answer came."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection(*self._address, timeout=TIMEOUT_S)
        headers = {"Accept": JSON} | ({"Content-Type": kind} if body is not None else {})
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            self._connection.request(method, PREFIX + path, body, headers)
            response = self._connection.getresponse()
            return response.status, response.headers, response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return 0, None, f"{type(error).__name__}: {error}".encode()


def _as_json(body: object) -> tuple[bytes | None, str]:
    return (None if body is None else json.dumps(body).encode()), JSON


def _wait(headers: http.client.HTTPMessage | None) -> float:
    """Seconds that the gateway asks to wait; a second where it does not say."""
    asked = headers.get("Retry-After") if headers is not None else None
    return min(float(asked), LONGEST_WAIT_S) if asked and asked.isdecimal() else PAUSE_S


def _reason(method: str, path: str, status: int, content: bytes) -> str:
    """The platform's own words where it has some."""
    where = f"{method} {PREFIX}{path}"
    try:
        problem = json.loads(content)
        words = " ".join(str(problem[name]) for name in ("title", "detail", "next_steps") if problem.get(name))
    except (ValueError, AttributeError, TypeError):
        words = content.decode(errors="replace")[:200]
    return f"{where}: {f'answered {status}' if status else 'no answer'}: {words}"
