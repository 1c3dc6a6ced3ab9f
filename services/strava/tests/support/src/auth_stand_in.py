"""A stand-in for auth in a process of its own: gives service tokens and knows everybody's time zone."""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

TIMEZONE = "Australia/Sydney"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self._answer({"access_token": "a-service-token", "expires_in": 300})

    def do_GET(self) -> None:
        person = {"sex": None, "birth_year": None, "weight": None, "week_start": "mon", "timezone": TIMEZONE}
        self._answer({"id": self.path.rsplit("/", 1)[1], **person})

    def _answer(self, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        sys.stdout.write(f"{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()
