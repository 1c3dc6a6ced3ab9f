from email.message import EmailMessage
from pathlib import Path

import pytest
from post_office import post_office, server_certificate

from auth.mail.letters import RESET, VERIFY, compose
from auth.mail.mailer import Mailer, MailNotSent, MailServer, RecipientRefused
from common.testing.ports import free_port

SENDER = "Running Trainer <no-reply@example.org>"


def letter(name: str = "Ana", to: str = "ana@example.org") -> EmailMessage:
    return compose(VERIFY, to=to, name=name, public_url="https://run.example.org/", token="the-token")


def plain(port: int) -> MailServer:
    return MailServer("127.0.0.1", port, SENDER, security="none", timeout=2)


async def test_a_mail_arrives_as_text_and_as_html_with_the_same_link() -> None:
    async with post_office() as office:
        await Mailer(plain(office.port)).send(letter())
    assert office.recipients == ["ana@example.org"]
    mail = office.mails[0]
    assert (mail["From"], mail["To"], mail["Subject"]) == (SENDER, "ana@example.org", "Confirm your e-mail address")
    link = "https://run.example.org/#verify-email=the-token"
    assert link in office.text()
    assert f'href="{link}"' in office.html()


def test_subjects_and_headers_hold_no_token() -> None:
    for kind in (VERIFY, RESET):
        mail = compose(kind, to="a@example.org", name="A", public_url="https://x.example", token="the-token")
        assert "the-token" not in " ".join(str(value) for value in mail.values())


def test_what_people_call_themselves_cannot_write_html() -> None:
    mail = letter(name="<img src=x> & $link")
    html = mail.get_body(("html",))
    assert html is not None
    assert "&lt;img src=x&gt; &amp; $link" in html.get_content()
    assert "<img" not in html.get_content()


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_mail_goes_out_encrypted_after_signing_in(security: str, tmp_path: Path) -> None:
    context, trusted = server_certificate(tmp_path)
    starttls, tls = (context, None) if security == "starttls" else (None, context)
    async with post_office(starttls=starttls, tls=tls, login=True) as office:
        account = {"username": "mailer", "password": "right", "ca_file": str(trusted), "timeout": 2}
        await Mailer(MailServer("127.0.0.1", office.port, SENDER, security=security, **account)).send(letter())  # type: ignore[arg-type] # made of one dict
    assert (office.users, len(office.mails)) == ({"mailer"}, 1)


async def test_a_server_that_cannot_be_trusted_gets_nothing(tmp_path: Path) -> None:
    context, _ = server_certificate(tmp_path)
    async with post_office(starttls=context) as office:
        with pytest.raises(MailNotSent):
            await Mailer(MailServer("127.0.0.1", office.port, SENDER, timeout=2)).send(letter())
    assert office.recipients == []


async def test_a_server_without_encryption_gets_nothing_where_it_is_demanded() -> None:
    async with post_office() as office:
        with pytest.raises(MailNotSent):
            await Mailer(MailServer("127.0.0.1", office.port, SENDER, timeout=2)).send(letter())
    assert office.recipients == []


async def test_a_wrong_password_is_no_fault_of_the_recipient(tmp_path: Path) -> None:
    context, trusted = server_certificate(tmp_path)
    async with post_office(starttls=context, login=True) as office:
        server = MailServer(
            "127.0.0.1", office.port, SENDER, username="mailer", password="wrong", ca_file=str(trusted), timeout=2
        )
        with pytest.raises(MailNotSent, match="SMTPAuthenticationError 535"):
            await Mailer(server).send(letter())


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [("550 No such user", RecipientRefused), ("450 Try later", MailNotSent), ("452 Full", MailNotSent)],
)
async def test_only_a_refusal_for_good_is_final(answer: str, outcome: type[Exception]) -> None:
    async with post_office() as office:
        office.refusals.append(f"{answer} ana@example.org")
        with pytest.raises(outcome) as refusal:
            await Mailer(plain(office.port)).send(letter())
    assert "ana" not in str(refusal.value)


async def test_a_server_that_is_away_is_left_alone_for_a_while() -> None:
    mailer = Mailer(plain(free_port()))
    said = set()
    for _ in range(6):
        with pytest.raises(MailNotSent) as refusal:
            await mailer.send(letter())
        said.add(str(refusal.value))
    assert "The mail server does not answer at the moment." in said


async def test_an_address_beyond_ascii_is_written_as_it_is() -> None:
    async with post_office() as office:
        await Mailer(plain(office.port)).send(letter(to="jürgen@example.org"))
    assert office.recipients == ["jürgen@example.org"]
