"""Shapes of people in the API."""

from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field

from auth.fields import PictureAddress, Secret
from common.fields import OneLine, example

MIN_PASSWORD = 12
MAX_PASSWORD = 256


def _known_timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("not an IANA time zone such as Australia/Sydney")
    return name


DisplayName = Annotated[OneLine, Field(min_length=1, max_length=100)]
Timezone = Annotated[str, Field(max_length=64), AfterValidator(_known_timezone)]
Locale = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$")]
NewPassword = Annotated[Secret, Field(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD)]


class Registration(BaseModel):
    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "email": "ana@example.org",
                "password": "four words in a row",
                "display_name": "Ana",
            }
        )
    )

    email: EmailStr = Field(max_length=254)
    password: NewPassword
    display_name: DisplayName


class Registered(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str | None = Field(description="null for who came from a provider that tells none")
    display_name: str
    roles: list[str]


class Profile(Registered):
    """A person as they see themselves; ``weight`` in kg."""

    locale: str
    timezone: str
    units: Literal["metric", "imperial"]
    week_start: Literal["mon", "sun", "sat"]
    sex: Literal["female", "male"] | None
    birth_year: int | None
    weight: float | None
    heartrate_opt_in: bool
    picture: str | None = Field(description="https address; of a provider until the person sets one")
    version: int


class ProfileChange(BaseModel):
    """What is left out stays as it is; null clears what may be empty."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=example(
            {
                "timezone": "Australia/Adelaide",
                "units": "metric",
                "week_start": "mon",
            }
        ),
    )

    display_name: DisplayName = ""
    locale: Locale = ""
    timezone: Timezone = ""
    units: Literal["metric", "imperial"] = "metric"
    week_start: Literal["mon", "sun", "sat"] = "mon"
    sex: Literal["female", "male"] | None = None
    birth_year: int | None = Field(default=None, ge=1900, le=2100)
    weight: float | None = Field(default=None, gt=0, lt=500, allow_inf_nan=False)
    heartrate_opt_in: bool = False
    picture: PictureAddress | None = None
