import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from common import probe


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health/live" else 503)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Be silent."""


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture
def ask() -> Callable[..., int]:
    def run(*arguments: object) -> int:
        command = [sys.executable, "-IS", str(Path(probe.__file__)), *map(str, arguments)]
        return subprocess.run(command, check=False).returncode

    return run


def test_a_process_that_answers_lives_and_another_answer_is_none(port: int, ask: Callable[..., int]) -> None:
    assert ask(port) == 0
    assert ask(port, "/health") == 1


def test_nobody_at_the_port_is_not_alive(ask: Callable[..., int]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert ask(taken.getsockname()[1]) == 1
