"""Doing something again and again, from a thread of its own, while something else is measured."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def repeating(act: Callable[[], object], every: float) -> Iterator[None]:
    """Do ``act`` with so many seconds between; what goes wrong with it is raised in the end."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(every):
            act()

    with ThreadPoolExecutor(1) as thread:
        done = thread.submit(run)
        try:
            yield
        finally:
            over.set()
        done.result()
