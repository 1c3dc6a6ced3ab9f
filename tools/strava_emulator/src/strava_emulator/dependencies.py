"""What endpoints are given: the emulator, the caller, and fields from wherever a client put them."""

import base64
import binascii
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from strava_emulator.emulator import Emulator
from strava_emulator.errors import bad_request, bad_token, missing_scope
from strava_emulator.tokens import Session

Fields = dict[str, Any]


async def emulator_of(request: Request) -> Emulator:
    """The emulator of this application."""
    emulator: Emulator = request.app.state.emulator
    return emulator


TheEmulator = Annotated[Emulator, Depends(emulator_of)]


def bearer(request: Request) -> str | None:
    """The token in the header: tokens are taken from nowhere else."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


async def session(request: Request, emulator: TheEmulator) -> Session:
    """Who calls; raises 401 for a missing, bad or expired token."""
    token = bearer(request)
    if token is None or emulator.faults.faults.revoke_tokens:
        raise bad_token()
    return emulator.tokens.session(token, emulator.clock())


Caller = Annotated[Session, Depends(session)]


async def reader(caller: Caller) -> Session:
    """A caller who may read activities."""
    return _allowed(caller, {"activity:read", "activity:read_all"}, "activity:read_permission")


async def writer(caller: Caller) -> Session:
    """A caller who may write activities."""
    return _allowed(caller, {"activity:write"}, "activity:write_permission")


def _allowed(caller: Session, any_of: set[str], field: str) -> Session:
    if not caller.scopes & any_of:
        raise missing_scope(field)
    return caller


Reader = Annotated[Session, Depends(reader)]
Writer = Annotated[Session, Depends(writer)]


async def fields_of(request: Request) -> AsyncIterator[Fields]:
    """What the client sent, as query, form or JSON: real clients use all three for the same."""
    found: Fields = dict(request.query_params)
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        yield found | await _json_fields(request)
    elif kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        async with request.form(max_files=4, max_fields=100) as form:
            yield found | {name: value for name, value in form.items() if value != "" or name not in found}
    else:
        yield found


async def _json_fields(request: Request) -> Fields:
    try:
        body = await request.json()
    except (ValueError, RecursionError):
        raise bad_request("Request", "body") from None
    if not isinstance(body, dict):
        raise bad_request("Request", "body")
    return {name: value for name, value in body.items() if value is not None}


GivenFields = Annotated[Fields, Depends(fields_of)]


def text(fields: Fields, name: str) -> str | None:
    """A field as text, None where it is missing or a file; raises 400 for what is no text."""
    value = fields.get(name)
    if value is None or isinstance(value, UploadFile):
        return None
    found = str(value)
    if not found.isascii() and any("\ud800" <= letter <= "\udfff" for letter in found):
        raise bad_request("Request", name)
    return found


def boolean(fields: Fields, name: str) -> bool | None:
    """A field as true or false, in any of the forms that clients write; None where it is missing."""
    value = text(fields, name)
    return None if value is None else value.strip().lower() in {"1", "true", "yes", "on"}


def number(fields: Fields, name: str, *, most: float) -> float | None:
    """A field as a number between 0 and ``most``; raises 400 for anything else."""
    value = text(fields, name)
    if value is None:
        return None
    try:
        found = float(value)
    except ValueError:
        raise bad_request("Request", name) from None
    if not 0 <= found <= most:
        raise bad_request("Request", name)
    return found


def basic_credentials(request: Request) -> tuple[str | None, str | None]:
    """User and password of HTTP Basic; None where there are none."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None, None
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None, None
    return user, password
