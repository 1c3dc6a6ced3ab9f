"""A check for Schemathesis: every error is a problem document that says what to do."""

from typing import Any

import schemathesis

_ERROR = 400


@schemathesis.check
def errors_are_problems(_context: Any, response: Any, _case: Any) -> None:
    if response.status_code >= _ERROR:
        kind = response.headers.get("content-type", [""])[0]
        assert kind == "application/problem+json", f"{response.status_code} as {kind or 'nothing'}"
        problem = response.json()
        assert problem["next_steps"], "no next steps"
        assert problem["status"] == response.status_code
        assert problem["request_id"] == response.headers["x-request-id"][0]
