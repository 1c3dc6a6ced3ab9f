import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from common.sharedport import shared_socket, steer_away, waiting

MANY = 40


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as everything:
        yield everything


def listening(opened: ExitStack, port: int = 0) -> socket.socket:
    listener = opened.enter_context(shared_socket("127.0.0.1", port))
    listener.listen(MANY)
    return listener


def come(opened: ExitStack, port: int) -> None:
    for _ in range(MANY):
        opened.enter_context(socket.create_connection(("127.0.0.1", port)))


def let_in(listener: socket.socket) -> None:
    while waiting(listener):
        listener.accept()[0].close()


def test_connections_that_nobody_accepted_are_counted(opened: ExitStack) -> None:
    listener = listening(opened)
    come(opened, listener.getsockname()[1])
    assert waiting(listener) == MANY
    listener.accept()[0].close()
    assert waiting(listener) == MANY - 1


def test_everybody_who_comes_goes_to_the_one_that_stays_again_and_again(opened: ExitStack) -> None:
    leaving = listening(opened)
    port = leaving.getsockname()[1]
    for _ in range(3):
        staying = listening(opened, port)
        steer_away(leaving)
        let_in(leaving)
        come(opened, port)
        assert (waiting(leaving), waiting(staying)) == (0, MANY)
        let_in(staying)
        leaving.close()
        leaving = staying


def test_one_alone_keeps_its_newcomers(opened: ExitStack) -> None:
    listener = listening(opened)
    steer_away(listener)
    come(opened, listener.getsockname()[1])
    assert waiting(listener) == MANY
