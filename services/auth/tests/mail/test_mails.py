import asyncio
from typing import Any

import httpx2
import pyotp
import pytest
from post_office import PostOffice

from common.testing.atwork import ServiceAtWork

API = "/api/v1/auth"
EMAIL = "Ana@Example.org"
PASSWORD = "a long enough password"
NEW = "another long password"


async def post(service: ServiceAtWork, path: str, **body: Any) -> httpx2.Response:
    return await service.client.post(f"{API}/{path}", json=body)


async def login(service: ServiceAtWork, password: str = PASSWORD) -> httpx2.Response:
    return await post(service, "login", email=EMAIL, password=password)


@pytest.fixture
async def registered(mailing: ServiceAtWork) -> ServiceAtWork:
    answer = await post(mailing, "register", email=EMAIL, password=PASSWORD, display_name="Ana")
    assert answer.status_code == 201, answer.text
    assert answer.json().keys() == {"id", "email", "display_name", "roles"}
    await mailing.settle()
    return mailing


@pytest.fixture
async def verified(registered: ServiceAtWork, office: PostOffice) -> ServiceAtWork:
    assert (await post(registered, "verify-email", token=office.token())).status_code == 204
    await registered.execute("DELETE FROM throttles")
    return registered


async def test_a_new_account_can_sign_in_once_its_address_is_proven(
    registered: ServiceAtWork, office: PostOffice
) -> None:
    early = await login(registered)
    assert (early.status_code, early.json()["code"]) == (401, "auth.login_refused")
    assert "the link in its mail" in early.json()["next_steps"]
    assert (await post(registered, "verify-email", token=office.token())).status_code == 204
    assert (await login(registered)).status_code == 200
    assert office.recipients == ["Ana@example.org"]


async def test_nobody_has_us_send_their_words_to_an_address_that_is_not_theirs(
    mailing: ServiceAtWork, office: PostOffice
) -> None:
    words = "You won! Go to https://evil.example"
    await post(mailing, "register", email=EMAIL, password=PASSWORD, display_name=words)
    await mailing.settle()
    await post(mailing, "password/forgot", email=EMAIL)
    await mailing.settle()
    assert len(office.mails) == 2
    assert all("evil" not in mail.as_string() for mail in office.mails)


async def test_mails_greet_who_has_proven_the_address_by_name(verified: ServiceAtWork, office: PostOffice) -> None:
    await post(verified, "password/forgot", email=EMAIL)
    await verified.settle()
    assert "Hello Ana," in office.text()


async def test_the_log_tells_an_administrator_why_the_right_password_was_refused(registered: ServiceAtWork) -> None:
    await login(registered, "not the right password")
    await login(registered)
    outcomes = await registered.rows("SELECT outcome FROM audits WHERE action = 'login' ORDER BY id")
    assert [row.outcome for row in outcomes] == ["refused", "unverified"]


async def test_a_mailed_token_works_once_and_for_its_own_purpose(registered: ServiceAtWork, office: PostOffice) -> None:
    token = office.token()
    wrong = await post(registered, "password/reset", token=token, new_password=NEW)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "auth.link_invalid")
    answers = [(await post(registered, "verify-email", token=token)).status_code for _ in range(2)]
    assert answers == [204, 400]


async def test_an_old_token_does_not_work(registered: ServiceAtWork, office: PostOffice) -> None:
    await registered.execute("UPDATE mailed_tokens SET expires_at = now() - interval '1 second'")
    assert (await post(registered, "verify-email", token=office.token())).status_code == 400


async def test_two_uses_at_once_are_one(registered: ServiceAtWork, office: PostOffice) -> None:
    token = office.token()
    uses = await asyncio.gather(*(post(registered, "verify-email", token=token) for _ in range(5)))
    assert sorted(each.status_code for each in uses) == [204, 400, 400, 400, 400]


