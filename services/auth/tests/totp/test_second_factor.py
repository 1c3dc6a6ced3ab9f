import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import httpx2
import pyotp
import pytest
from rows import execute, scalar

from auth.keys.__main__ import run
from auth.settings import AuthSettings
from auth.totp.codes import STEP_SECONDS, new_recovery_codes, step_of
from common.crypto import KeyRing
from common.testing.plugin import Environment

API = "/api/v1/auth"
PASSWORD = "a long enough password"
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


class Person:
    """Ana with an authenticator app."""

    def __init__(self, auth: httpx2.AsyncClient, environment: Environment, tokens: dict[str, Any]) -> None:
        self.auth = auth
        self.environment = environment
        self.headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        self.secret = ""
        self.recovery_codes: list[str] = []

    def code(self, steps: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(int(time.time()), counter_offset=steps)

    async def ask(self, method: str, path: str, **body: Any) -> httpx2.Response:
        return await self.auth.request(method, f"{API}/{path}", json=body, headers=self.headers)

    async def login(self, **body: Any) -> httpx2.Response:
        return await self.auth.post(f"{API}/login", json={"email": "ana@example.org", "password": PASSWORD, **body})

    async def turn_on(self) -> None:
        self.secret = (await self.ask("POST", "totp", password=PASSWORD)).json()["secret"]
        confirmed = await self.ask("POST", "totp/confirm", code=self.code())
        assert confirmed.status_code == 200, confirmed.text
        # As if that had been a minute ago: the present code is still to be used.
        await execute(self.environment, "UPDATE totps SET last_step = last_step - 2")
        self.recovery_codes = confirmed.json()["recovery_codes"]


@pytest.fixture
async def ana_with_app(auth: httpx2.AsyncClient, tokens: dict[str, Any], auth_environment: Environment) -> Person:
    return Person(auth, auth_environment, tokens)


@pytest.fixture
async def person(ana_with_app: Person) -> Person:
    await ana_with_app.turn_on()
    return ana_with_app


@pytest.mark.parametrize(
    ("moment", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_codes_are_those_of_rfc_6238(moment: int, code: str) -> None:
    assert step_of(code, RFC_SECRET, datetime.fromtimestamp(moment, UTC)) == moment // STEP_SECONDS


def test_recovery_codes_are_long_random_and_can_be_typed() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == 10
    assert {len(code.replace("-", "")) for code in codes} == {16}


async def test_the_setup_can_be_read_by_apps(ana_with_app: Person) -> None:
    answer = await ana_with_app.ask("POST", "totp", password=PASSWORD)
    made = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    parsed = pyotp.parse_uri(made["uri"])
    assert (parsed.secret, parsed.issuer, parsed.name) == (made["secret"], "Running Trainer", "Ana@example.org")


async def test_nothing_is_asked_for_before_a_first_code_has_confirmed_it(ana_with_app: Person) -> None:
    await ana_with_app.ask("POST", "totp", password=PASSWORD)
    assert (await ana_with_app.login()).status_code == 200
    wrong = await ana_with_app.ask("POST", "totp/confirm", code="000000")
    assert (wrong.status_code, wrong.json()["code"]) == (403, "auth.code_wrong")
    assert (await ana_with_app.login()).status_code == 200


async def test_a_person_sees_whether_it_is_on_and_how_many_recovery_codes_are_left(ana_with_app: Person) -> None:
    async def state() -> Any:
        return (await ana_with_app.ask("GET", "totp")).json()

    assert await state() == {"on": False, "recovery_codes": 0}
    await ana_with_app.ask("POST", "totp", password=PASSWORD)
    assert await state() == {"on": False, "recovery_codes": 0}, "it is not confirmed yet"
    await ana_with_app.turn_on()
    assert await state() == {"on": True, "recovery_codes": 10}
    await ana_with_app.login(totp=ana_with_app.recovery_codes[0])
    assert await state() == {"on": True, "recovery_codes": 9}


async def test_the_code_is_asked_for_only_after_the_right_password(person: Person) -> None:
    missing = await person.login()
    assert (missing.status_code, missing.json()["code"]) == (401, "auth.totp_required")
    wrong = await person.login(password="not the right one")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "auth.login_refused")
    assert (await person.login(password="not the right one", totp=person.code())).json()["code"] == "auth.login_refused"
    assert (await person.login(totp=person.code())).status_code == 200


async def test_each_code_works_once_and_none_before_it(person: Person) -> None:
    later, now = person.code(1), person.code()
    answers = [await person.login(totp=code) for code in (later, later, now)]
    assert [answer.status_code for answer in answers] == [200, 401, 401]
    assert answers[1].json()["code"] == "auth.totp_refused"


async def test_a_code_used_twice_at_once_works_once(person: Person) -> None:
    code = person.code()
    answers = await asyncio.gather(*(person.login(totp=code) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


@pytest.mark.parametrize("steps", [-3, 3])
async def test_codes_of_other_times_are_refused(person: Person, steps: int) -> None:
    assert (await person.login(totp=person.code(steps))).json()["code"] == "auth.totp_refused"


async def test_each_recovery_code_works_once_however_it_is_typed(person: Person) -> None:
    code = person.recovery_codes[0].upper().replace("-", " ")
    answers = [(await person.login(totp=each)).status_code for each in (code, code, person.recovery_codes[1])]
    assert answers == [200, 401, 200]


async def test_wrong_codes_count_as_failures_and_missing_ones_do_not(person: Person) -> None:
    answers = []
    for _ in range(5):
        answers.append((await person.login()).json()["code"])
        answers.append((await person.login(totp="000000")).json()["code"])
    assert answers == ["auth.totp_required", "auth.totp_refused"] * 5
    assert (await person.login(totp=person.code())).json()["code"] == "auth.too_many_tries"


async def test_turning_it_off_takes_password_and_code(person: Person) -> None:
    wrong_password = await person.ask("DELETE", "totp", password="not the right one", code=person.code())
    wrong_code = await person.ask("DELETE", "totp", password=PASSWORD, code="000000")
    assert [each.json()["code"] for each in (wrong_password, wrong_code)] == ["auth.password_wrong", "auth.code_wrong"]
    right = await person.ask("DELETE", "totp", password=PASSWORD, code=person.recovery_codes[3])
    assert right.status_code == 204
    assert (await person.login()).status_code == 200
    assert (await person.login(totp=person.recovery_codes[4])).status_code == 200  # nothing is asked for any more
    assert await scalar(person.environment, "SELECT count(*) FROM recovery_codes") == 0


async def test_states_that_do_not_fit_are_conflicts(ana_with_app: Person) -> None:
    person = ana_with_app
    none_yet = await person.ask("POST", "totp/confirm", code="123456")
    not_on = await person.ask("DELETE", "totp", password=PASSWORD, code="123456")
    assert [each.json()["code"] for each in (none_yet, not_on)] == ["auth.totp_off"] * 2
    await person.turn_on()
    again = await person.ask("POST", "totp", password=PASSWORD)
    confirmed_again = await person.ask("POST", "totp/confirm", code=person.code())
    assert [each.json()["code"] for each in (again, confirmed_again)] == ["auth.totp_on"] * 2


async def test_secrets_are_sealed_and_recovery_codes_hashed(person: Person) -> None:
    for table in ("totps", "recovery_codes", "audits", "idempotency_keys"):
        kept = await scalar(person.environment, f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")
        assert person.secret not in kept
        assert person.secret.encode().hex() not in kept
        assert person.recovery_codes[0].replace("-", "") not in kept


async def test_a_new_encryption_key_seals_the_secret_anew(
    person: Person, auth_environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = f"{KeyRing.new_setting('k2')},{auth_environment['ENCRYPTION_KEYS']}"
    monkeypatch.setenv("ENCRYPTION_KEYS", keys)
    told = await run(AuthSettings.from_environment(), "reencrypt")
    assert told["reencrypted"]["Totp.secret"] == 1


async def test_acts_and_failures_are_audited(person: Person) -> None:
    await person.login(totp="000000")
    await person.login(totp=person.recovery_codes[0])
    await person.ask("DELETE", "totp", password=PASSWORD, code=person.code())
    query = "SELECT string_agg(action || '/' || outcome, ' ') FROM audits"
    told = set((await scalar(person.environment, query)).replace(" refused", "_refused").split())
    wanted = {"totp.begun/ok", "totp.on/ok", "login/totp_refused", "totp.recovery_code/used", "totp.off/ok"}
    assert wanted <= told


@pytest.mark.parametrize("code", ["\x00\x00\x00\x00\x00\x00", "\u0661\u0662\u0663\u0664\u0665\u0666", "x" * 32])
async def test_nonsense_is_only_a_wrong_code(person: Person, code: str) -> None:
    assert (await person.login(totp=code)).status_code == 401


async def test_the_step_of_a_code_may_be_the_first_ever(person: Person) -> None:
    await execute(person.environment, "UPDATE totps SET last_step = NULL")
    assert (await person.login(totp=person.code())).status_code == 200
