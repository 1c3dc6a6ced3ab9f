"""``/auth/login`` and ``/auth/token``: their transactions are their own, so that none is open while a hash is made."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from auth.dependencies import CallingDevice, SignInDep, secret_answer
from auth.sessions import browser
from auth.sessions.schemas import Login, TokenRequest, Tokens

router = APIRouter(prefix="/auth", tags=["auth"], dependencies=[Depends(secret_answer)])


@router.post("/login", response_model_exclude_none=True)
async def login(sign_in: SignInDep, device: CallingDevice, request: Request, response: Response, body: Login) -> Tokens:
    """Sign in. The access token lives 10 minutes, the refresh token is good for one use within 30 days.

    With `X-Client: web` the refresh token comes in a cookie that scripts cannot read, and not in the body. Where the
    second factor is on, `totp` is needed too: without it the answer to the right password is `auth.totp_required`.
    """
    tokens = await sign_in.login(body, device)
    if browser.is_web_app(request):
        return browser.keep(request, response, tokens, days=sign_in.sessions.settings.session_days)
    return tokens


@router.post("/token")
async def token(sign_in: SignInDep, device: CallingDevice, body: Annotated[TokenRequest, Form()]) -> Tokens:
    """Sign in or refresh as OAuth 2 clients do (RFC 6749, 4.3 and 6), for tools that read the API description.

    Sessions may do everything, so `scope` is not looked at; `totp` carries the code where the second factor is on.
    """
    asked = body.as_login()
    if asked is not None:
        return await sign_in.login(asked, device)
    async with sign_in.database.transaction() as session:
        return await sign_in.sessions.refresh(session, body.given_refresh_token())
