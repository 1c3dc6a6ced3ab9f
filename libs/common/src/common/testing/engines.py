"""Engines that share what they compile: each test opens its own, and would compile every statement anew."""

from typing import Any

from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


class Engines:
    """Makes engines as ``create_async_engine`` does, each with a pool of its own.

    Those with the same address and options share a dialect, which asks the server what it can do once, and the
    statements compiled for it.
    """

    def __init__(self) -> None:
        self._first: dict[str, Engine] = {}

    def __call__(self, url: str, **options: Any) -> AsyncEngine:
        key = repr((url, options))
        if key not in self._first:
            self._first[key] = create_async_engine(url, **options).sync_engine
        first = self._first[key]
        engine = Engine(first.pool.recreate(), first.dialect, first.url, hide_parameters=first.hide_parameters)
        engine._compiled_cache = first._compiled_cache  # noqa: SLF001 - engines have no option for it
        return AsyncEngine(engine)
