"""Shapes of passwords and addresses in the API."""

from typing import Self

from pydantic import BaseModel, ConfigDict, EmailStr, Field, model_validator

from auth.fields import Secret
from auth.users.schemas import MAX_PASSWORD, NewPassword
from common.fields import example

MAX_MAILED = 100


class PasswordChange(BaseModel):
    """``current_password`` is needed where the account has one."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "current_password": "four words in a row",
                "new_password": "four other words in a row",
            }
        )
    )

    current_password: Secret | None = Field(default=None, min_length=1, max_length=MAX_PASSWORD)
    new_password: NewPassword


class Forgotten(BaseModel):
    model_config = ConfigDict(json_schema_extra=example({"email": "ana@example.org"}))

    email: EmailStr = Field(max_length=254)


class PasswordReset(BaseModel):
    """``token`` is what the link in the mail ends with."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "token": "as in the mail's link",
                "new_password": "four other words in a row",
            }
        )
    )

    token: Secret = Field(min_length=1, max_length=MAX_MAILED)
    new_password: NewPassword


class Verification(BaseModel):
    """The token of a mail, or the address that a new mail is to go to."""

    model_config = ConfigDict(json_schema_extra=example({"token": "as in the mail's link"}))

    token: Secret | None = Field(default=None, min_length=1, max_length=MAX_MAILED)
    email: EmailStr | None = Field(default=None, max_length=254)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.token is None) == (self.email is None):
            raise ValueError("send either a token or an email")
        return self
