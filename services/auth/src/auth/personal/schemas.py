"""Shapes of personal access tokens in the API."""

from datetime import datetime
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from auth.fields import Secret
from common.fields import OneLine, example
from common.tokens import PERSONAL_SCOPES

Scope = Literal[
    "activities:read",
    "activities:write",
    "training:read",
    "training:write",
    "analytics:read",
    "analytics:write",
    "documents:read",
    "documents:write",
    "profile:read",
    "profile:write",
    "admin",
]
assert set(get_args(Scope)) == set(PERSONAL_SCOPES)

MOST_PER_MINUTE = 100_000


class PersonalTokenRequest(BaseModel):
    """``rate_limit`` is in requests a minute; without ``expires_at`` the token works until it is deleted."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "name": "Nightly backup",
                "scopes": ["activities:read"],
                "expires_at": "2027-01-01T00:00:00Z",
            }
        )
    )

    name: Annotated[OneLine, Field(min_length=1, max_length=100)]
    scopes: list[Scope] = Field(min_length=1, max_length=len(PERSONAL_SCOPES))
    expires_at: AwareDatetime | None = None
    rate_limit: int | None = Field(default=None, ge=1, le=MOST_PER_MINUTE)


class PersonalTokenOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    scopes: list[str]
    rate_limit: int | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class PersonalTokenMade(PersonalTokenOut):
    """``token`` is shown this once."""

    token: str


class Exchange(BaseModel):
    """``address`` is where the token came from."""

    token: Secret = Field(max_length=200)
    address: str = Field(default="", max_length=64)


class Exchanged(BaseModel):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int
