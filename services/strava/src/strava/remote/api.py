"""Typed calls to Strava's API with an athlete's access token."""

from collections.abc import Mapping
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from common.errors import UpstreamFailed
from common.http import ServiceClient, UpstreamRejected
from strava.remote.errors import LimitExceeded, StravaNotFound, typed
from strava.remote.quota import SharedQuota
from strava.remote.shapes import STREAM_KEYS, AthleteProfile, DetailedActivity, Streams, SummaryActivity

PAGE_SIZE = 200

ShapeT = TypeVar("ShapeT", bound=BaseModel)


class StravaApi:
    """The endpoints in use. Errors are those of ``remote.errors`` and of ``ServiceClient``.

    A call that is not ``urgent`` is refused while only the reserve of the rate limit is left.
    """

    def __init__(self, client: ServiceClient, quota: SharedQuota) -> None:
        self._client = client
        self._quota = quota

    async def athlete(self, token: str, *, urgent: bool = False) -> AthleteProfile:
        """The athlete the token is of."""
        return AthleteProfile.model_validate(await self.get("/athlete", token, urgent=urgent))

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

    async def activities(self, token: str, *, before: int, urgent: bool = False) -> list[SummaryActivity]:
        """A page of the activities that start before ``before`` (Unix seconds), the newest first; empty at the end."""
        wanted = {"before": str(before), "per_page": str(PAGE_SIZE)}
        found = await self.get("/athlete/activities", token, wanted, urgent=urgent)
        if not isinstance(found, list):
            raise UpstreamFailed("Strava's list of activities has an unknown shape.")
        return sorted((read(SummaryActivity, each) for each in found), key=lambda each: each.start_date, reverse=True)

    async def get(self, path: str, token: str, params: Mapping[str, str] | None = None, *, urgent: bool) -> Any:
        """Read ``path`` and return its JSON."""
        began = await self._quota.admit(urgent=urgent)
        try:
            response = await self._client.get(path, params=params, headers={"Authorization": f"Bearer {token}"})
        except UpstreamRejected as rejected:
            error = typed(rejected)
            if isinstance(error, LimitExceeded):
                raise await self._quota.exceeded(rejected.headers, began) from rejected
            await self._quota.learn(rejected.headers, began)
            raise error from rejected
        await self._quota.learn(response.headers, began)
        try:
            return orjson.loads(response.content)
        except orjson.JSONDecodeError:
            raise UpstreamFailed("Strava's answer is not JSON.") from None


def _has_samples(stream: Any) -> bool:
    return isinstance(stream, dict) and isinstance(stream.get("data"), list) and bool(stream["data"])


def read(shape: type[ShapeT], content: Any) -> ShapeT:
    """Read an answer's shape. Raises ``UpstreamFailed`` where it is another."""
    try:
        return shape.model_validate(content)
    except ValidationError as error:
        places = ", ".join(sorted({".".join(map(str, each["loc"])) for each in error.errors()})[:5])
        raise UpstreamFailed(f"Strava's answer has an unknown shape: {places}.") from None