async def test_the_mail_is_sent_again_at_most_once_a_minute(registered: ServiceAtWork, office: PostOffice) -> None:
    soon = await post(registered, "verify-email", email=EMAIL)
    await registered.settle()
    assert (soon.status_code, len(office.mails)) == (202, 1)
    await registered.execute("UPDATE throttles SET blocked_until = blocked_until - interval '60 seconds'")
    assert (await post(registered, "verify-email", email=EMAIL)).status_code == 202
    await registered.settle()
    assert len(office.mails) == 2
    assert (await post(registered, "verify-email", token=office.token(1))).status_code == 204
    assert (await post(registered, "verify-email", token=office.token(0))).status_code == 400


@pytest.mark.parametrize("path", ["verify-email", "password/forgot"])
async def test_an_unknown_address_gets_the_same_answer_the_same_work_and_no_mail(
    mailing: ServiceAtWork, office: PostOffice, path: str
) -> None:
    answer = await post(mailing, path, email="nobody@example.org")
    assert (answer.status_code, answer.content) == (202, b"null")
    assert await mailing.scalar("SELECT count(*) FROM jobs WHERE kind = 'mail'") == 1
    await mailing.settle()
    assert office.mails == []


async def test_who_is_verified_gets_no_second_mail(verified: ServiceAtWork, office: PostOffice) -> None:
    assert (await post(verified, "verify-email", email=EMAIL)).status_code == 202
    await verified.settle()
    assert len(office.mails) == 1


async def test_a_forgotten_password_is_set_anew_by_mail(verified: ServiceAtWork, office: PostOffice) -> None:
    session = (await login(verified)).json()
    assert (await post(verified, "password/forgot", email=EMAIL.upper())).status_code == 202
    await verified.settle()
    answers = [
        (await post(verified, "password/reset", token=office.token(), new_password=NEW)).status_code for _ in range(2)
    ]
    assert answers == [204, 400]
    assert (await login(verified)).status_code == 401
    assert (await login(verified, NEW)).status_code == 200
    ended = await post(verified, "refresh", refresh_token=session["refresh_token"])
    assert ended.status_code == 401


async def test_a_reset_proves_the_address_and_ends_the_delay(registered: ServiceAtWork, office: PostOffice) -> None:
    for _ in range(5):
        await login(registered, "not the right password")
    assert (await login(registered, NEW)).status_code == 429
    await post(registered, "password/forgot", email=EMAIL)
    await registered.settle()
    assert (await post(registered, "password/reset", token=office.token(), new_password=NEW)).status_code == 204
    assert (await login(registered, NEW)).status_code == 200


async def test_a_common_password_leaves_the_link_good(verified: ServiceAtWork, office: PostOffice) -> None:
    await post(verified, "password/forgot", email=EMAIL)
    await verified.settle()
    refused = await post(verified, "password/reset", token=office.token(), new_password="Password1234!")
    assert (refused.status_code, refused.json()["code"]) == (422, "auth.password_common")
    assert refused.json()["errors"][0]["pointer"] == "/body/new_password"
    assert (await post(verified, "password/reset", token=office.token(), new_password=NEW)).status_code == 204


async def test_tokens_of_mails_are_nowhere_but_in_the_mail(registered: ServiceAtWork, office: PostOffice) -> None:
    token = office.token()
    for table in ("jobs", "audits", "mailed_tokens", "outbox"):
        rows = await registered.rows(f"SELECT t::text FROM {table} t")
        assert not [row for row in rows if token in row[0]], table
    hashed = await registered.scalar(
        "SELECT token_hash = sha256('" + token + "'::bytea) FROM mailed_tokens"  # what is kept is the hash
    )
    assert hashed


async def test_a_mail_that_could_not_go_out_is_tried_again(mailing: ServiceAtWork, office: PostOffice) -> None:
    office.refusals.append("451 Later")
    await post(mailing, "register", email=EMAIL, password=PASSWORD, display_name="Ana")
    await mailing.settle()
    assert (await post(mailing, "verify-email", token=office.token())).status_code == 204


