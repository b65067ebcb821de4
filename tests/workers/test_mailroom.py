"""The mailroom: a sound becomes a job at once, a death is inherited, trouble stays with one mailbox."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import UUID

import pytest

from db import Database, mailbox_watches, mailboxes, sessions
from providers.fake import world
from providers.fake_mail import FakeReader
from providers.imap import Imap
from providers.ports import MailReader
from schemas.errors import Permanent
from telemetry.secrets import Keyring
from tests.factories import session
from tests.fix_mail import KEY, PLAIN, SALES, Post, letter, mailbox_on
from tests.fix_world import Fleet, Said, until
from workers import mailboxes as _actor
from workers.actor import registered
from workers.mailbox_setup import create
from workers.mailroom import Mailroom

assert _actor
Peek = Callable[..., list[tuple[Any, ...]]]
Open = Callable[..., Mailroom]
LEASE = timedelta(seconds=5)
READ = registered(["mailbox.read"])["mailbox.read"]


@pytest.fixture
def keyring() -> Keyring:
    return Keyring([KEY])


@pytest.fixture
def mailbox_id(database: Database, tenant: UUID, post: Post, keyring: Keyring) -> UUID:
    """The sales mailbox, on a real server."""
    return add(database, tenant, post, keyring)


def add(
    database: Database, tenant: UUID, post: Post, keyring: Keyring, account: Any = SALES
) -> UUID:
    with database.tenant(tenant) as tx:
        mailbox_id = mailboxes.new_id(tx)
    new = mailbox_on(post, account, mailbox_id)
    create(database, keyring, tenant, new, password=account.password, operator="test")
    return mailbox_id


@pytest.fixture
def mailroom(database: Database) -> Iterator[Open]:
    """Open mailrooms; each is a process of its own."""
    with ExitStack() as stack:

        def start(reader: MailReader, **known: Any) -> Mailroom:
            session_id = known.pop("session_id", None) or session(database)
            room = Mailroom(database, reader, lambda: session_id, lease=LEASE, **known)
            stack.callback(room.close)
            room.start()
            return room

        yield start


def stirs(peek: Peek, mailbox_id: UUID) -> int:
    """Looks that were asked for and not begun: at most one, for they gather."""
    [(number,)] = peek(
        "SELECT count(*) FROM outrider.jobs WHERE actor = 'mailbox.read' AND payload->>'mailbox_id' = %s",
        str(mailbox_id),
    )
    return number


def forget(peek: Peek) -> None:
    peek("DELETE FROM outrider.jobs; DELETE FROM outrider.job_keys")


def test_a_mail_is_a_job_within_a_second_of_its_arrival(
    database: Database, redis_url: str, fleet: Callable[..., Fleet], mailroom: Open, post: Post,
    keyring: Keyring, mailbox_id: UUID, peek: Peek, providers: Any,
) -> None:  # fmt: skip
    imap = Imap(keyring, max_bytes=100_000)
    parts = fleet([READ])
    parts.runner.providers = world(reader=imap)  # type: ignore[arg-type]
    mailroom(imap, session_id=parts.heart.session_id())
    until(lambda: peek("SELECT 1 FROM outrider.mailbox_cursors WHERE read_at IS NOT NULL"))
    for n in range(3):
        begun = monotonic()
        post.deliver(letter(f"reply {n}"))
        until(lambda: peek("SELECT count(*) FROM outrider.mails") == [(n + 1,)], seconds=5)  # noqa: B023
        assert monotonic() - begun < 2, "a second, and as much again on a busy machine"
    assert peek("SELECT status FROM outrider.mailboxes") == [("active",)]


def test_a_mailbox_is_looked_at_by_the_clock_too(
    mailroom: Open, reader: FakeReader, keyring: Keyring, mailbox_id: UUID, peek: Peek
) -> None:
    mailroom(reader, every=timedelta(milliseconds=50))
    for _ in range(3):
        until(lambda: stirs(peek, mailbox_id))
        forget(peek)


def test_a_sound_is_a_stir_and_silence_is_none(
    mailroom: Open, reader: FakeReader, mailbox_id: UUID, peek: Peek
) -> None:
    mailroom(reader)
    until(lambda: stirs(peek, mailbox_id))
    forget(peek)
    until(lambda: reader.ears)
    reader.ears[0].heard.set()
    until(lambda: stirs(peek, mailbox_id))


def test_mailboxes_beyond_the_ears_are_looked_at_by_the_clock(
    database: Database, tenant: UUID, mailroom: Open, reader: FakeReader, post: Post,
    keyring: Keyring, mailbox_id: UUID, peek: Peek,
) -> None:  # fmt: skip
    other = add(database, tenant, post, keyring, PLAIN)
    mailroom(reader, every=timedelta(milliseconds=50), ears=1)
    for _ in range(3):
        until(lambda: stirs(peek, mailbox_id) and stirs(peek, other))
        forget(peek)
    assert len(reader.ears) == 1


def test_one_process_listens_to_a_mailbox_and_the_next_inherits_it(
    database: Database, mailroom: Open, reader: FakeReader, mailbox_id: UUID, peek: Peek
) -> None:
    first_id = session(database)
    first = mailroom(reader, session_id=first_id)
    until(lambda: len(reader.ears) == 1)
    heir = FakeReader()
    mailroom(heir)
    assert heir.ears == []
    first.close()
    assert reader.ears == []
    with database.hat("dispatcher") as tx:
        sessions.remove(tx, first_id)
    until(lambda: len(heir.ears) == 1)


def test_a_refusal_is_looked_into_and_does_not_end_the_mailroom(
    mailroom: Open, reader: FakeReader, mailbox_id: UUID, peek: Peek, said: Said
) -> None:
    reader.refusal = Permanent("imap: the server refused the login: no.")
    room = mailroom(reader)
    until(lambda: stirs(peek, mailbox_id))
    assert [line["reason"] for line in said if line["event"] == "mailbox.unheard"]
    reader.refusal = None
    until(lambda: reader.ears)
    assert room.is_alive()


def test_a_bug_in_a_reader_costs_one_mailbox_a_pause(
    mailroom: Open, reader: FakeReader, mailbox_id: UUID, said: Said
) -> None:
    reader.refusal = ZeroDivisionError()  # type: ignore[assignment]
    room = mailroom(reader)
    until(lambda: any(line["event"] == "mailroom.failed" for line in said))
    reader.refusal = None
    until(lambda: reader.ears)
    assert room.is_alive()


def test_a_deleted_mailbox_is_left_alone(
    mailroom: Open, reader: FakeReader, mailbox_id: UUID, peek: Peek
) -> None:
    mailroom(reader, every=timedelta(milliseconds=50))
    until(lambda: reader.ears)
    peek("UPDATE outrider.mailboxes SET deleted_at = now()")
    until(lambda: not reader.ears)


def test_closing_is_quick_while_every_ear_listens(
    mailroom: Open, post: Post, keyring: Keyring, mailbox_id: UUID, peek: Peek
) -> None:
    room = mailroom(Imap(keyring, max_bytes=1000))
    until(lambda: stirs(peek, mailbox_id))
    begun = monotonic()
    room.close()
    assert monotonic() - begun < 2
    assert not room.is_alive()


def test_watches_are_kept_inherited_and_never_shared(
    database: Database, mailbox_id: UUID, tenant: UUID
) -> None:
    one, other = session(database), session(database)

    def watch(session_id: int, lease: timedelta = LEASE) -> list[UUID]:
        with database.hat("dispatcher") as tx:
            mine = mailbox_watches.watch(tx, session_id, lease=lease, limit=9)
        return [watched.mailbox_id for watched in mine if watched.tenant_id == tenant]

    assert watch(one) == [mailbox_id]
    assert watch(other) == []
    assert watch(one, timedelta(0)) == [mailbox_id], "kept"
    assert watch(other) == [mailbox_id], "run out"
    with database.hat("dispatcher") as tx:
        sessions.remove(tx, other)
    assert watch(one) == [mailbox_id], "left by the dead"
