"""Fields that plans, workouts and runs share in the API."""

import datetime as dt
import re
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from common.fields import OneLine, Prose

FIRST_DAY = dt.date(1900, 1, 1)
LAST_DAY = dt.date(2200, 12, 31)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _written_out(value: Any) -> Any:
    if not isinstance(value, dt.date) and not (isinstance(value, str) and _DATE.fullmatch(value)):
        raise ValueError("not a date such as 2026-05-04")
    return value


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_timezone(name: str) -> str:
    if name not in _timezones():
        raise ValueError("not an IANA time zone such as Australia/Sydney")
    return name


Day = Annotated[dt.date, BeforeValidator(_written_out), Field(ge=FIRST_DAY, le=LAST_DAY)]
Moment = Annotated[
    AwareDatetime,
    Field(ge=dt.datetime(1900, 1, 1, tzinfo=dt.UTC), le=dt.datetime(2200, 12, 31, tzinfo=dt.UTC)),
]
Name = Annotated[OneLine, Field(min_length=1, max_length=200)]
LongText = Annotated[Prose, Field(max_length=10_000)]
Timezone = Annotated[str, Field(max_length=64), AfterValidator(_known_timezone)]

READ_ONLY = frozenset({"id", "version", "created_at", "updated_at"})


class Body(BaseModel):
    """What is written: unknown fields are refused, those that only the server writes are passed over.

    So what was read can be changed and sent back.
    """

    model_config = ConfigDict(extra="forbid")
    read_only: ClassVar[frozenset[str]] = READ_ONLY

    @model_validator(mode="before")
    @classmethod
    def _without_read_only(cls, given: Any) -> Any:
        if isinstance(given, Mapping):
            return {name: value for name, value in given.items() if name not in cls.read_only}
        return given


class Days(BaseModel):
    """From when to when, first and last day included."""

    since: Day | None = Field(default=None, alias="from")
    until: Day | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since and self.until and self.until < self.since:
            raise ValueError("to lies before from")
        return self