async def test_a_refused_address_is_not_tried_again(mailing: ServiceAtWork, office: PostOffice) -> None:
    office.refusals.append("550 No such user here: ana@example.org")
    await post(mailing, "register", email=EMAIL, password=PASSWORD, display_name="Ana")
    await mailing.settle()
    [job] = await mailing.rows("SELECT state, attempts, reason FROM jobs WHERE kind = 'mail'")
    assert (job.state, job.attempts, job.reason) == ("failed", 1, "The mail server refuses the address.")
    assert office.mails == []


@pytest.mark.parametrize("body", [{}, {"token": "x", "email": EMAIL}, {"email": "nonsense"}, {"token": "\0"}])
async def test_bad_verifications_are_refused(mailing: ServiceAtWork, body: dict[str, str]) -> None:
    assert (await post(mailing, "verify-email", **body)).status_code in {400, 422}


async def test_whoever_reads_the_mail_takes_an_account_over_from_one_who_never_did(
    registered: ServiceAtWork, office: PostOffice
) -> None:
    """An address was registered before there was mail: by somebody who prepared ways back in."""
    await registered.execute("UPDATE users SET email_verified_at = now(), email_proven_at = NULL")
    squatter = {"Authorization": f"Bearer {(await login(registered)).json()['access_token']}"}
    token = {"name": "way back", "scopes": ["profile:read"]}
    personal = await registered.client.post(f"{API}/tokens", json=token, headers=squatter)
    await registered.client.post(f"{API}/totp", json={"password": PASSWORD}, headers=squatter)
    await registered.execute(
        "INSERT INTO identities (id, user_id, provider, subject) SELECT gen_random_uuid(), id, 'google', 'x' FROM users"
    )
    await registered.execute("DELETE FROM throttles")
    await post(registered, "password/forgot", email=EMAIL)
    await registered.settle()
    assert (await post(registered, "password/reset", token=office.token(), new_password=NEW)).status_code == 204
    for table in ("identities", "personal_tokens", "totps", "recovery_codes"):
        assert await registered.scalar(f"SELECT count(*) FROM {table}") == 0, table
    used = {"Authorization": f"Bearer {personal.json()['token']}"}
    assert (await registered.client.get(f"{API}/me", headers=used)).status_code == 401
    assert (await login(registered, NEW)).status_code == 200


async def test_the_mail_of_an_administrator_is_not_enough_where_the_second_factor_is_on(
    registered: ServiceAtWork, office: PostOffice
) -> None:
    """The operator made the account, and nobody has read a mail of it yet."""
    await registered.execute("UPDATE users SET email_verified_at = now(), roles = '{athlete,admin}'")
    owner = {"Authorization": f"Bearer {(await login(registered)).json()['access_token']}"}
    begun = await registered.client.post(f"{API}/totp", json={"password": PASSWORD}, headers=owner)
    code = {"code": pyotp.TOTP(begun.json()["secret"]).now()}
    assert (await registered.client.post(f"{API}/totp/confirm", json=code, headers=owner)).status_code == 200
    await registered.execute("DELETE FROM throttles")
    await post(registered, "password/forgot", email=EMAIL)
    await registered.settle()
    assert (await post(registered, "password/reset", token=office.token(), new_password=NEW)).status_code == 204
    answer = await login(registered, NEW)
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.totp_required")


async def test_a_reset_of_a_proven_account_leaves_its_personal_tokens(
    verified: ServiceAtWork, office: PostOffice
) -> None:
    owner = {"Authorization": f"Bearer {(await login(verified)).json()['access_token']}"}
    await verified.client.post(f"{API}/tokens", json={"name": "mine", "scopes": ["profile:read"]}, headers=owner)
    await verified.execute("DELETE FROM throttles")
    await post(verified, "password/forgot", email=EMAIL)
    await verified.settle()
    assert (await post(verified, "password/reset", token=office.token(), new_password=NEW)).status_code == 204
    assert await verified.scalar("SELECT count(*) FROM personal_tokens") == 1
