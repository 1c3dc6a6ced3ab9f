"""``/auth/password`` and ``/auth/verify-email``."""

from uuid import UUID

from fastapi import APIRouter, Response

from auth.credentials.schemas import Forgotten, PasswordChange, PasswordReset, Verification
from auth.dependencies import CredentialsDep
from common.route import DbSession, TransactionalRoute
from common.tokens import CurrentSession

router = APIRouter(prefix="/auth", tags=["auth"], route_class=TransactionalRoute)


@router.post("/password", status_code=204)
async def change_password(
    session: DbSession, credentials: CredentialsDep, identity: CurrentSession, body: PasswordChange
) -> None:
    """Set a new password. All other sessions end; this one goes on.

    An account without a password gets its first one within ten minutes of a sign-in, without `current_password`.
    """
    await credentials.change(session, UUID(identity.subject), UUID(identity.session_id), body)


@router.post("/password/forgot", status_code=202)
async def forgot_password(session: DbSession, credentials: CredentialsDep, body: Forgotten) -> None:
    """Send a mail for setting a new password, if the address has an account; the answer is always the same.

    At most one mail a minute goes to an address. Without a mail server none goes out, and the operator sets a new
    password.
    """
    await credentials.forgot(session, body.email)


@router.post("/password/reset", status_code=204)
async def reset_password(session: DbSession, credentials: CredentialsDep, body: PasswordReset) -> None:
    """Set a new password with the token of the mail: once, within one hour. All sessions end."""
    await credentials.reset(session, body.token.get_secret_value(), body.new_password.get_secret_value())


@router.post(
    "/verify-email",
    status_code=204,
    responses={202: {"description": "A mail goes out, if the address has an account that waits for it"}},
)
async def verify_email(session: DbSession, credentials: CredentialsDep, response: Response, body: Verification) -> None:
    """Prove an address with the token of the mail (once, within 24 hours), or have the mail sent again.

    With `token` the answer is 204. With `email` it is always 202, and at most one mail a minute goes out.
    """
    if body.token is not None:
        await credentials.verify_email(session, body.token.get_secret_value())
    elif body.email is not None:
        await credentials.send_verification(session, body.email)
        response.status_code = 202
