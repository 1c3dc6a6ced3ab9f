"""``/auth/export`` and the deletion of an account."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from auth.accounts import departures, exports
from auth.accounts.holdings import HOLDERS
from auth.accounts.schemas import DepartureOut, ExportOut, Farewell, Reported
from auth.dependencies import CredentialsDep, SessionsDep
from auth.identities.errors import AccountDisabled
from auth.models import Departure, Export
from auth.people.repository import lock_changes
from auth.sessions import browser
from auth.settings import AuthSettings
from auth.users import service as accounts
from auth.users.service import ADMIN
from common.addressed import SessionOrSigned
from common.app import API_PREFIX
from common.db.tables import Job, JobState
from common.etag import etag_for, not_modified
from common.jobs import JobOut
from common.route import DbSession, ProcessResources, TransactionalRoute
from common.signing import UrlSigner, stable_expiry
from common.tokens import CurrentSession

router = APIRouter(prefix="/auth", tags=["account"], route_class=TransactionalRoute)

JSON = "application/json"
_LINK_SECONDS = 1800
_SECRET = "private, no-store"


async def _signer(resources: ProcessResources) -> UrlSigner:
    assert isinstance(resources.settings, AuthSettings)
    return resources.settings.signer()


Signer = Annotated[UrlSigner, Depends(_signer)]


def _export(export: Export, job: Job, signer: UrlSigner) -> ExportOut:
    path = f"{API_PREFIX}/auth/export/{export.id}/download"
    # Whoever finds the address has everything: it is good for an hour at most, and a new one costs a look.
    soon = stable_expiry(datetime.now(UTC), _LINK_SECONDS)
    link = signer.sign(path, min(export.expires_at, soon)) if export.expires_at else None
    return ExportOut(
        **JobOut.model_validate(job).model_dump(exclude={"id"}),
        id=export.id,
        size=export.size,
        expires_at=export.expires_at,
        download_url=link,
    )


def _departure(departure: Departure, status_url: str | None = None) -> DepartureOut:
    done = departure.finished_at is not None
    settled = sum(told["remaining"] == 0 for told in departure.report.values())
    return DepartureOut(
        id=departure.id,
        state="done" if done else "running",
        progress=1.0 if done else settled / (len(HOLDERS) + 1),
        services={name: Reported(**told) for name, told in sorted(departure.report.items())},
        created_at=departure.created_at,
        finished_at=departure.finished_at,
        status_url=status_url,
    )


@router.post("/export", status_code=202)
async def begin_export(session: DbSession, identity: CurrentSession, signer: Signer, response: Response) -> ExportOut:
    """Gather all your data of all services in one zip, as a job; one that is under way is not begun again."""
    export, job = await exports.begin(session, UUID(identity.subject))
    response.headers["Location"] = f"{API_PREFIX}/auth/export/{export.id}"
    return _export(export, job, signer)


@router.get("/export/{export_id}", response_model=ExportOut)
async def read_export(
    request: Request, session: DbSession, identity: CurrentSession, signer: Signer, export_id: UUID
) -> Response:
    """Read how far an export is, and where it can be had once it is done: at an address that is good for an hour."""
    export, job = await exports.find(session, export_id, UUID(identity.subject))
    body = _export(export, job, signer).model_dump_json().encode()
    headers = {"ETag": etag_for(body), "Cache-Control": _SECRET}
    if not_modified(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=JSON)


@router.get(
    "/export/{export_id}/download",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}, "description": "The archive"}},
)
async def download_export(
    session: DbSession, resources: ProcessResources, owner: SessionOrSigned, export_id: UUID
) -> Response:
    """Read the archive, as its owner or by a signed address."""
    export, job = await exports.find(session, export_id, owner)
    if export.size is None or job.state != JobState.DONE:
        raise exports.ExportMissing("The archive is not ready yet.")
    chunks = await resources.objects.stream(exports.key_of(export))
    headers = {
        "Content-Disposition": f'attachment; filename="running-trainer-{export.created_at:%Y-%m-%d}.zip"',
        "Content-Length": str(export.size),
        "Cache-Control": _SECRET,
    }
    return StreamingResponse(chunks, media_type="application/zip", headers=headers)


@router.delete("/me", status_code=202)
async def delete_me(
    session: DbSession,
    sessions: SessionsDep,
    credentials: CredentialsDep,
    identity: CurrentSession,
    response: Response,
    body: Farewell | None = None,
) -> DepartureOut:
    """Delete your account and all that any service holds of you. There is no way back.

    It needs the password, or where the account has none a sign-in of the last ten minutes.
    You are signed out at once; ``status_url`` shows what each service reports, without signing in.
    """
    if ADMIN in identity.roles:
        await lock_changes(session)  # of two who go at once the second one is the last
    user = await accounts.profile(session, UUID(identity.subject), lock=True)
    if user.disabled_at is not None:
        raise AccountDisabled  # it is being deleted already
    if user.password_hash is not None:
        given = body.password.get_secret_value() if body and body.password else ""
        await credentials.confirm(session, user.id, given)
    else:
        await credentials.confirm_recent(session, UUID(identity.session_id))
    departure, secret = await departures.begin(session, sessions, user)
    browser.forget(response)
    response.headers["Cache-Control"] = "no-store"
    return _departure(departure, f"{API_PREFIX}/auth/deletions/{departure.id}?token={secret}")


@router.get("/deletions/{deletion_id}")
async def read_deletion(
    session: DbSession,
    deletion_id: UUID,
    token: Annotated[str, Query(min_length=1, max_length=100, description="of the status_url")],
) -> DepartureOut:
    """Read what each service reports of the deletion of an account."""
    return _departure(await departures.find(session, deletion_id, token))
