"""Table `mailboxes`: sending identities with their servers, their cap and their state."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from db.pool import Tx
from db.tenants import NameTaken
from schemas.enums import MailboxStatus, MailSecurity
from schemas.errors import NoSuchRow


@dataclass(frozen=True, slots=True)
class NewMailbox:
    """A mailbox that is to be; the id is chosen first, for the password is sealed to it."""

    id: UUID
    email: str
    display_name: str | None
    smtp_host: str
    smtp_port: int
    smtp_security: MailSecurity
    imap_host: str | None
    imap_port: int | None
    imap_security: MailSecurity
    username: str | None
    inbox_folder: str
    sent_folder: str | None
    daily_cap: int
    timezone: str


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox as it stands; `username` None: its servers ask for no password.

    `reauth_at`: since when a paused one waits for another password, None when it does not.
    """

    id: UUID
    tenant_id: UUID
    email: str
    display_name: str | None
    smtp_host: str
    smtp_port: int
    smtp_security: MailSecurity
    imap_host: str | None
    imap_port: int | None
    imap_security: MailSecurity
    username: str | None
    inbox_folder: str
    sent_folder: str | None
    daily_cap: int
    timezone: str
    status: MailboxStatus
    paused_reason: str | None
    reauth_at: datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", MailboxStatus(self.status))
        object.__setattr__(self, "smtp_security", MailSecurity(self.smtp_security))
        object.__setattr__(self, "imap_security", MailSecurity(self.imap_security))


@dataclass(frozen=True, slots=True)
class MailboxState:
    """What an operator asks of a mailbox; `read_at` None: nobody has looked into it yet."""

    id: UUID
    email: str
    status: str
    paused_reason: str | None
    sent_today: int
    daily_cap: int
    timezone: str
    read_at: datetime | None


_SELECT: LiteralString = """
        SELECT id, tenant_id, email, display_name, smtp_host, smtp_port, smtp_security, imap_host,
               imap_port, imap_security, username, inbox_folder, sent_folder, daily_cap, timezone,
               status, paused_reason, reauth_at
          FROM outrider.mailboxes WHERE deleted_at IS NULL
"""


def new_id(tx: Tx) -> UUID:
    """An id for a mailbox to come."""
    made = tx.value("SELECT outrider.uuid_v7()")
    assert isinstance(made, UUID)
    return made


def add(tx: Tx, new: NewMailbox) -> None:
    """Make a mailbox of the tenant. Raises NameTaken when any tenant has this address already."""
    made = tx.run(
        """
        INSERT INTO outrider.mailboxes (
               id, email, display_name, smtp_host, smtp_port, smtp_security, imap_host, imap_port,
               imap_security, username, inbox_folder, sent_folder, daily_cap, timezone)
        VALUES (%(id)s, %(email)s, %(display_name)s, %(smtp_host)s, %(smtp_port)s,
                %(smtp_security)s::outrider.mail_security, %(imap_host)s, %(imap_port)s,
                %(imap_security)s::outrider.mail_security, %(username)s, %(inbox_folder)s,
                %(sent_folder)s, %(daily_cap)s, %(timezone)s)
            ON CONFLICT (email_norm) WHERE deleted_at IS NULL DO NOTHING
        """,
        asdict(new),
    )
    if not made:
        raise NameTaken(f"email: {new.email} is a mailbox already.")


def get(tx: Tx, mailbox_id: UUID) -> Mailbox:
    """A mailbox as it stands. Raises NoSuchRow."""
    found = tx.find(Mailbox, _SELECT + " AND id = %(id)s", {"id": mailbox_id})
    if found is None:
        raise NoSuchRow("mailbox", mailbox_id)
    return found


def find_by_email(tx: Tx, email: str) -> Mailbox | None:
    """The tenant's mailbox of this address, whatever its case; None when there is none."""
    return tx.find(
        Mailbox, _SELECT + " AND email_norm = outrider.norm_email(%(email)s)", {"email": email}
    )


def get_by_email(tx: Tx, email: str) -> Mailbox:
    """As `find_by_email`. Raises NoSuchRow."""
    found = find_by_email(tx, email)
    if found is None:
        raise NoSuchRow("mailbox", email)
    return found


def list_all(tx: Tx) -> list[Mailbox]:
    """Every mailbox of the tenant, by address, paused ones too."""
    return tx.list(Mailbox, _SELECT + " ORDER BY email_norm")


def list_states(tx: Tx) -> list[MailboxState]:
    """Every mailbox of the tenant with what it sent on its own today and when it was last read."""
    return tx.list(
        MailboxState,
        """
        SELECT m.id, m.email, m.status, m.paused_reason, coalesce(d.sent, 0) AS sent_today,
               m.daily_cap, m.timezone, c.read_at
          FROM outrider.mailboxes m
          LEFT JOIN outrider.mailbox_days d
            ON d.mailbox_id = m.id AND d.day = (outrider.now() AT TIME ZONE m.timezone)::date
          LEFT JOIN outrider.mailbox_cursors c
            ON c.mailbox_id = m.id AND c.folder = m.inbox_folder
         WHERE m.deleted_at IS NULL ORDER BY m.email_norm
        """,
    )


def pause(tx: Tx, mailbox_id: UUID, reason: str) -> bool:
    """Send nothing more from here; it is still read. False when it is paused, whose reason stays."""
    return bool(
        tx.run(
            """
            UPDATE outrider.mailboxes
               SET status = 'paused', paused_reason = %(reason)s, paused_at = outrider.now(),
                   reauth_at = NULL
             WHERE id = %(id)s AND status = 'active' AND deleted_at IS NULL
            """,
            {"id": mailbox_id, "reason": reason},
        )
    )


def need_reauth(tx: Tx, mailbox_id: UUID, reason: str) -> bool:
    """As `pause`, until it has a password that its servers take."""
    return bool(
        tx.run(
            """
            UPDATE outrider.mailboxes
               SET status = 'paused', paused_reason = %(reason)s, paused_at = outrider.now(),
                   reauth_at = outrider.now()
             WHERE id = %(id)s AND status = 'active' AND deleted_at IS NULL
            """,
            {"id": mailbox_id, "reason": reason},
        )
    )


def resume(tx: Tx, mailbox_id: UUID) -> bool:
    """Send again; what waited goes on by itself. False when it is not paused."""
    return bool(
        tx.run(
            """
            UPDATE outrider.mailboxes
               SET status = 'active', paused_reason = NULL, paused_at = NULL, reauth_at = NULL
             WHERE id = %(id)s AND status = 'paused' AND deleted_at IS NULL
            """,
            {"id": mailbox_id},
        )
    )
