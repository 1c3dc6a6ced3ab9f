"""How often a worker looks for work of which nobody told it."""

POLL_SECONDS, IDLE_POLL_SECONDS = 5.0, 10.0
QUIET_SECONDS = 60.0
"""Without a wake-up for so long, a loop looks more seldom. A queue that is lost wakes all the time."""


class Rhythm:
    """Of one loop: ``pause`` is how long it waits for a wake-up before it looks by itself, in seconds."""

    def __init__(self) -> None:
        self._quiet = 0.0

    @property
    def pause(self) -> float:
        return POLL_SECONDS if self._quiet < QUIET_SECONDS else IDLE_POLL_SECONDS

    def waited(self, *, woken: bool) -> None:
        """Note how the pause ended: by a wake-up, or by itself."""
        self._quiet = 0.0 if woken else self._quiet + self.pause
