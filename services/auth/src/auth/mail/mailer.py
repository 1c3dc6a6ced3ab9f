"""Sending by SMTP."""

import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Literal

import aiosmtplib

from common.errors import Unavailable
from common.http import Breaker

Security = Literal["starttls", "tls", "none"]
_PERMANENT = range(500, 600)


class MailNotSent(Unavailable):
    """The mail server is away, slow or refuses us; another time it may work."""


class RecipientRefused(Exception):
    """The mail server will never take mail for this address."""


@dataclass(frozen=True)
class MailServer:
    """Where mail goes out. ``ca_file`` names authorities of the operator's own, ``timeout`` is in seconds."""

    host: str
    port: int
    sender: str
    security: Security = "starttls"
    username: str | None = None
    password: str | None = None
    ca_file: str | None = None
    timeout: float = 15.0


class Mailer:
    """Sends one mail at a time over a connection of its own; leaves a server that fails alone for some seconds."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._breaker = Breaker()
        # Made once: reading the authorities takes tens of milliseconds.
        self._tls = None if server.security == "none" else ssl.create_default_context(cafile=server.ca_file)

    async def send(self, message: EmailMessage) -> None:
        """Send a mail with ``To`` and ``Subject``. Raises ``MailNotSent`` and ``RecipientRefused``.

        No error says the address: jobs and logs keep what it says.
        """
        message["From"] = self._server.sender
        permit = self._breaker.try_acquire()
        if permit is None:
            raise MailNotSent("The mail server does not answer at the moment.", retry_after_s=5)
        try:
            await self._deliver(message)
        except aiosmtplib.SMTPRecipientsRefused as error:
            permit.succeeded()
            if all(refusal.code in _PERMANENT for refusal in error.recipients):
                raise RecipientRefused("The mail server refuses the address.") from None
            raise MailNotSent("The mail server does not take mail for the address at the moment.") from None
        except aiosmtplib.SMTPNotSupported:
            permit.succeeded()
            raise RecipientRefused("The mail server cannot write to such an address.") from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            permit.failed()
            code = getattr(error, "code", "")
            raise MailNotSent(f"The mail server did not take the mail: {type(error).__name__} {code}".strip()) from None
        except BaseException:
            permit.abandoned()
            raise
        permit.succeeded()

    async def _deliver(self, message: EmailMessage) -> None:
        server = self._server
        await aiosmtplib.send(
            message,
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=self._tls,
            timeout=server.timeout,
        )
