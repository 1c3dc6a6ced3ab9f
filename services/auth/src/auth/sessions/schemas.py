"""Shapes of sign-in in the API."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from auth.fields import Secret
from auth.users.schemas import MAX_PASSWORD
from common.fields import example

Code = Annotated[Secret, Field(min_length=1, max_length=32)]


class Login(BaseModel):
    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "email": "ana@example.org",
                "password": "four words in a row",
            }
        )
    )

    email: str = Field(min_length=1, max_length=254)
    password: Secret = Field(min_length=1, max_length=MAX_PASSWORD)

    totp: Code | None = Field(default=None, description="code of the second factor, or a recovery code")


class Refresh(BaseModel):
    """The web app sends none: its token comes in a cookie."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "refresh_token": "rt_rf_5Y6kgDAukfNvQovTeU5g35fdULw6XtSehubK08LEgxx",
            }
        )
    )

    refresh_token: Secret | None = Field(default=None, min_length=1, max_length=200)


class TokenRequest(BaseModel):
    """The password and the refresh form of OAuth 2; other fields that clients send are passed over."""

    grant_type: Literal["password", "refresh_token"]
    username: str | None = Field(default=None, min_length=1, max_length=254, description="e-mail address")
    password: Secret | None = Field(default=None, min_length=1, max_length=MAX_PASSWORD)
    totp: Code | None = None
    refresh_token: Secret | None = Field(default=None, min_length=1, max_length=200)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.grant_type == "password" and (self.username is None or self.password is None):
            raise ValueError("the grant type password needs username and password")
        if self.grant_type == "refresh_token" and self.refresh_token is None:
            raise ValueError("the grant type refresh_token needs refresh_token")
        return self

    def as_login(self) -> Login | None:
        """Return the sign-in that is asked for, None for a refresh."""
        if self.grant_type != "password" or self.username is None or self.password is None:
            return None
        return Login(email=self.username, password=self.password, totp=self.totp)

    def given_refresh_token(self) -> str:
        return self.refresh_token.get_secret_value() if self.refresh_token else ""


class Tokens(BaseModel):
    """``expires_in`` is the access token's, in seconds; the web app gets the refresh token in a cookie instead."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int
    refresh_token: str | None = None


class SessionOut(BaseModel):
    """A sign-in that is still good; ``current`` is the one that asks."""

    id: UUID
    device: str
    address: str
    method: Literal["password", "google", "strava"]
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool
