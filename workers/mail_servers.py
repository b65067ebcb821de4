"""A mailbox's servers as the mail ports want them; the password stays sealed on its way."""

from db import Tx, credentials
from db.mailboxes import Mailbox
from providers.ports import MailServer
from schemas.errors import NeedsReauth, Permanent
from telemetry.secrets import Purpose, Sealed


def smtp_of(tx: Tx, mailbox: Mailbox) -> MailServer:
    """Where the mailbox sends. Raises Permanent when it has a username and no password."""
    return MailServer(
        mailbox.smtp_host,
        mailbox.smtp_port,
        mailbox.smtp_security,
        mailbox.username,
        _secret(tx, mailbox),
    )


def imap_of(tx: Tx, mailbox: Mailbox) -> MailServer:
    """Where the mailbox is read. Raises Permanent as `smtp_of`, and when it is not read at all."""
    if mailbox.imap_host is None or mailbox.imap_port is None:
        raise Permanent(f"imap: {mailbox.email} has no IMAP server; its mail comes by webhook.")
    return MailServer(
        mailbox.imap_host,
        mailbox.imap_port,
        mailbox.imap_security,
        mailbox.username,
        _secret(tx, mailbox),
    )


def password_of(mailbox: Mailbox) -> Purpose:
    """What a mailbox's password is sealed for."""
    return Purpose(mailbox.tenant_id, "mailbox", mailbox.id, "password")


def _secret(tx: Tx, mailbox: Mailbox) -> Sealed | None:
    if mailbox.username is None:
        return None
    purpose = password_of(mailbox)
    box = credentials.find(tx, purpose)
    if box is None:
        raise NeedsReauth(
            f"password: {mailbox.email} has none; give one with `outrider mailboxes password`."
        )
    return Sealed(box, purpose)
