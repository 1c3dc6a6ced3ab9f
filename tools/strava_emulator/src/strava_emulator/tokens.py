"""Authorisations of athletes: codes, access and refresh tokens, and their end."""

import secrets
from dataclasses import dataclass

from strava_emulator.errors import at_capacity, bad_request, bad_token
from strava_emulator.models import AccessToken, Athlete, Code, Grant, Json
from strava_emulator.store import Store

CODE_S = 600
RENEW_BELOW_S = 3_600  # more time left than this: the same access token again
SCOPES = (
    "read",
    "read_all",
    "profile:read_all",
    "profile:write",
    "activity:read",
    "activity:read_all",
    "activity:write",
)


@dataclass(frozen=True, slots=True)
class Session:
    """Who calls and what they may."""

    athlete: Athlete
    scopes: frozenset[str]


class Tokens:
    """Gives out and takes back what lets the app act for an athlete."""

    def __init__(self, store: Store, lifetime_s: int) -> None:
        self._store = store
        self._lifetime_s = lifetime_s
        self._by_access: dict[str, int] = {}
        self._by_refresh: dict[str, int] = {}
        self.refreshes = 0
        for athlete in store.athletes.values():
            self._index(athlete)

    def _index(self, athlete: Athlete) -> None:
        if athlete.grant:
            self._by_refresh[athlete.grant.refresh_token] = athlete.id
            for access in athlete.grant.access:
                self._by_access[access.token] = athlete.id

    def _save(self, athlete: Athlete, grant: Grant | None) -> Athlete:
        if athlete.grant:
            self._by_refresh.pop(athlete.grant.refresh_token, None)
            for access in athlete.grant.access:
                self._by_access.pop(access.token, None)
        changed = athlete.model_copy(update={"grant": grant})
        self._store.save_athlete(changed)
        self._index(changed)
        return changed

    @property
    def authorized(self) -> int:
        """How many athletes let the app in."""
        return sum(athlete.grant is not None for athlete in self._store.athletes.values())

    def authorise(self, athlete: Athlete, scopes: frozenset[str], now: float) -> str:
        """A code for the app, good once and for ten minutes."""
        codes = {text: code for text, code in self._store.app.codes.items() if code.expires_at > now}
        made = secrets.token_hex(20)
        codes[made] = Code(athlete_id=athlete.id, scopes=scopes, expires_at=now + CODE_S)
        self._store.app.codes = codes
        self._store.save_app()
        return made

    def exchange(self, text: str, now: float, most_athletes: int | None = None) -> tuple[Athlete, Json]:
        """The athlete and the answer for a code. Raises ``StravaError``, also for one athlete too many."""
        code = self._store.app.codes.pop(text, None)
        athlete = self._store.athletes.get(code.athlete_id) if code else None
        if code is None or athlete is None or code.expires_at <= now:
            raise bad_request("RequestToken", "code")
        if most_athletes is not None and athlete.grant is None and self.authorized >= most_athletes:
            raise at_capacity()
        self._store.save_app()
        grant = athlete.grant
        if grant is None or grant.scopes != code.scopes:
            # Former access tokens stay good until they expire, with the scopes they had.
            former = [*grant.access] if grant else []
            grant = Grant(scopes=code.scopes, refresh_token=secrets.token_hex(20), access=former)
            grant.access.append(self._new_access(code.scopes, now))
        athlete = self._save(athlete, self._renewed(grant, now))
        assert athlete.grant is not None
        return athlete, _answer(athlete.grant, now)

    def refresh(self, text: str, now: float) -> Json:
        """The answer for a refresh token. Raises ``StravaError``."""
        athlete = self._store.athletes.get(self._by_refresh.get(text, 0))
        self.refreshes += 1
        if athlete is None or athlete.grant is None:
            raise bad_request("RefreshToken", "refresh_token")
        grant = self._renewed(athlete.grant, now)
        if grant is not athlete.grant:
            self._save(athlete, grant)
        return _answer(grant, now)

    def _renewed(self, grant: Grant, now: float) -> Grant:
        """The same while more than an hour is left, else with a new pair; the old refresh token is dead then."""
        if grant.newest.expires_at - now > RENEW_BELOW_S:
            return grant
        living = [access for access in grant.access if access.expires_at > now]
        access = [*living, self._new_access(grant.scopes, now)]
        return Grant(scopes=grant.scopes, refresh_token=secrets.token_hex(20), access=access)

    def _new_access(self, scopes: frozenset[str], now: float) -> AccessToken:
        return AccessToken(token=secrets.token_hex(20), expires_at=int(now) + self._lifetime_s, scopes=scopes)

    def session(self, token: str, now: float) -> Session:
        """Who an access token stands for. Raises ``StravaError`` for a bad or expired one."""
        athlete = self._store.athletes.get(self._by_access.get(token, 0))
        for access in athlete.grant.access if athlete and athlete.grant else ():
            if access.token == token and access.expires_at > now:
                assert athlete is not None
                return Session(athlete, access.scopes)
        raise bad_token()

    def owner(self, token: str) -> Athlete | None:
        """Whose access or refresh token it is."""
        return self._store.athletes.get(self._by_access.get(token) or self._by_refresh.get(token, 0))

    def revoke(self, athlete: Athlete) -> Athlete:
        """End the athlete's authorisation, with all its tokens."""
        return self._save(athlete, None)

    def expire(self, athlete: Athlete, seconds_left: int, now: float) -> Athlete:
        """Have the athlete's access tokens end in so many seconds."""
        if athlete.grant is None:
            return athlete
        ends = int(now) + seconds_left
        access = [each.model_copy(update={"expires_at": ends}) for each in athlete.grant.access]
        return self._save(athlete, athlete.grant.model_copy(update={"access": access}))


def _answer(grant: Grant, now: float) -> Json:
    return {
        "token_type": "Bearer",
        "expires_at": grant.newest.expires_at,
        "expires_in": max(0, grant.newest.expires_at - int(now)),
        "refresh_token": grant.refresh_token,
        "access_token": grant.newest.token,
    }
