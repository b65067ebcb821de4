"""Table `mails`: every mail that came in, byte for byte and once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pool import Tx
from schemas.enums import MailMatch
from schemas.errors import NoSuchRow


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail that was new."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it came; `matched_by` None: nobody has looked at it yet."""

    id: UUID
    mailbox_id: UUID | None
    raw: bytes
    source: str
    matched_by: MailMatch | None
    received_at: datetime

    def __post_init__(self) -> None:
        if self.matched_by is not None:
            object.__setattr__(self, "matched_by", MailMatch(self.matched_by))


def store(tx: Tx, mailbox_id: UUID | None, raw: bytes, source: str) -> UUID | None:
    """Keep a mail; its id, or None when the tenant has these very bytes already.

    `source` says how it came: `imap:<folder>` or `webhook:<source>`.
    """
    return next(iter(store_all(tx, mailbox_id, [raw], source)), None)


def store_all(tx: Tx, mailbox_id: UUID | None, raw: Sequence[bytes], source: str) -> list[UUID]:
    """As `store`, for many in one statement; the ids of those that were new."""
    made = tx.list(
        Kept,
        """
        INSERT INTO outrider.mails (mailbox_id, sha256, raw, source)
        SELECT %(mailbox)s, sha256(raw), raw, %(source)s
          FROM unnest(%(raw)s::bytea[]) WITH ORDINALITY AS one (raw, place) ORDER BY place
            ON CONFLICT (tenant_id, sha256) DO NOTHING RETURNING id
        """,
        {"mailbox": mailbox_id, "raw": list(raw), "source": source},
    )
    return [one.id for one in made]


def find_id(tx: Tx, raw: bytes) -> UUID | None:
    """The mail that the tenant keeps with these very bytes, or None."""
    found = tx.value("SELECT id FROM outrider.mails WHERE sha256 = sha256(%(raw)s)", {"raw": raw})
    return found if isinstance(found, UUID) else None


def get(tx: Tx, mail_id: UUID) -> Mail:
    """A mail with its bytes. Raises NoSuchRow."""
    found = tx.find(
        Mail,
        """
        SELECT id, mailbox_id, raw, source, matched_by, received_at
          FROM outrider.mails WHERE id = %(id)s
        """,
        {"id": mail_id},
    )
    if found is None:
        raise NoSuchRow("mail", mail_id)
    return found


def set_match(tx: Tx, mail_id: UUID, match: MailMatch) -> None:
    """Record how we know whose mail it is, or that nobody does; the last answer stays."""
    tx.run(
        "UPDATE outrider.mails SET matched_by = %(match)s::outrider.mail_match WHERE id = %(id)s",
        {"id": mail_id, "match": match},
    )
