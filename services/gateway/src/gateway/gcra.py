"""The generic cell rate algorithm (ITU-T I.371): one number per key says how much may come now.

That number is the theoretical arrival time (TAT): when the next request would come if all had come evenly. It moves
one interval ahead with each request and must not run further ahead of now than the burst.
"""

import math
from dataclasses import dataclass, field

# Against the rounding of sums of intervals.
_SLACK = 1e-6


@dataclass(slots=True)
class Limit:
    """``per_minute`` requests, of which ``burst`` may come at once; ``batch`` are leased at a time.

    ``interval`` is the time in seconds between requests that come evenly; ``label`` and ``policy`` are how headers
    name the limit (RateLimit-Policy of the IETF's HTTPAPI group), ``head`` their lines up to what is left.
    """

    name: str
    per_minute: int
    burst: int
    batch: int = 1
    interval: float = field(init=False)
    label: bytes = field(init=False)
    policy: bytes = field(init=False)
    head: str = field(init=False)

    def __post_init__(self) -> None:
        self.interval = 60 / self.per_minute
        self.label = f'"{self.name}"'.encode("ascii")
        self.policy = b"%b;q=%d;w=60" % (self.label, self.per_minute)
        self.head = f"ratelimit-policy: {self.policy.decode()}\r\nratelimit: {self.label.decode()};r="

    def room(self, ahead: float) -> int:
        """How many requests may come now, when TAT is ``ahead`` seconds from now."""
        if ahead <= 0:
            return self.burst
        return max(0, math.floor(self.burst - ahead / self.interval + _SLACK))

    def wait(self, ahead: float) -> float:
        """Seconds until the next request may come."""
        return max(0.0, ahead + self.interval - self.burst * self.interval)


# KEYS[1]: the key. ARGV: interval in seconds, burst, how many are wanted.
# Returns how many are granted, and how far TAT is ahead of now afterwards, in microseconds. The clock is Redis's.
LEASE_SCRIPT = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local interval, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local tat = tonumber(redis.call('GET', KEYS[1]) or '0')
if tat < now then tat = now end
local room = math.floor(burst - (tat - now) / interval + 0.000001)
local granted = math.max(0, math.min(wanted, room))
if granted > 0 then
  tat = tat + granted * interval
  redis.call('SET', KEYS[1], string.format('%.6f', tat), 'PX', math.ceil((tat - now) * 1000) + 1000)
end
return {granted, math.floor((tat - now) * 1000000)}
"""
