"""Shapes of sign-in with providers in the API."""

from datetime import datetime

from pydantic import BaseModel

from auth.identities.provider import ProviderName


class ProviderPage(BaseModel):
    """The provider's page, for an application that opens it itself."""

    url: str


class ProviderOut(BaseModel):
    """``available``: the operator has switched it on. ``linked_at`` is null while it is not linked."""

    provider: ProviderName
    available: bool
    linked_at: datetime | None
    last_used_at: datetime | None


class ProviderList(BaseModel):
    """``password``: whether the account can be signed in to with a password too."""

    items: list[ProviderOut]
    password: bool


class SignInOptions(BaseModel):
    """What the operator has switched on: ``providers`` to sign in with, and whether ``mail`` goes out."""

    providers: list[ProviderName]
    mail: bool


class Linked(BaseModel):
    """What came of a way to a provider that a signed-in person went."""

    provider: ProviderName
    linked: bool = True
