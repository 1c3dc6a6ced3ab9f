"""Shapes of the second factor in the API."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from auth.fields import Secret
from auth.users.schemas import MAX_PASSWORD
from common.fields import example

Code = Annotated[Secret, Field(min_length=6, max_length=32)]
Password = Annotated[Secret, Field(min_length=1, max_length=MAX_PASSWORD)]


class TotpState(BaseModel):
    """``recovery_codes`` is how many are left."""

    on: bool
    recovery_codes: int


class TotpBegin(BaseModel):
    model_config = ConfigDict(json_schema_extra=example({"password": "four words in a row"}))

    password: Password


class TotpSetup(BaseModel):
    """``uri`` is what apps read from a QR code; ``secret`` is for typing."""

    model_config = ConfigDict(from_attributes=True)

    secret: str
    uri: str


class TotpConfirm(BaseModel):
    model_config = ConfigDict(json_schema_extra=example({"code": "123456"}))

    code: Code


class TotpRemove(BaseModel):
    """``code`` is one of the app or a recovery code."""

    model_config = ConfigDict(json_schema_extra=example({"password": "four words in a row", "code": "123456"}))

    password: Password
    code: Code


class RecoveryCodes(BaseModel):
    """Shown this once. Each works once in place of a code of the app."""

    recovery_codes: list[str]
