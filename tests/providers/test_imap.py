"""`Imap` against a server: pages, cursors, the standard's traps, big mails, and listening."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from time import monotonic

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.imap import TRUNCATED, Imap
from providers.ports import Cursor, MailServer
from providers.smtp import Smtp
from providers.standins.mail_store import Account
from schemas.enums import MailSecurity
from schemas.errors import Permanent, Transient
from telemetry.secrets import Keyring
from tests.fix_mail import KEY, PLAIN, SALES, Post, at, letter

Serve = Callable[..., Post]
SECOND = timedelta(seconds=1)


@pytest.fixture
def imap() -> Imap:
    return Imap(Keyring([KEY]), max_bytes=2_000)


def test_pages_come_oldest_first_until_there_is_no_more(imap: Imap, post: Post) -> None:
    for n in range(5):
        post.deliver(letter(f"number {n}"))
    first = imap.fetch(post.imap(), "INBOX", None, limit=2)
    assert (len(first.mails), first.cursor, first.more) == (2, Cursor(1, 2), True)
    rest = imap.fetch(post.imap(), "INBOX", first.cursor, limit=50)
    assert (first.mails + rest.mails, rest.more) == (tuple(post.inbox()), False)


def test_nothing_new_is_nothing_though_the_standard_names_the_last_mail(
    imap: Imap, post: Post
) -> None:
    empty = imap.fetch(post.imap(), "INBOX", None, limit=9)
    assert empty.mails == ()
    assert (empty.cursor, empty.more) == (Cursor(1, 0), False)
    post.deliver(letter())
    page = imap.fetch(post.imap(), "INBOX", empty.cursor, limit=9)
    assert len(page.mails) == 1
    again = imap.fetch(post.imap(), "INBOX", page.cursor, limit=9)
    assert (again.mails, again.cursor) == ((), page.cursor)


def test_another_uidvalidity_means_from_the_start(imap: Imap, post: Post) -> None:
    post.deliver(letter("one"))
    cursor = imap.fetch(post.imap(), "INBOX", None, limit=9).cursor
    post.running.do(lambda store: store.folders[SALES.email, "INBOX"].renumber(first=7))
    page = imap.fetch(post.imap(), "INBOX", cursor, limit=9)
    assert (page.mails, page.cursor) == (tuple(post.inbox()), Cursor(2, 7))


def test_a_mail_above_the_limit_comes_as_its_header_marked(imap: Imap, post: Post) -> None:
    post.deliver(letter("x" * 5_000, Message_ID="<big@x.test>"))
    post.deliver(letter("small"))
    page = imap.fetch(post.imap(), "INBOX", None, limit=9)
    [big] = page.mails
    [small] = imap.fetch(post.imap(), "INBOX", page.cursor, limit=9).mails
    size = len(post.inbox()[0])
    assert big.startswith(f"{TRUNCATED}: {size}\r\n".encode())
    assert b"Message-ID: <big@x.test>" in big
    assert b"xxx" not in big
    assert small == post.inbox()[1]


def test_a_page_holds_no_more_bytes_than_one_mail_may_have(imap: Imap, post: Post) -> None:
    for n in range(4):
        post.deliver(letter(f"{n}" * 700))
    page = imap.fetch(post.imap(), "INBOX", None, limit=9)
    assert (len(page.mails), page.more) == (2, True)


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    arrivals=st.lists(st.integers(0, 3), max_size=6),
    limit=st.integers(1, 3),
    first=st.integers(1, 9),
)
def test_whatever_arrives_between_looks_every_mail_is_seen_once(
    post: Post, arrivals: list[int], limit: int, first: int
) -> None:
    folder = post.running.store.folders[SALES.email, "INBOX"]
    post.running.do(lambda _store: folder.mails.clear())
    post.deliver(letter("before"))
    post.running.do(lambda _store: folder.renumber(first=first))
    imap = Imap(Keyring([KEY]), max_bytes=100_000)
    seen = list(imap.fetch(post.imap(), "INBOX", None, limit=1000).mails)
    cursors = [imap.fetch(post.imap(), "INBOX", None, limit=1000).cursor]
    for number in arrivals:
        for _ in range(number):
            post.deliver(letter("again"))
        page = imap.fetch(post.imap(), "INBOX", cursors[-1], limit=limit)
        seen += page.mails
        cursors.append(page.cursor)
    while page := imap.fetch(post.imap(), "INBOX", cursors[-1], limit=limit):
        seen += page.mails
        cursors.append(page.cursor)
        if not page.more:
            break
    assert seen == post.inbox()
    assert all(one.last_uid <= other.last_uid for one, other in pairwise(cursors))


def test_a_sent_copy_is_found_by_its_message_id(imap: Imap, post: Post) -> None:
    smtp = Smtp(Keyring([KEY]))
    smtp.send(post.smtp(), letter(Message_ID="<one@us.test>"), sender=SALES.email, recipient="a@x.test")  # fmt: skip
    assert imap.find(post.imap(), "Sent", "<one@us.test>")
    assert not imap.find(post.imap(), "Sent", "<two@us.test>")
    assert not imap.find(post.imap(), "INBOX", "<one@us.test>")


@pytest.mark.parametrize(("account", "folder", "says"), [
    (SALES.model_copy(update={"password": "wrong"}), "INBOX", "refused the login: .*Invalid credentials"),
    (PLAIN.model_copy(update={"password": "wrong"}), "INBOX", "refused the login: .*Invalid credentials"),
    (SALES, "Gesendet (öffentlich)", "refused the folder"),
])  # fmt: skip
def test_a_refusal_is_for_good_and_says_of_what(
    imap: Imap, post: Post, account: Account, folder: str, says: str
) -> None:
    with pytest.raises(Permanent, match=says) as refused:
        imap.fetch(post.imap(account), folder, None, limit=1)
    assert "wrong" not in str(refused.value)


def test_a_mailbox_without_a_username_cannot_be_read(imap: Imap) -> None:
    with pytest.raises(Permanent, match="username: reading a mailbox needs one"):
        imap.find(MailServer("127.0.0.1", 1, MailSecurity.NONE, None, None), "INBOX", "<a@b>")


def test_a_server_that_is_not_there_passes(imap: Imap) -> None:
    with pytest.raises(Transient, match=r"imap: 127\.0\.0\.1:1: "):
        imap.fetch(at(1, PLAIN), "INBOX", None, limit=1)


def test_an_ear_hears_what_comes_and_what_came_between_two_waits(imap: Imap, post: Post) -> None:
    with imap.listen(post.imap(), "INBOX") as ear:
        assert not ear.wait(at_most=timedelta(milliseconds=50))
        timer = threading.Timer(0.1, post.deliver, [letter("while it waits")])
        timer.start()
        begun = monotonic()
        assert ear.wait(at_most=10 * SECOND)
        assert monotonic() - begun < 2
        timer.join()
        for _ in range(20):
            post.deliver(letter("between"))
            begun = monotonic()
            assert ear.wait(at_most=10 * SECOND)
            assert monotonic() - begun < 2
        assert not ear.wait(at_most=timedelta(milliseconds=50))


def test_an_ear_can_be_closed_from_another_thread(imap: Imap, post: Post) -> None:
    with imap.listen(post.imap(), "INBOX") as ear:
        timer = threading.Timer(0.1, ear.close)
        timer.start()
        begun = monotonic()
        with pytest.raises(Transient, match="listens"):
            ear.wait(at_most=10 * SECOND)
        assert monotonic() - begun < 2
        timer.join()


def test_an_ear_says_that_its_server_went_away(imap: Imap, serve: Serve) -> None:
    post = serve()
    with imap.listen(post.imap(), "INBOX") as ear:
        post.running.do(lambda _store: hang_up())
        with pytest.raises(Transient, match="listens"):
            ear.wait(at_most=10 * SECOND)


def hang_up() -> None:
    """End every conversation of the server whose loop runs this."""
    for task in asyncio.all_tasks():
        if "tracked" in repr(task.get_coro()):
            task.cancel()
