"""Faults on demand: which calls they hit, and with what."""

from random import Random

from strava_emulator.errors import StravaError, inactive, of_status
from strava_emulator.models import Faults


class FaultPlan:
    """The faults that stand, and how far a share or a number of calls has come."""

    def __init__(self) -> None:
        self.faults = Faults()
        self._left: int | None = None
        self._to_lose = 0
        self._share = 0.0
        self._disorder = Random(0)  # noqa: S311 - the same disorder each time

    def put(self, faults: Faults) -> None:
        """Take these from now on, in place of the former."""
        self.faults = faults
        self._left = faults.calls
        self._to_lose = faults.lost_answers
        self._share = 0.0
        self._disorder = Random(0)  # noqa: S311 - as above

    @property
    def calls_left(self) -> int | None:
        """Calls still to be hit; None for no end."""
        return self._left

    def delay_s(self, path: str) -> float:
        return self.faults.delay_s if self._concerns(path) else 0.0

    def loses_answer(self, path: str) -> bool:
        """Whether this call is worked without the caller learning what came of it; counts it."""
        if not self._to_lose or not self._concerns(path):
            return False
        self._to_lose -= 1
        return True

    def webhook_after_s(self) -> float:
        """How long the next event is held back."""
        return self.faults.webhook_delay_s + self._disorder.uniform(0, self.faults.shuffle_webhooks_s)

    def hit(self, path: str) -> StravaError | None:
        """The error a call gets, None when it goes through."""
        if self.faults.inactive_application:
            return inactive()
        if self.faults.status is None or not self._concerns(path) or self._left == 0:
            return None
        self._share += self.faults.share
        if self._share < 1:
            return None
        self._share -= 1
        if self._left is not None:
            self._left -= 1
        return of_status(self.faults.status)

    def _concerns(self, path: str) -> bool:
        return not self.faults.paths or path.startswith(tuple(self.faults.paths))
