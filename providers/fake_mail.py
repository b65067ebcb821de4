"""A mail world in memory: what was sent, what waits to be read. Refuses to touch the network."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Lock

from providers.ports import Cursor, Fetched, MailServer
from schemas.errors import JobError, Transient
from schemas.mails import Accepted


@dataclass(frozen=True, slots=True)
class Sent:
    """One mail that the fake took responsibility for."""

    sender: str
    recipient: str
    mail: bytes


def takes_all(_recipient: str) -> None:
    """Every recipient exists."""


class FakeSender:
    """A `MailSender` that keeps what it is given; `answer` may name an error for a recipient.

    An `Unanswered` is raised after the mail was kept, as it is in the world; others before.
    """

    def __init__(self, answer: Callable[[str], JobError | None] = takes_all) -> None:
        self.answer = answer
        self.sent: list[Sent] = []
        self._lock = Lock()

    def send(self, server: MailServer, mail: bytes, *, sender: str, recipient: str) -> Accepted:
        """Keep the mail, or raise what `answer` gives for the recipient."""
        del server
        error = self.answer(recipient)
        if isinstance(error, JobError) and type(error).__name__ != "Unanswered":
            raise error
        with self._lock:
            self.sent.append(Sent(sender, recipient, mail))
        if error:
            raise error
        return Accepted(answer="250 2.0.0 kept")


class FakeReader:
    """A `MailReader` over lists of raw mails by folder; a UID is a position, from 1."""

    def __init__(self) -> None:
        self.folders: dict[str, list[bytes]] = {}
        self.uid_validity = 1
        self.refusal: JobError | None = None
        """What every look at the server ends in, if anything."""
        self.ears: list[FakeEar] = []

    def fetch(
        self, server: MailServer, folder: str, after: Cursor | None, *, limit: int
    ) -> Fetched:
        """As the port says."""
        del server
        if self.refusal:
            raise self.refusal
        known = after.last_uid if after and after.uid_validity == self.uid_validity else 0
        there = self.folders.get(folder, [])
        mails = tuple(there[known : known + limit])
        end = known + len(mails)
        return Fetched(mails, Cursor(self.uid_validity, end), more=end < len(there))

    def find(self, server: MailServer, folder: str, message_id: str) -> bool:
        """Whether any mail of the folder holds this id anywhere."""
        del server
        return any(message_id.encode() in mail for mail in self.folders.get(folder, []))

    @contextmanager
    def listen(self, server: MailServer, folder: str) -> Generator["FakeEar"]:
        """An ear that `ring` makes hear something."""
        del server, folder
        if self.refusal:
            raise self.refusal
        ear = FakeEar()
        self.ears.append(ear)
        try:
            yield ear
        finally:
            self.ears.remove(ear)


class FakeEar:
    """Hears what `heard` is set for."""

    def __init__(self) -> None:
        self.heard = Event()
        self.closed = False

    def wait(self, *, at_most: timedelta) -> bool:
        """As the port says."""
        if self.closed:
            raise Transient("The connection ended.")
        heard = self.heard.wait(at_most.total_seconds())
        self.heard.clear()
        return heard

    def close(self) -> None:
        """As the port says."""
        self.closed = True
        self.heard.set()
