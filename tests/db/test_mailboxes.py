"""Mailboxes, how far they were read, what came in, and whose password is whose."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from db import Database, credentials, mailbox_cursors, mailbox_days, mailboxes, mails
from db.mailboxes import NewMailbox
from db.tenants import NameTaken
from schemas.enums import MailboxStatus, MailMatch, MailSecurity
from schemas.errors import NoSuchRow
from telemetry.secrets import Purpose
from tests.factories import tenant_called

SALES = NewMailbox(
    id=uuid4(), email="Sales@Us.test", display_name="Sales", smtp_host="smtp.us.test", smtp_port=465,
    smtp_security=MailSecurity.TLS, imap_host="imap.us.test", imap_port=993,
    imap_security=MailSecurity.STARTTLS, username="sales", inbox_folder="INBOX",
    sent_folder="Sent", daily_cap=2, timezone="Europe/Berlin",
)  # fmt: skip


@pytest.fixture
def sales(database: Database, tenant: UUID) -> UUID:
    with database.tenant(tenant) as tx:
        mailboxes.add(tx, SALES)
    return SALES.id


def test_a_mailbox_is_found_as_it_was_told_and_only_by_its_tenant(
    database: Database, tenant: UUID, sales: UUID
) -> None:
    with database.tenant(tenant) as tx:
        found = mailboxes.get_by_email(tx, "SALES@us.test")
        assert (found.id, found.tenant_id, found.email) == (sales, tenant, "Sales@Us.test")
        assert (found.imap_security, found.status) == (MailSecurity.STARTTLS, MailboxStatus.ACTIVE)
        assert mailboxes.list_all(tx) == [mailboxes.get(tx, sales)]
    with database.tenant(tenant_called(database, "other")) as tx:
        assert mailboxes.list_all(tx) == []
        with pytest.raises(NoSuchRow, match="no mailbox"):
            mailboxes.get(tx, sales)
        with pytest.raises(NoSuchRow, match=r"no mailbox sales@us\.test"):
            mailboxes.get_by_email(tx, "sales@us.test")


def test_an_address_is_one_mailbox_of_one_tenant(
    database: Database, tenant: UUID, sales: UUID
) -> None:
    again = replace(SALES, id=uuid4(), email="sales@us.TEST")
    for owner in (tenant, tenant_called(database, "other")):
        with pytest.raises(NameTaken, match="is a mailbox already"), database.tenant(owner) as tx:
            mailboxes.add(tx, again)


def test_a_pause_keeps_its_first_reason_and_a_resume_forgets_it(
    database: Database, tenant: UUID, sales: UUID
) -> None:
    with database.tenant(tenant) as tx:
        assert mailboxes.pause(tx, sales, "refused")
        assert not mailboxes.pause(tx, sales, "refused again")
        assert mailboxes.get(tx, sales).paused_reason == "refused"
        assert mailboxes.resume(tx, sales)
        assert not mailboxes.resume(tx, sales)
        assert mailboxes.get(tx, sales).status is MailboxStatus.ACTIVE


def test_a_list_says_what_today_is_and_when_somebody_looked(
    database: Database, tenant: UUID, sales: UUID, at: Callable[[datetime], None]
) -> None:
    at(datetime(2026, 11, 23, 22, 30, tzinfo=UTC))
    with database.tenant(tenant) as tx:
        mailbox_days.reserve(tx, sales)
        [state] = mailboxes.list_states(tx)
    assert (state.email, state.status, state.sent_today, state.read_at) == ("Sales@Us.test", "active", 1, None)  # fmt: skip
    at(datetime(2026, 11, 23, 23, 30, tzinfo=UTC))  # the next day in Berlin
    with database.tenant(tenant) as tx:
        mailbox_cursors.advance(tx, sales, "INBOX", uid_validity=1, last_uid=0, complete=True)
        [state] = mailboxes.list_states(tx)
        assert (state.sent_today, state.read_at is not None) == (0, True)
        mailbox_days.give_back(tx, sales, datetime(2026, 11, 23, tzinfo=UTC).date())


def test_a_cursor_never_goes_back_under_one_uidvalidity(
    database: Database, tenant: UUID, sales: UUID
) -> None:
    def advance(validity: int, uid: int, *, complete: bool = False) -> tuple[int, int, bool]:
        with database.tenant(tenant) as tx:
            mailbox_cursors.advance(
                tx, sales, "INBOX", uid_validity=validity, last_uid=uid, complete=complete
            )
            found = mailbox_cursors.find(tx, sales, "INBOX")
        assert found
        return found.uid_validity, found.last_uid, found.read_at is not None

    assert advance(1, 50) == (1, 50, False)
    assert advance(1, 90, complete=True) == (1, 90, True)
    assert advance(1, 50) == (1, 90, True), "a late one"
    assert advance(2, 7) == (2, 7, True), "read_at is when somebody last reached the end"


def test_a_mail_is_kept_once_per_tenant_byte_for_byte(
    database: Database, tenant: UUID, sales: UUID, peek: Callable[..., list[tuple[Any, ...]]]
) -> None:
    with database.tenant(tenant) as tx:
        first = mails.store(tx, sales, b"\0\xff\r\nraw", "imap:INBOX")
        assert first
        assert mails.store(tx, None, b"\0\xff\r\nraw", "webhook:x") is None
        assert (
            len(mails.store_all(tx, sales, [b"a", b"b", b"a", b"\0\xff\r\nraw"], "imap:INBOX")) == 2
        )
        mails.set_match(tx, first, MailMatch.REFERENCE)
        mail = mails.get(tx, first)
        with pytest.raises(NoSuchRow):
            mails.get(tx, sales)
    assert (mail.raw, mail.source, mail.matched_by) == (b"\0\xff\r\nraw", "imap:INBOX", MailMatch.REFERENCE)  # fmt: skip
    other = tenant_called(database, "other")
    with database.tenant(other) as tx:
        assert mails.store(tx, None, b"\0\xff\r\nraw", "webhook:x"), "another tenant's own"
    peek("DELETE FROM outrider.mails")  # nobody was told of these


def test_a_password_is_replaced_unread_and_found_by_its_own_tenant_alone(
    database: Database, tenant: UUID
) -> None:
    use = Purpose(tenant, "mailbox", uuid4(), "password")
    for sealed in (b"first", b"second"):
        with database.hat("operator") as tx:
            credentials.put(tx, use, sealed=sealed)
    with database.tenant(tenant) as tx:
        assert credentials.find(tx, use) == b"second"
        assert credentials.find(tx, replace(use, owner_id=uuid4())) is None
    with database.tenant(tenant_called(database, "other")) as tx:
        assert credentials.find(tx, use) is None
