"""Tries a mailbox's servers as the fleet would use them; sends nothing and changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from db.mailboxes import Mailbox
from providers.imap import Imap
from providers.ports import MailServer
from providers.smtp import Smtp
from schemas.errors import JobError
from telemetry.secrets import Keyring

_MOMENT = timedelta(milliseconds=100)


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing that was tried, and what came of it."""

    tried: str
    works: bool
    says: str


def try_out(
    mailbox: Mailbox, smtp: MailServer, imap: MailServer | None, keyring: Keyring
) -> list[Trial]:
    """Log in to the submission server; log in to be read, listen, and look for the sent copies."""
    trials = [
        _trial(f"send by {smtp.host}:{smtp.port}", lambda: Smtp(keyring).check(smtp, mailbox.email))
    ]
    if imap is None:
        return trials
    reader = Imap(keyring, max_bytes=1)

    def listen() -> None:
        with reader.listen(imap, mailbox.inbox_folder) as ear:
            ear.wait(at_most=_MOMENT)

    trials.append(
        _trial(f"read and listen to {mailbox.inbox_folder} on {imap.host}:{imap.port}", listen)
    )
    folder = mailbox.sent_folder
    if folder is not None:
        trials.append(
            _trial(f"search {folder}", lambda: reader.find(imap, folder, "<nothing@invalid>"))
        )
    return trials


def _trial(tried: str, attempt: Callable[[], object]) -> Trial:
    try:
        attempt()
    except JobError as error:
        return Trial(tried, works=False, says=str(error))
    return Trial(tried, works=True, says="works")
