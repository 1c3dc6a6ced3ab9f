"""Shapes of accounts for administrators."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, EmailStr, Field, computed_field

from auth.users.schemas import DisplayName
from common.fields import Prose, example

Role = Literal["athlete", "coach", "admin"]
Roles = Annotated[list[Role], Field(min_length=1, max_length=3, description="whoever has a role is an athlete too")]


class Account(BaseModel):
    """An account; ``email`` is null for people who came from a provider that tells none."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str | None
    email_verified_at: datetime | None
    display_name: str
    roles: list[str]
    disabled_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int

    @computed_field  # type: ignore[prop-decorator] # mypy knows no decorated properties
    @property
    def disabled(self) -> bool:
        return self.disabled_at is not None


class NewAccount(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=example(
            {
                "email": "coach@example.org",
                "display_name": "Kim",
                "roles": ["athlete", "coach"],
            }
        ),
    )

    email: EmailStr = Field(max_length=254)
    display_name: DisplayName
    roles: Roles = ["athlete"]


class MadeAccount(Account):
    """With the password that was made for it, which is shown this once."""

    password: str


class AccountChange(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"disabled": True}))

    roles: Roles = ["athlete"]
    disabled: bool = False
    display_name: DisplayName = ""


class AccountFilter(BaseModel):
    """What the list can be narrowed to."""

    q: Annotated[Prose, Field(max_length=254)] | None = Field(
        default=None, description="how the address or the name begins"
    )
    role: Role | None = None
    disabled: bool | None = None
