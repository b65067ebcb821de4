"""`read_mailbox`: every mail stored once with its fact, the cursor behind it, and refusals in sight."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import Database, mailbox_cursors, mailboxes, mails
from db.mailboxes import Mailbox
from providers.fake_mail import FakeReader
from schemas.enums import JobOutcome, JobState, MailboxStatus, MailSecurity
from schemas.errors import JobError, Permanent, RateLimited, Transient
from schemas.jobs import ReadMailbox
from tests.factories import enqueue, tenant_called
from tests.fix_world import Bench
from workers import mailboxes as _actor
from workers.actor import registered

assert _actor
Peek = Callable[..., list[tuple[Any, ...]]]
READ = registered(["mailbox.read"])["mailbox.read"]
PAGE = _actor.PAGE


@pytest.fixture
def mailbox_id(database: Database, tenant: UUID) -> UUID:
    """A mailbox that is read, and asks for no password."""
    return add(database, tenant)


def add(database: Database, tenant: UUID, **known: Any) -> UUID:
    with database.tenant(tenant) as tx:
        given: dict[str, Any] = {
            "id": mailboxes.new_id(tx), "email": "sales@us.test", "display_name": None,
            "smtp_host": "127.0.0.1", "smtp_port": 1, "smtp_security": MailSecurity.NONE,
            "imap_host": "127.0.0.1", "imap_port": 1, "imap_security": MailSecurity.NONE,
            "username": None, "inbox_folder": "INBOX", "sent_folder": None, "daily_cap": 5,
            "timezone": "UTC", **known,
        }  # fmt: skip
        new = mailboxes.NewMailbox(**given)
        mailboxes.add(tx, new)
    return new.id


def mailbox(bench: Bench, mailbox_id: UUID) -> Mailbox:
    with bench.database.tenant(bench.tenant) as tx:
        return mailboxes.get(tx, mailbox_id)


def cursor(bench: Bench, mailbox_id: UUID) -> mailbox_cursors.FolderCursor | None:
    with bench.database.tenant(bench.tenant) as tx:
        return mailbox_cursors.find(tx, mailbox_id, "INBOX")


def stored(peek: Peek) -> list[bytes]:
    return sorted(bytes(raw) for (raw,) in peek("SELECT raw FROM outrider.mails"))


def facts(peek: Peek) -> int:
    [(number,)] = peek("SELECT count(*) FROM outrider.jobs WHERE actor = 'mail.match'")
    return number


def test_every_mail_is_stored_as_it_came_and_is_a_fact(
    bench: Bench, reader: FakeReader, mailbox_id: UUID, peek: Peek
) -> None:
    reader.folders["INBOX"] = [b"one\r\n\0\xff", b"two"]
    assert bench.state(bench.do(READ, ReadMailbox(mailbox_id=mailbox_id))) == (JobOutcome.DONE, 1)
    assert (stored(peek), facts(peek)) == ([b"one\r\n\0\xff", b"two"], 2)
    known = cursor(bench, mailbox_id)
    assert known
    assert (known.uid_validity, known.last_uid) == (1, 2)
    assert known.read_at
    [(mail_id,)] = peek("SELECT id FROM outrider.mails WHERE raw = 'two'")
    with bench.database.tenant(bench.tenant) as tx:
        mail = mails.get(tx, mail_id)
    assert (mail.mailbox_id, mail.source, mail.matched_by) == (mailbox_id, "imap:INBOX", None)


def test_a_second_look_stores_what_is_new_and_nothing_else(
    bench: Bench, reader: FakeReader, mailbox_id: UUID, peek: Peek
) -> None:
    reader.folders["INBOX"] = [b"one"]
    bench.do(READ, ReadMailbox(mailbox_id=mailbox_id))
    bench.do(READ, ReadMailbox(mailbox_id=mailbox_id))
    reader.folders["INBOX"].append(b"two")
    bench.do(READ, ReadMailbox(mailbox_id=mailbox_id))
    assert (stored(peek), facts(peek)) == ([b"one", b"two"], 2)


def test_an_empty_mailbox_was_read_nevertheless(bench: Bench, mailbox_id: UUID) -> None:
    assert cursor(bench, mailbox_id) is None, "nobody looked yet"
    bench.do(READ, ReadMailbox(mailbox_id=mailbox_id))
    known = cursor(bench, mailbox_id)
    assert known
    assert (known.last_uid, known.read_at is not None) == (0, True)


def test_many_mails_are_read_page_by_page(
    bench: Bench, reader: FakeReader, mailbox_id: UUID, peek: Peek
) -> None:
    reader.folders["INBOX"] = [b"%d" % n for n in range(2 * PAGE + 1)]
    bench.do(READ, ReadMailbox(mailbox_id=mailbox_id))
    assert (stored(peek), facts(peek)) == (sorted(reader.folders["INBOX"]), 2 * PAGE + 1)


def test_after_a_page_that_was_lost_the_earlier_ones_are_kept_and_nothing_counts_as_read(
    bench: Bench, reader: FakeReader, mailbox_id: UUID, peek: Peek
) -> None:
    reader.folders["INBOX"] = [b"%d" % n for n in range(PAGE + 1)]
    after_one = Breaking(reader, pages=1)
    bench.runner.providers = replaced(bench, after_one)
    job_id = bench.do(READ, ReadMailbox(mailbox_id=mailbox_id))
    assert bench.state(job_id) == (JobState.DELAYED, 1)
    known = cursor(bench, mailbox_id)
    assert known
    assert (len(stored(peek)), known.last_uid, known.read_at) == (PAGE, PAGE, None)
    after_one.pages = 9
    bench.attempt(READ, job_id)
    assert (stored(peek), facts(peek)) == (sorted(reader.folders["INBOX"]), PAGE + 1)


def test_another_uidvalidity_reads_all_anew_and_stores_nothing_twice(
    bench: Bench, reader: FakeReader, mailbox_id: UUID, peek: Peek
) -> None:
    reader.folders["INBOX"] = [b"one", b"two"]
    bench.do(READ, ReadMailbox(mailbox_id=mailbox_id))
    reader.uid_validity, reader.folders["INBOX"] = 2, [b"two", b"one", b"three"]
    bench.do(READ, ReadMailbox(mailbox_id=mailbox_id))
    assert (stored(peek), facts(peek)) == ([b"one", b"three", b"two"], 3)
    known = cursor(bench, mailbox_id)
    assert known
    assert (known.uid_validity, known.last_uid) == (2, 3)


def test_a_refusal_pauses_the_mailbox_with_the_server_s_words(
    bench: Bench, reader: FakeReader, mailbox_id: UUID
) -> None:
    reader.refusal = Permanent("imap: the server refused the login: Invalid credentials.")
    assert bench.state(bench.do(READ, ReadMailbox(mailbox_id=mailbox_id)))[0] is JobOutcome.DONE
    found = mailbox(bench, mailbox_id)
    assert (found.status, found.paused_reason) == (MailboxStatus.PAUSED, str(reader.refusal))
    assert cursor(bench, mailbox_id) is None, "not read is not empty"


def test_a_paused_mailbox_is_still_read(
    bench: Bench, reader: FakeReader, mailbox_id: UUID, peek: Peek
) -> None:
    with bench.database.tenant(bench.tenant) as tx:
        assert mailboxes.pause(tx, mailbox_id, "the server refused to send")
    reader.folders["INBOX"] = [b"a reply"]
    bench.do(READ, ReadMailbox(mailbox_id=mailbox_id))
    assert stored(peek) == [b"a reply"]
    assert mailbox(bench, mailbox_id).paused_reason == "the server refused to send"


@pytest.mark.parametrize("known", [{"username": "sales"}, {"imap_host": None, "imap_port": None}])
def test_a_mailbox_that_cannot_be_read_says_why(
    bench: Bench, database: Database, tenant: UUID, known: dict[str, Any]
) -> None:
    mailbox_id = add(database, tenant, **known)
    bench.do(READ, ReadMailbox(mailbox_id=mailbox_id))
    reason = mailbox(bench, mailbox_id).paused_reason
    assert reason
    assert reason.startswith(("password: sales@us.test has none", "imap: sales@us.test has no"))


@pytest.mark.parametrize(
    "trouble", [Transient("gone"), RateLimited("soon", retry_after=READ.limit * 0)]
)
def test_trouble_is_tried_again_and_then_left_to_the_next_stir(
    bench: Bench, reader: FakeReader, mailbox_id: UUID, trouble: JobError
) -> None:
    reader.refusal = trouble
    job_id = bench.do(READ, ReadMailbox(mailbox_id=mailbox_id))
    assert bench.state(job_id)[0] in {JobState.DELAYED, JobState.READY}
    for _ in range(5):
        if bench.state(job_id)[0] is not JobOutcome.DONE:
            bench.attempt(READ, job_id)
    if type(trouble) is Transient:
        assert bench.state(job_id) == (JobOutcome.DONE, 3)
    assert mailbox(bench, mailbox_id).status is MailboxStatus.ACTIVE
    assert cursor(bench, mailbox_id) is None, "not read is not empty"


def test_a_mailbox_of_another_tenant_is_none(bench: Bench, database: Database, peek: Peek) -> None:
    other = tenant_called(database, "other")
    foreign = add(database, other, email="x@other.test")
    job_id = bench.do(READ, ReadMailbox(mailbox_id=foreign))
    assert bench.state(job_id)[0] is JobOutcome.DEAD


class Breaking:
    """A reader whose line breaks after some pages."""

    def __init__(self, reader: FakeReader, pages: int) -> None:
        self.reader = reader
        self.pages = pages

    def fetch(self, *arguments: Any, **options: Any) -> Any:
        if self.pages == 0:
            raise Transient("the line broke")
        self.pages -= 1
        return self.reader.fetch(*arguments, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.reader, name)


def replaced(bench: Bench, reader: Any) -> Any:
    return replace(bench.runner.providers, reader=reader)


@settings(
    max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), min_size=1, max_size=4)
)
def test_in_any_order_of_arrivals_crashes_and_renumberings_every_mail_is_stored_once(
    bench: Bench, reader: FakeReader, mailbox_id: UUID, peek: Peek,
    history: list[tuple[int, int, bool]],
) -> None:  # fmt: skip
    peek(
        "DELETE FROM outrider.mails; DELETE FROM outrider.mailbox_cursors; DELETE FROM outrider.jobs; DELETE FROM outrider.job_keys"
    )
    box = reader.folders["INBOX"] = []
    for arriving, pages, renumbered in history:
        box += [b"mail %d" % (len(box) + n) for n in range(arriving * 30)]
        reader.uid_validity += renumbered
        bench.runner.providers = replaced(bench, Breaking(reader, pages))
        bench.do(READ, ReadMailbox(mailbox_id=mailbox_id))
    bench.runner.providers = replaced(bench, reader)
    bench.do(READ, ReadMailbox(mailbox_id=mailbox_id))
    assert stored(peek) == sorted(box)
    assert facts(peek) == len(box)


def test_two_looks_at_once_store_each_mail_once(
    bench: Bench, reader: FakeReader, mailbox_id: UUID, peek: Peek
) -> None:
    reader.folders["INBOX"] = [b"%d" % n for n in range(10)]
    enqueue(bench.database, bench.tenant, ReadMailbox(mailbox_id=mailbox_id))
    with bench.database.tenant(bench.tenant) as tx:  # what the other look wrote meanwhile
        for raw in reader.folders["INBOX"][:5]:
            assert mails.store(tx, mailbox_id, raw, "imap:INBOX")
    bench.do(READ, ReadMailbox(mailbox_id=mailbox_id))
    assert stored(peek) == sorted(reader.folders["INBOX"])
    assert facts(peek) == 5
    peek(
        "DELETE FROM outrider.mails WHERE id NOT IN (SELECT (payload->>'mail_id')::uuid FROM outrider.jobs WHERE actor = 'mail.match')"
    )
