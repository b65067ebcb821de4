"""A mail that a provider posts is verified and stored once; anything else is a problem and stores nothing."""

import base64
from uuid import UUID, uuid4

import httpx2
import pytest
from starlette.testclient import TestClient

from db import Database, mailboxes, mails
from db.mailboxes import NewMailbox
from ingress.keys import create
from ingress.mail_webhooks import body_limit
from schemas.enums import MailSecurity
from schemas.errors import NoSuchRow
from schemas.settings import Settings
from telemetry.secrets import Keyring
from tests.ingress.conftest import Books, Sender

RAW = b"From: bob@example.test\r\nSubject: Re: Hello\r\n\r\nYes.\r\n"


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def mailbox(database: Database, tenant: UUID, email: str = "sales@acme.test") -> UUID:
    with database.tenant(tenant) as tx:
        made = mailboxes.new_id(tx)
        mailboxes.add(tx, NewMailbox(
            made, email, None, "127.0.0.1", 25, MailSecurity.NONE, None, None, MailSecurity.NONE,
            None, "INBOX", None, 10, "UTC"))  # fmt: skip
    return made


@pytest.fixture
def provider(database: Database, keyring: Keyring, tenant: UUID, client: TestClient) -> Sender:
    """A mail provider that signs."""
    key = create(
        database, keyring, tenant_slug="acme", source="relay", takes="mails", operator="tests"
    )
    assert key.path == "/webhooks/mail/relay"
    return Sender(client, key, key.path)


def rows(books: Books) -> tuple[object, ...]:
    [found] = books.ask("""
        SELECT (SELECT count(*) FROM outrider.webhook_events), (SELECT count(*) FROM outrider.mails),
               (SELECT count(*) FROM outrider.jobs WHERE actor = 'mail.match')""")
    return found


def wrong(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["field"]


def test_a_posted_mail_is_kept_byte_for_byte_and_starts_its_way(
    provider: Sender, books: Books, database: Database, tenant: UUID
) -> None:
    answer = provider.post({"raw_b64": b64(RAW)})
    assert answer.status_code == 202
    with database.tenant(tenant) as tx:
        kept = mails.get(tx, UUID(answer.json()["mail_id"]))
    assert (kept.raw, kept.source, kept.mailbox_id) == (RAW, "webhook:relay", None)
    assert rows(books) == (1, 1, 1)
    assert books.ask("SELECT body, mail_id FROM outrider.webhook_events") == [(b"", kept.id)]


def test_a_mail_that_comes_twice_is_kept_once_whichever_way(
    provider: Sender, books: Books, database: Database, tenant: UUID
) -> None:
    first = provider.post({"raw_b64": b64(RAW)}, name="evt_1").json()
    again = provider.post({"raw_b64": b64(RAW)}, name="evt_1").json()
    other = provider.post({"raw_b64": b64(RAW)}, name="evt_2").json()
    assert [first["duplicate"], again["duplicate"], other["duplicate"]] == [False, True, True]
    assert first["mail_id"] == again["mail_id"] == other["mail_id"]
    assert rows(books) == (2, 1, 1)


def test_the_mailbox_is_the_posted_one_or_the_source_s_own(
    provider: Sender, client: TestClient, database: Database, keyring: Keyring, tenant: UUID
) -> None:
    sales, help_ = mailbox(database, tenant), mailbox(database, tenant, "help@acme.test")
    key = create(
        database, keyring, tenant_slug="acme", source="own", takes="mails", mailbox="Help@acme.test"
    )
    own = Sender(client, key, key.path)
    told = [
        provider.post({"raw_b64": b64(RAW + b"1"), "mailbox": "Sales@acme.test"}),
        own.post({"raw_b64": b64(RAW + b"2")}),
        own.post({"raw_b64": b64(RAW + b"3"), "mailbox": "sales@acme.test"}),
    ]
    with database.tenant(tenant) as tx:
        found = [mails.get(tx, UUID(one.json()["mail_id"])).mailbox_id for one in told]
    assert found == [sales, help_, sales]


def test_what_is_no_mail_names_its_field_and_stores_nothing(provider: Sender, books: Books) -> None:
    for body, field in (
        ({}, "raw_b64"),
        ({"raw_b64": 7}, "raw_b64"),
        ({"raw_b64": "not base64!"}, "raw_b64"),
        ({"raw_b64": b64(b" \n")}, "raw_b64"),
        ({"raw_b64": b64(RAW), "mailbox": 7}, "mailbox"),
        ({"raw_b64": b64(RAW), "mailbox": "nobody@acme.test"}, "mailbox"),
        ({"raw_b64": b64(RAW), "mailbx": "x"}, "mailbx"),
        ([], "(body)"),
    ):
        assert wrong(provider.post(body)) == (422, field)
    assert provider.post(b"{").status_code == 400
    assert rows(books) == (0, 0, 0)


def test_the_doors_of_leads_and_of_mails_are_not_each_other_s(
    provider: Sender, sender: Sender, books: Books
) -> None:
    crossed = Sender(provider.client, provider.key, "/webhooks/leads/relay")
    assert crossed.post().status_code == 401
    crossed = Sender(sender.client, sender.key, "/webhooks/mail/crm")
    assert crossed.post({"raw_b64": b64(RAW)}).status_code == 401
    body = b'{"raw_b64": "' + b64(RAW).encode() + b'"}'
    forged = provider.headers(body, secret="whsec_" + b64(b"x" * 32))
    assert provider.raw(body, forged).status_code == 401
    assert rows(books) == (0, 0, 0)


def test_a_mail_may_be_as_large_as_the_settings_say(
    provider: Sender, settings: Settings, books: Books
) -> None:
    most = settings.mail_max_bytes
    assert body_limit(most) > most * 4 / 3
    assert provider.post(b'{"raw_b64": "' + b"A" * body_limit(most) + b'"}').status_code == 413
    assert provider.post({"raw_b64": b64(RAW + b"x" * (most - len(RAW)))}).status_code == 202
    assert provider.post({"raw_b64": b64(RAW + b"y" * (most - len(RAW) + 3))}).status_code == 413
    assert rows(books) == (1, 1, 1)


def test_a_source_for_an_unknown_mailbox_is_not_made(
    database: Database, keyring: Keyring, tenant: UUID, books: Books
) -> None:
    with pytest.raises(NoSuchRow, match="mailbox"):
        create(
            database,
            keyring,
            tenant_slug="acme",
            source=f"s-{uuid4().hex[:8]}",
            takes="mails",
            mailbox="x@y.test",
        )
    assert books.ask("SELECT count(*) FROM outrider.webhook_sources") == [(0,)]
