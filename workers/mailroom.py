"""Listens to mailboxes, so that a reply becomes work within a second, and looks once a minute anyway.

One per worker process that reads mail. The processes share the mailboxes by watches, which save
connections and decide nothing. Refuses to let one mailbox's trouble reach another, or the process.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from db import Database, mailbox_watches, mailboxes
from db.mailbox_watches import Watched
from db.pool import DatabaseAway
from pipelines.engine import emit
from providers.ports import Ear, MailReader
from schemas.errors import JobError, NoSuchRow, Permanent
from schemas.events import MailboxStirred
from telemetry import logs, metrics, sentry
from workers.mail_servers import imap_of

log = logs.get("outrider.mailroom")

_MOST = 1000
"""Mailboxes that one process answers for."""
_EARS = 32
"""How many of them it listens to; into the others it only looks by the clock."""
_EVERY = timedelta(seconds=60)
_FIRST = 1.0
_LONGEST = {True: 600.0, False: 60.0}
"""Seconds until a mailbox is listened to again: first, and at most, after a refusal or a mishap."""


@dataclass(slots=True)
class _Post:
    """One mailbox that this process answers for."""

    watched: Watched
    over: threading.Event = field(default_factory=threading.Event)
    ear: Ear | None = None
    thread: threading.Thread | None = None
    failures: int = 0
    looked_at: float = field(default_factory=time.monotonic)

    def end(self) -> None:
        self.over.set()
        if self.ear:
            self.ear.close()


class Mailroom(threading.Thread):
    """Keeps the watches on one thread, and listens on one for each mailbox; stops with `close()`."""

    def __init__(
        self,
        database: Database,
        reader: MailReader,
        session_id: Callable[[], int],
        *,
        lease: timedelta,
        every: timedelta = _EVERY,
        ears: int = _EARS,
    ) -> None:
        """`every`: real time between two looks at a mailbox that nothing was heard from."""
        super().__init__(name="mailroom", daemon=True)
        self._database = database
        self._reader = reader
        self._session_id = session_id
        self._lease = lease
        self._every = every
        self._ears = ears
        self._posts: dict[UUID, _Post] = {}
        self._halt = threading.Event()

    def run(self) -> None:
        """Keep the watches until closed; a database that is away costs a pause."""
        pause = min(self._lease.total_seconds() / 5, self._every.total_seconds())
        while not self._halt.is_set():
            try:
                self._man(self._watches())
                self._look()
                metrics.beat(self.name)
            except DatabaseAway as error:
                log.warning("mailroom.blind", reason=str(error))
            except Exception as error:
                log.exception("mailroom.failed")
                sentry.bug(error, actor="mailroom")
            self._halt.wait(pause)

    def close(self) -> None:
        """Stop listening; the watches end with the session, or run out."""
        self._halt.set()
        metrics.rest(self.name)
        posts = list(self._posts.values())
        for post in posts:
            post.end()
        deadline = time.monotonic() + 3
        for thread in [self, *(post.thread for post in posts if post.thread)]:
            if thread.is_alive():
                thread.join(timeout=max(0.0, deadline - time.monotonic()))

    def _watches(self) -> list[Watched]:
        with self._database.hat("dispatcher") as tx:
            return mailbox_watches.watch(tx, self._session_id(), lease=self._lease, limit=_MOST)

    def _man(self, mine: list[Watched]) -> None:
        """A post for each mailbox that is mine, and an end for those that are no longer."""
        wanted = {one.mailbox_id: one for one in mine}
        for mailbox_id in self._posts.keys() - wanted.keys():
            self._posts.pop(mailbox_id).end()
        for mailbox_id in wanted.keys() - self._posts.keys():
            if not self._halt.is_set():
                self._posts[mailbox_id] = self._open(wanted[mailbox_id])

    def _open(self, watched: Watched) -> _Post:
        post = _Post(watched)
        if sum(1 for other in self._posts.values() if other.thread) < self._ears:
            post.thread = threading.Thread(
                target=self._attend, args=(post,), name=f"mailbox {watched.mailbox_id}", daemon=True
            )
            post.thread.start()
        else:
            self._stir(post)
        return post

    def _look(self) -> None:
        """Stir those that nobody listens to."""
        for post in self._posts.values():
            if (
                post.thread is None
                and time.monotonic() - post.looked_at >= self._every.total_seconds()
            ):
                self._stir(post)

    def _stir(self, post: _Post) -> None:
        post.looked_at = time.monotonic()
        with self._database.tenant(post.watched.tenant_id) as tx:
            emit(tx, MailboxStirred(mailbox_id=post.watched.mailbox_id), key="")

    def _attend(self, post: _Post) -> None:
        """Listen again and again until the post is over; what goes wrong is waited out."""
        while not post.over.is_set():
            refused = False
            try:
                self._listen(post)
            except NoSuchRow:
                return
            except JobError as error:
                refused = isinstance(error, Permanent)
                self._note(post, error)
            except Exception as error:
                log.exception("mailroom.failed", mailbox_id=str(post.watched.mailbox_id))
                sentry.bug(error, actor="mailroom")
            longest = _LONGEST[refused]
            post.over.wait(min(_FIRST * 2 ** min(post.failures, 10), longest))
            post.failures += 1

    def _listen(self, post: _Post) -> None:
        """Stir once when everything is heard from now on, and then whenever something is."""
        with self._database.tenant(post.watched.tenant_id) as tx:
            mailbox = mailboxes.get(tx, post.watched.mailbox_id)
            server = imap_of(tx, mailbox)
        with self._reader.listen(server, mailbox.inbox_folder) as ear:
            post.ear = ear
            while not post.over.is_set():
                self._stir(post)
                post.failures = 0
                ear.wait(at_most=self._every)

    def _note(self, post: _Post, error: JobError) -> None:
        """Say what is wrong, and let a look at the mailbox say it where an operator sees it."""
        if post.over.is_set():
            return
        log.warning("mailbox.unheard", mailbox_id=str(post.watched.mailbox_id), reason=str(error))
        with contextlib.suppress(DatabaseAway):
            self._stir(post)
