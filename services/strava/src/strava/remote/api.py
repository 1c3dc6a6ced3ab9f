"""Typed reads of Strava's API with an athlete's access token."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from common.errors import UpstreamFailed
from strava.remote.calls import Calls
from strava.remote.errors import StravaNotFound
from strava.remote.shapes import STREAM_KEYS, AthleteProfile, DetailedActivity, Streams, SummaryActivity

PAGE_SIZE = 200

ShapeT = TypeVar("ShapeT", bound=BaseModel)


class StravaApi:
    """The endpoints in use. Errors are those of ``Calls``."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self.get = calls.read

    async def rest(self) -> None:
        """Wait until Strava may be asked again where its failures have kept everybody from asking."""
        await self._calls.rest()

    async def athlete(self, token: str, *, urgent: bool = False) -> AthleteProfile:
        """The athlete the token is of."""
        return read(AthleteProfile, await self.get("/athlete", token, urgent=urgent))

    async def activity(self, token: str, activity_id: int, *, urgent: bool) -> DetailedActivity:
        """One activity. Raises ``StravaNotFound``."""
        found = await self.get(f"/activities/{activity_id}", token, {"include_all_efforts": "false"}, urgent=urgent)
        return read(DetailedActivity, found)

    async def streams(self, token: str, activity_id: int, *, urgent: bool) -> Streams:
        """All samples in use of an activity; empty when it has none (yet)."""
        wanted = {"keys": ",".join(STREAM_KEYS), "key_by_type": "true"}
        try:
            found = await self.get(f"/activities/{activity_id}/streams", token, wanted, urgent=urgent)
        except StravaNotFound:
            return {}
        if not isinstance(found, dict):
            raise UpstreamFailed("Strava's streams have an unknown shape.")
        return {name: found[name]["data"] for name in STREAM_KEYS if _has_samples(found.get(name))}

    async def activities(
        self, token: str, *, before: int | None = None, page: int = 1, size: int = PAGE_SIZE, urgent: bool = False
    ) -> list[SummaryActivity]:
        """A page of the activities that start before ``before`` (Unix seconds), the newest first; empty at the end."""
        wanted = {"per_page": str(size), **({"before": str(before)} if before is not None else {})}
        wanted |= {"page": str(page)} if page > 1 else {}
        found = await self.get("/athlete/activities", token, wanted, urgent=urgent)
        if not isinstance(found, list):
            raise UpstreamFailed("Strava's list of activities has an unknown shape.")
        return sorted((read(SummaryActivity, each) for each in found), key=lambda each: each.start_date, reverse=True)


def _has_samples(stream: Any) -> bool:
    return isinstance(stream, dict) and isinstance(stream.get("data"), list) and bool(stream["data"])


def read(shape: type[ShapeT], content: Any) -> ShapeT:
    """Read an answer's shape. Raises ``UpstreamFailed`` where it is another."""
    try:
        return shape.model_validate(content)
    except ValidationError as error:
        places = ", ".join(sorted({".".join(map(str, each["loc"])) for each in error.errors()})[:5])
        raise UpstreamFailed(f"Strava's answer has an unknown shape: {places}.") from None
