"""A mail server of the tests' own, speaking real SMTP on a loopback port."""

import asyncio
import datetime as dt
import ipaddress
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_TOKEN = re.compile(r"#(?:verify-email|reset-password)=([\w-]+)")


class PostOffice:
    """Keeps what comes in. ``refusals`` are answers to the next recipients, one each, before they are taken."""

    def __init__(self) -> None:
        self.port = 0
        self.mails: list[EmailMessage] = []
        self.refusals: list[str] = []
        self.recipients: list[str] = []
        self.users: set[str] = set()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names it
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.refusals:
            return self.refusals.pop(0)
        envelope.rcpt_tos.append(address)
        self.recipients.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: LoginPassword
    ) -> AuthResult:
        user = given.login.decode()
        right = given.password == b"right"
        if right:
            self.users.add(user)
        return AuthResult(success=right, handled=False)

    def text(self, number: int = -1) -> str:
        part = self.mails[number].get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    def html(self, number: int = -1) -> str:
        part = self.mails[number].get_body(("html",))
        assert part is not None
        return str(part.get_content())

    def token(self, number: int = -1) -> str:
        found = _TOKEN.search(self.text(number))
        assert found is not None, self.text(number)
        return found[1]


@asynccontextmanager
async def post_office(
    *,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    login: bool = False,
    port: int = 0,
) -> AsyncIterator[PostOffice]:
    """Open a mail server, with STARTTLS, with TLS from the start or plain; ``login`` demands a password.

    ``port`` 0 takes a free one.
    """
    office = PostOffice()
    options: dict[str, Any] = {"hostname": "mail.test", "enable_SMTPUTF8": True}
    if login:
        # With TLS from the start the server does not know that it has it.
        options |= {"authenticator": office.authenticate, "auth_required": tls is None, "auth_require_tls": tls is None}
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(office, tls_context=starttls, **options), "127.0.0.1", port, ssl=tls
    )
    async with server:
        office.port = server.sockets[0].getsockname()[1]
        yield office


def server_certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate for 127.0.0.1; return the server's side and the file that clients are to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=True,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "mail.pem", folder / "mail.key"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file, key_file)
    return context, certificate_file
