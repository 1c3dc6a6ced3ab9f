"""Password hashing: argon2id, off the event loop, a bounded number at once.

passlib's interface through its maintained fork; the parameters are settings and a hash made with older ones is
renewed at the next sign-in.
"""

import asyncio
from functools import cached_property

from passlib.hash import argon2

from auth.settings import AuthSettings

_BURN = "a password that nobody has"


class Passwords:
    """Hashes and checks passwords. One hash takes ``argon2_memory_kib`` of memory and one thread."""

    def __init__(self, settings: AuthSettings) -> None:
        self._scheme = argon2.using(
            type="ID",
            memory_cost=settings.argon2_memory_kib,
            time_cost=settings.argon2_time_cost,
            parallelism=settings.argon2_parallelism,
        )
        self._slots = asyncio.Semaphore(settings.password_hashing_at_once)

    @cached_property
    def _unknown(self) -> str:
        return str(self._scheme.hash(_BURN))

    def hash_now(self, password: str) -> str:
        """Hash in the calling thread."""
        return str(self._scheme.hash(password))

    async def hash(self, password: str) -> str:
        async with self._slots:
            return await asyncio.to_thread(self.hash_now, password)

    async def verify(self, password: str, known_hash: str | None) -> bool:
        """Check a password; without a hash (unknown account) the same work is done and the answer is False."""
        async with self._slots:
            return await asyncio.to_thread(self._verify_now, password, known_hash)

    def _verify_now(self, password: str, known_hash: str | None) -> bool:
        # Looked up first: the first use loads passlib's backend, which replaces the method we would call.
        compared = known_hash or self._unknown
        matches = bool(self._scheme.verify(password, compared))
        return matches and known_hash is not None

    def needs_renewal(self, known_hash: str) -> bool:
        """Tell whether the hash was made with other parameters than today's."""
        return bool(self._scheme.needs_update(known_hash))
