"""One request is one transaction (a read needs none), and a repeated POST has one effect.

The route builds the whole answer, writes the idempotency row, commits, and only then lets the first byte leave: a
commit that fails is an honest error. Endpoints take the transaction with ``DbSession`` and never commit.
"""

import hashlib
import hmac
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any

import orjson
from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData, UploadFile
from starlette.responses import StreamingResponse

from common.context import client_address
from common.db.engine import ConnectionBroke, Database
from common.db.tables import IdempotencyKey
from common.errors import BadRequest, Conflict, InvalidInput
from common.etag import etag_for, not_modified
from common.resources import Resources
from common.tokens import identify

IDEMPOTENCY_HEADER = "idempotency-key"
_MAX_KEY = 255
_CHUNK = 1 << 20
_KEPT_HEADERS = ("content-type", "location", "etag")
_SUCCESS = range(200, 300)
_READING = frozenset({"GET", "HEAD"})

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


# Dependencies are coroutines throughout: the framework sends plain functions to a thread, which costs more.
async def get_resources(request: Request) -> Resources:
    resources: Resources = request.app.state.resources
    return resources


async def get_session(request: Request) -> AsyncSession:
    session: AsyncSession = request.state.session
    return session


DbSession = Annotated[AsyncSession, Depends(get_session)]
ProcessResources = Annotated[Resources, Depends(get_resources)]


class TransactionalRoute(APIRoute):
    """Give as ``route_class`` of a service's routers."""

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()

        async def run(request: Request) -> Response:
            database = request.app.state.resources.database
            if request.method in _READING:
                return tagged(request, await _read(request, database, handler))
            async with database.transaction() as session:
                request.state.session = session
                if request.method != "POST" or not (key := request.headers.get(IDEMPOTENCY_HEADER)):
                    return await handler(request)
                try:
                    return await _once(request, session, key, handler)
                finally:
                    await request.close()  # a form that was read only to be compared

        return run


async def _read(request: Request, database: Database, handler: Handler) -> Response:
    """Answer a read; once more when its connection had died unnoticed, as all do with a restart of Postgres."""
    try:
        async with database.reading() as session:
            request.state.session = session
            return await handler(request)
    except ConnectionBroke:
        async with database.reading() as session:
            request.state.session = session
            return await handler(request)


def tagged(request: Request, response: Response) -> Response:
    """Give an answer in JSON that has no entity tag the tag of its bytes, and answer 304 to who has them already.

    What says ``no-store`` is left alone.
    """
    if response.status_code != HTTPStatus.OK or response.media_type != "application/json" or _is_settled(response):
        return response
    etag = etag_for(bytes(response.body))
    if not_modified(request, etag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag})
    response.headers["ETag"] = etag
    return response


def _is_settled(response: Response) -> bool:
    return "etag" in response.headers or not _may_be_kept(response)


async def _once(request: Request, session: AsyncSession, key: str, handler: Handler) -> Response:
    """Answer as the first time, when this subject sent this key before; 409 while the first still runs."""
    if not 0 < len(key) <= _MAX_KEY or not key.isprintable():
        raise BadRequest("Idempotency-Key must be 1 to 255 printable characters.", code="idempotency.key_invalid")
    subject = await _subject(request)
    # An advisory lock of the transaction, tried and never waited for; all its kin end with the transaction.
    lock = func.pg_try_advisory_xact_lock(func.hashtextextended(f"{subject}\n{key}", 0))
    if not await session.scalar(select(lock)):
        raise Conflict(
            "A request with this Idempotency-Key is still running.",
            code="idempotency.in_progress",
            next_steps="Wait for the first request to end, then repeat it to read its answer.",
            retry_after_s=1,
        )
    fingerprint = await _fingerprint(request)
    known = await session.get(IdempotencyKey, (subject, key))
    if known is not None:
        return _replayed(known, fingerprint)
    response = await handler(request)
    if response.status_code in _SUCCESS and _may_be_kept(response):
        session.add(
            IdempotencyKey(
                subject=subject,
                key=key,
                fingerprint=fingerprint,
                status=response.status_code,
                headers={name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers},
                body=bytes(response.body),
            )
        )
        await session.flush()
    return response


def _may_be_kept(response: Response) -> bool:
    """Answers with tokens say ``no-store`` and are not kept; a stream has no body yet."""
    secret = "no-store" in response.headers.get("cache-control", "")
    return not secret and not isinstance(response, StreamingResponse)


def _replayed(known: IdempotencyKey, fingerprint: bytes) -> Response:
    if known.fingerprint != fingerprint:
        raise InvalidInput(
            "This Idempotency-Key was used for another request.",
            code="idempotency.key_reused",
            next_steps="Use a new key for a new request.",
        )
    return Response(known.body, known.status, {**known.headers, "Idempotency-Replayed": "true"})


async def _subject(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return f"address:{client_address.get()}"  # the peer is the gateway, the same for all
    identity = await identify(request, token)
    return f"user:{identity.subject}"


async def _fingerprint(request: Request) -> bytes:
    """HMAC of method, path, query and payload; a form is hashed part by part, since its boundary is random.

    The service's secret is its key: a payload may hold a password, which must not be guessed from what is kept.
    """
    secret = request.app.state.resources.settings.service_client_secret.get_secret_value()
    asked = f"{request.method} {request.url.path}?{request.url.query}\n"
    digest = hmac.new(secret.encode(), asked.encode(), hashlib.sha256)
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        digest.update(await _hash_form(await request.form()))
    else:
        digest.update(await request.body())
    return digest.digest()


async def _hash_form(form: FormData) -> bytes:
    parts = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            part = hashlib.sha256()
            while chunk := await value.read(_CHUNK):
                part.update(chunk)
            await value.seek(0)
            parts.append([name, value.filename, part.hexdigest()])
        else:
            parts.append([name, value])
    return hashlib.sha256(orjson.dumps(parts)).digest()
