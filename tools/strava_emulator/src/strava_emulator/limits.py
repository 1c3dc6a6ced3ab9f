"""How many calls the app may make: overall and reading, in a quarter of an hour and in a day."""

from typing import Literal

from strava_emulator.errors import StravaError, limit_exceeded

Lengths = tuple[int, int]
HeaderStyle = Literal["normal", "missing", "empty"]


class Window:
    """Calls since the last quarter hour and since midnight UTC, or since what ``lengths`` in s have in their place."""

    def __init__(self, limit: tuple[int, int], lengths: Lengths) -> None:
        self.limit = limit
        self._lengths = lengths
        self._usage = [0, 0]
        self._began = [0, 0]

    def usage(self, now: float) -> tuple[int, int]:
        for number, length in enumerate(self._lengths):
            began = int(now) // length
            if began != self._began[number]:
                self._began[number], self._usage[number] = began, 0
        return self._usage[0], self._usage[1]

    def set_usage(self, usage: tuple[int, int], now: float) -> None:
        self.usage(now)
        self._usage = [*usage]

    def full(self, now: float) -> bool:
        quarter, day = self.usage(now)
        return quarter >= self.limit[0] or day >= self.limit[1]

    def count(self, now: float, *, rejected: bool) -> None:
        """A rejected call counts for the day all the same."""
        self.usage(now)
        self._usage[0] += not rejected
        self._usage[1] += 1


class RateLimits:
    """Both limits of the app, and how they are told in headers."""

    def __init__(self, overall: tuple[int, int], read: tuple[int, int], lengths: Lengths) -> None:
        self.overall = Window(overall, lengths)
        self.read = Window(read, lengths)
        self.headers_style: HeaderStyle = "normal"
        self.rejected = 0

    def take(self, method: str, now: float) -> StravaError | None:
        """Count a call; the answer it gets when it is one too many."""
        concerned = {"overall": self.overall} | ({"read": self.read} if method == "GET" else {})
        full = next((name for name, window in concerned.items() if window.full(now)), None)
        for window in concerned.values():
            window.count(now, rejected=full is not None)
        self.rejected += full is not None
        return limit_exceeded(full) if full else None

    def headers(self, now: float) -> dict[str, str]:
        """The four headers; ``missing`` and ``empty`` are styles that Strava has been seen with."""
        if self.headers_style == "missing":
            return {}
        found = {}
        for name, window in (("RateLimit", self.overall), ("ReadRateLimit", self.read)):
            empty = self.headers_style == "empty"
            found[f"X-{name}-Limit"] = "," if empty else _pair(window.limit)
            found[f"X-{name}-Usage"] = "," if empty else _pair(window.usage(now))
        return found


def _pair(values: tuple[int, int]) -> str:
    return f"{values[0]},{values[1]}"
