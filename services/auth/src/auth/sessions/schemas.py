"""Shapes of sign-in in the API."""

from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from auth.users.schemas import MAX_PASSWORD


class Login(BaseModel):
    email: str = Field(min_length=1, max_length=254)
    password: SecretStr = Field(min_length=1, max_length=MAX_PASSWORD)


class Refresh(BaseModel):
    """The web app sends none: its token comes in a cookie."""

    refresh_token: SecretStr | None = Field(default=None, min_length=1, max_length=200)


class Tokens(BaseModel):
    """``expires_in`` is the access token's, in seconds; the web app gets the refresh token in a cookie instead."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int
    refresh_token: str | None = None
