"""What mails say: a plain text and the same as HTML, from the templates of this package."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTPUTF8
from email.utils import formatdate, make_msgid
from functools import cache
from html import escape
from importlib.resources import files
from string import Template


@dataclass(frozen=True)
class Letter:
    """A kind of mail; ``path`` is that of the page it leads to, before the token if it has one."""

    name: str
    subject: str
    path: str


VERIFY = Letter("verify_email", "Confirm your e-mail address", "/#verify-email=")
RESET = Letter("reset_password", "Set a new password", "/#reset-password=")
TAKEN = Letter("address_taken", "You have an account already", "/")


def compose(letter: Letter, *, to: str, name: str, public_url: str, token: str) -> EmailMessage:
    """Write a mail to a person. The token stands in the fragment of the link, which no server gets to see.

    ``name`` is empty while it may be that of somebody else, who would have us send their words to any address.
    """
    values = {
        "greeting": f"Hello {name}," if name else "Hello,",
        "link": f"{public_url.rstrip('/')}{letter.path}{token}",
    }
    message = EmailMessage(policy=SMTPUTF8)
    message["To"] = to
    message["Subject"] = letter.subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain="running-trainer.invalid")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_filled(f"{letter.name}.txt", values))
    escaped = {key: escape(value) for key, value in values.items()}
    message.add_alternative(_filled(f"{letter.name}.html", escaped), subtype="html")
    return message


def _filled(file: str, values: Mapping[str, str]) -> str:
    return _template(file).substitute(values)


@cache
def _template(file: str) -> Template:
    return Template(files("auth.mail").joinpath("templates", file).read_text("utf-8"))
