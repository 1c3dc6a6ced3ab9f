"""Sign-in with Strava: OAuth 2 without PKCE and without an address of the athlete."""

from urllib.parse import urlencode

import orjson
from pydantic import BaseModel, Field, ValidationError

from auth.identities.errors import ProviderUnavailable
from auth.identities.provider import (
    CameBack,
    Clients,
    FlowSecrets,
    Granted,
    ProvenPerson,
    ProviderName,
    picture_of,
    refusal,
)
from common.errors import ServiceError
from common.http import UpstreamRejected
from common.logs import get_logger

_SCOPES = ("read", "activity:read_all", "profile:read_all")
_TEXT = 1000


class _Athlete(BaseModel):
    id: int = Field(ge=0, lt=1 << 63)
    firstname: str | None = None
    lastname: str | None = None
    profile: object = None
    profile_medium: object = None


class _TokenAnswer(BaseModel):
    access_token: str = Field(max_length=_TEXT)
    refresh_token: str = Field(max_length=_TEXT)
    expires_at: int = Field(ge=0, le=4_102_444_800)
    athlete: _Athlete


class StravaProvider:
    """Strava, or its emulator; ``base`` is where browsers go and ``token_base`` where this service asks."""

    name: ProviderName = "strava"

    def __init__(
        self,
        clients: Clients,
        *,
        base: str,
        token_base: str,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
    ) -> None:
        self._clients = clients
        self._base = base.rstrip("/")
        self._token_base = token_base.rstrip("/") or self._base
        self._id = client_id
        self._secret = client_secret
        self._redirect_uri = redirect_uri

    async def authorize_url(self, secrets: FlowSecrets) -> str:
        """Return Strava's page to go to."""
        query = {
            "client_id": self._id,
            "redirect_uri": self._redirect_uri,
            "response_type": "code",
            "approval_prompt": "auto",
            "scope": ",".join(_SCOPES),
            "state": secrets.state,
        }
        return f"{self._base}/oauth/authorize?{urlencode(query)}"

    async def person(self, answer: CameBack, secrets: FlowSecrets) -> ProvenPerson:  # noqa: ARG002 - nothing to compare with here
        """Exchange the code and return the athlete, with the tokens that came along."""
        form = {"client_id": self._id, "client_secret": self._secret}
        form |= {"grant_type": "authorization_code", "code": answer.code}
        try:
            content = await self._clients.post(self.name, f"{self._token_base}/oauth/token", form)
            told = _TokenAnswer.model_validate(orjson.loads(content))
        except UpstreamRejected as rejected:
            raise refusal(self.name, rejected) from rejected
        except (ServiceError, ValidationError, orjson.JSONDecodeError) as error:
            get_logger().warning("provider_failed", provider=self.name, error=type(error).__name__)
            raise ProviderUnavailable from error
        scopes = {part for part in answer.scope.replace(",", " ").split() if part.isprintable()}
        return ProvenPerson(
            provider=self.name,
            subject=str(told.athlete.id),
            name=" ".join(part for part in (told.athlete.firstname, told.athlete.lastname) if part),
            picture=picture_of(told.athlete.profile, told.athlete.profile_medium),
            granted=Granted(told.access_token, told.refresh_token, told.expires_at, tuple(sorted(scopes))),
        )
