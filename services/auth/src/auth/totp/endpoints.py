"""``/auth/totp``."""

from uuid import UUID

from fastapi import APIRouter, Depends

from auth.dependencies import SecondFactorDep, secret_answer
from auth.totp import service as totp
from auth.totp.schemas import RecoveryCodes, TotpBegin, TotpConfirm, TotpRemove, TotpSetup, TotpState
from auth.users import service as people
from common.route import DbSession, TransactionalRoute
from common.tokens import CurrentSession

router = APIRouter(
    prefix="/auth/totp", tags=["auth"], route_class=TransactionalRoute, dependencies=[Depends(secret_answer)]
)


@router.get("")
async def read_totp(session: DbSession, identity: CurrentSession) -> TotpState:
    """Whether signing in asks for a code, and how many recovery codes are left."""
    return await totp.state_of(session, UUID(identity.subject))


@router.post("")
async def begin_totp(
    session: DbSession, second_factor: SecondFactorDep, identity: CurrentSession, body: TotpBegin
) -> TotpSetup:
    """Get a secret for an authenticator app. Signing in asks for codes once the first one has confirmed it."""
    setup = await second_factor.begin(session, UUID(identity.subject), body.password.get_secret_value())
    return TotpSetup.model_validate(setup)


@router.post("/confirm")
async def confirm_totp(
    session: DbSession, second_factor: SecondFactorDep, identity: CurrentSession, body: TotpConfirm
) -> RecoveryCodes:
    """Turn the second factor on with a first code; the answer holds ten recovery codes, shown only here."""
    user = await people.profile(session, UUID(identity.subject))
    given = await second_factor.confirm(session, user, body.code.get_secret_value())
    return RecoveryCodes(recovery_codes=given)


@router.delete("", status_code=204)
async def remove_totp(
    session: DbSession, second_factor: SecondFactorDep, identity: CurrentSession, body: TotpRemove
) -> None:
    """Turn the second factor off, with the password and a code of the app or a recovery code."""
    password, code = body.password.get_secret_value(), body.code.get_secret_value()
    await second_factor.turn_off(session, UUID(identity.subject), password, code)
