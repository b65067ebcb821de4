"""A mail world on loopback: a server with mailboxes, and the logins for it."""

import smtplib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from db.mailboxes import NewMailbox
from providers.ports import MailServer
from providers.standins.mail_server import Running, mail_server
from providers.standins.mail_store import Account, Spec
from schemas.enums import MailSecurity
from telemetry.secrets import Keyring, Purpose, Sealed

KEY = bytes(range(32))
SALES = Account(email="sales@us.test", password='p"w\\ ör{3}', sent_copies=True)
PLAIN = Account(email="plain@us.test", password="word")


@dataclass(frozen=True, slots=True)
class Post:
    """A running server, and how to get at it."""

    running: Running
    archive: Path

    def smtp(self, account: Account = SALES, port: str = "smtp", **known: Any) -> MailServer:
        return at(self.running.ports[port], account, **known)

    def imap(self, account: Account = SALES, port: str = "imap", **known: Any) -> MailServer:
        return at(self.running.ports[port], account, **known)

    def deliver(self, mail: bytes, to: str = SALES.email) -> None:
        """Somebody out there writes to us."""
        with smtplib.SMTP("127.0.0.1", self.running.ports["smtp"], "x.test", timeout=10) as smtp:
            smtp.sendmail("somebody@x.test", [to], mail)

    def inbox(self, account: Account = SALES) -> list[bytes]:
        folder = self.running.store.folders[account.email, "INBOX"]
        return self.running.do(lambda _store: [mail.raw for mail in folder.mails])


def at(
    port: int, account: Account, *, security: MailSecurity = MailSecurity.NONE,
    host: str = "127.0.0.1", password: str | None = None,
) -> MailServer:  # fmt: skip
    """A server on this machine, and the sealed login of an account."""
    purpose = Purpose(uuid4(), "mailbox", uuid4(), "password")
    secret = (account.password if password is None else password).encode()
    sealed = Sealed(Keyring([KEY]).seal(secret, purpose), purpose)
    return MailServer(host, port, security, account.email, sealed)


def letter(text: str = "Hello", **headers: str) -> bytes:
    """A small mail."""
    named = {"From": "somebody@x.test", "Subject": "Hi", **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in named.items()]
    return "\r\n".join([*lines, "", text, ""]).encode()


def mailbox_on(post: Post, account: Account, mailbox_id: UUID, **known: Any) -> NewMailbox:
    """What `mailboxes.add` takes for an account of the server."""
    ports = post.running.ports
    given: Mapping[str, Any] = {
        "id": mailbox_id, "email": account.email, "display_name": "Sales", "username": account.email,
        "smtp_host": "127.0.0.1", "smtp_port": ports["smtp"], "smtp_security": MailSecurity.NONE,
        "imap_host": "127.0.0.1", "imap_port": ports["imap"], "imap_security": MailSecurity.NONE,
        "inbox_folder": "INBOX", "sent_folder": "Sent", "daily_cap": 30, "timezone": "UTC",
    }  # fmt: skip
    return NewMailbox(**{**given, **known})


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Post]]:
    """Start a mail server whose world behaves as the keywords of `Spec` say."""
    with ExitStack() as stack:

        def start(accounts: Sequence[Account] = (SALES, PLAIN), **behaviour: Any) -> Post:
            path = tmp_path / f"archive-{uuid4().hex[:6]}.jsonl"
            archive = stack.enter_context(path.open("a", encoding="utf-8"))
            spec = Spec(accounts=tuple(accounts), **behaviour)
            return Post(stack.enter_context(mail_server(spec, archive)), path)

        yield start


@pytest.fixture
def post(serve: Callable[..., Post]) -> Post:
    """A mail server in a world that behaves."""
    return serve()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PEM file with a key and a certificate for `localhost` that only this test run trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return str(path)
