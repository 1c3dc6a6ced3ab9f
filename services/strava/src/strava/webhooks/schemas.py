"""Shapes of the webhook."""

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field

_LONGEST = 500
_MOST = 20

Id = Annotated[int, Field(ge=0, lt=1 << 63)]


class StravaEvent(BaseModel):
    """An event as Strava sends it: a hint, without a signature and in no order."""

    model_config = ConfigDict(extra="ignore")

    object_type: Literal["activity", "athlete"]
    object_id: Id
    aspect_type: Literal["create", "update", "delete"]
    owner_id: Id
    subscription_id: Id
    event_time: int = Field(ge=0, le=4_102_444_800, description="Unix seconds")
    updates: dict[str, Any] = {}

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.event_time, UTC)

    def digest(self) -> bytes:
        """What a repetition is known by."""
        content = self.model_dump(exclude={"updates"}) | {"updates": self.kept_updates()}
        return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()

    def kept_updates(self) -> dict[str, str]:
        """The updates as short texts that Postgres can hold."""
        return {_plain(name): _plain(str(value)) for name, value in list(self.updates.items())[:_MOST]}


def _plain(text: str) -> str:
    return text[:_LONGEST].replace("\x00", "").encode(errors="replace").decode()


class Challenge(BaseModel):
    """The answer to Strava's question whether the address is ours."""

    challenge: str = Field(serialization_alias="hub.challenge")
