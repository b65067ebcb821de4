"""Table `replies`: what each mail was understood to be, and what was decided. One row per mail."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from db.pool import Tx
from schemas.enums import ReplyAuthor, ReplyDecision, ReplyIntent
from schemas.errors import NoSuchRow


@dataclass(frozen=True, slots=True)
class NewReply:
    """How a mail was understood; `verdict` is the whole line, `classifier` the rules' name."""

    mail_id: UUID
    enrollment_id: UUID | None
    lead_id: UUID | None
    author: ReplyAuthor
    intent: ReplyIntent
    sub: str | None
    verdict: Mapping[str, object]
    confidence: float
    abstain: bool
    return_date: date | None
    classifier: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A mail as it was understood; `decision` None: nobody has acted on it yet."""

    id: UUID
    mail_id: UUID
    enrollment_id: UUID | None
    lead_id: UUID | None
    author: ReplyAuthor
    intent: ReplyIntent
    sub: str | None
    confidence: float
    abstain: bool
    return_date: date | None
    classifier: str
    decision: ReplyDecision | None
    because: str | None
    reviewed_by: str | None
    classified_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "author", ReplyAuthor(self.author))
        object.__setattr__(self, "intent", ReplyIntent(self.intent))
        object.__setattr__(self, "confidence", float(self.confidence))
        if self.decision is not None:
            object.__setattr__(self, "decision", ReplyDecision(self.decision))


@dataclass(frozen=True, slots=True)
class Conversation:
    """Where a mail that came in belongs; nulls: nobody knows."""

    enrollment_id: UUID | None
    lead_id: UUID | None
    from_address: str | None


@dataclass(frozen=True, slots=True)
class IntentCount:
    """How many mails of a tenant were understood so."""

    author: ReplyAuthor
    intent: ReplyIntent
    mails: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "author", ReplyAuthor(self.author))
        object.__setattr__(self, "intent", ReplyIntent(self.intent))


_SELECT: LiteralString = """
        SELECT id, mail_id, enrollment_id, lead_id, author, intent, sub, confidence, abstain,
               return_date, classifier, decision, because, reviewed_by, classified_at
          FROM outrider.replies
"""


def record(tx: Tx, new: NewReply) -> UUID | None:
    """Keep how a mail was understood; its reply's id, or None when it was read before: that stays."""
    made = tx.value(
        """
        INSERT INTO outrider.replies (mail_id, enrollment_id, lead_id, author, intent, sub, verdict,
                                      confidence, abstain, return_date, classifier)
        VALUES (%(mail_id)s, %(enrollment_id)s, %(lead_id)s, %(author)s::outrider.reply_author,
                %(intent)s::outrider.reply_intent, %(sub)s, %(verdict)s, %(confidence)s, %(abstain)s,
                %(return_date)s, %(classifier)s)
            ON CONFLICT (mail_id) DO NOTHING RETURNING id
        """,
        asdict(new) | {"verdict": Jsonb(dict(new.verdict))},
    )
    return made if isinstance(made, UUID) else None


def find_by_mail(tx: Tx, mail_id: UUID) -> Reply | None:
    """How a mail was understood, or None when nobody read it yet."""
    return tx.find(Reply, _SELECT + " WHERE mail_id = %(mail)s", {"mail": mail_id})


def find_conversation(tx: Tx, mail_id: UUID) -> Conversation | None:
    """Where a mail that came in belongs; None when it was not matched yet."""
    return tx.find(
        Conversation,
        """
        SELECT enrollment_id, lead_id, from_address FROM outrider.messages
         WHERE mail_id = %(mail)s AND direction = 'inbound'
        """,
        {"mail": mail_id},
    )


def list_written_to(tx: Tx, enrollment_id: UUID) -> list[str]:
    """The addresses that mails of an enrollment were sent to, or may have been."""
    rows = tx.conn.execute(
        """
        SELECT DISTINCT to_address FROM outrider.messages
         WHERE enrollment_id = %(enrollment)s AND direction = 'outbound'
           AND status IN ('sending', 'sent') AND to_address <> '' ORDER BY 1
        """,
        {"enrollment": enrollment_id},
    ).fetchall()
    return [str(address) for (address,) in rows]


def get(tx: Tx, reply_id: UUID) -> Reply:
    """A reply as it stands. Raises NoSuchRow."""
    return _get(tx, reply_id, _SELECT + " WHERE id = %(id)s")


def get_locked(tx: Tx, reply_id: UUID) -> Reply:
    """A reply that nobody else decides until `tx` ends. Raises NoSuchRow."""
    return _get(tx, reply_id, _SELECT + " WHERE id = %(id)s FOR UPDATE")


def _get(tx: Tx, reply_id: UUID, query: LiteralString) -> Reply:
    found = tx.find(Reply, query, {"id": reply_id})
    if found is None:
        raise NoSuchRow("reply", reply_id)
    return found


def decide(tx: Tx, reply_id: UUID, decision: ReplyDecision, because: str) -> None:
    """Say what was done about a reply, and why; the last decision stays."""
    tx.run(
        """
        UPDATE outrider.replies
           SET decision = %(decision)s::outrider.reply_decision, because = %(because)s,
               decided_at = outrider.now()
         WHERE id = %(id)s
        """,
        {"id": reply_id, "decision": decision, "because": because},
    )


def review(tx: Tx, reply_id: UUID, intent: ReplyIntent, author: ReplyAuthor, by: str) -> None:
    """A person's reading takes the place of the rules'; what was decided waits to be done anew."""
    tx.run(
        """
        UPDATE outrider.replies
           SET sub = CASE WHEN intent = %(intent)s::outrider.reply_intent THEN sub END,
               author = %(author)s::outrider.reply_author,
               intent = %(intent)s::outrider.reply_intent, abstain = false, confidence = 1,
               reviewed_by = %(by)s, decision = NULL, because = NULL, decided_at = NULL
         WHERE id = %(id)s
        """,
        {"id": reply_id, "intent": intent, "author": author, "by": by},
    )


def list_for_review(tx: Tx, tenant_id: UUID, *, limit: int) -> list[Reply]:
    """Replies that wait for a person, oldest first. Needs the operator's hat, or a tenant's."""
    return tx.list(
        Reply,
        _SELECT
        + """ WHERE tenant_id = %(tenant)s AND decision = 'review' AND reviewed_by IS NULL
              ORDER BY classified_at, id LIMIT %(limit)s""",
        {"tenant": tenant_id, "limit": limit},
    )


def list_recent(tx: Tx, tenant_id: UUID, *, limit: int) -> list[Reply]:
    """The newest replies first. Needs the operator's hat, or a tenant's."""
    return tx.list(
        Reply,
        _SELECT
        + " WHERE tenant_id = %(tenant)s ORDER BY classified_at DESC, id DESC LIMIT %(limit)s",
        {"tenant": tenant_id, "limit": limit},
    )


def count_by_intent(tx: Tx, tenant_id: UUID) -> list[IntentCount]:
    """How the mails of a tenant were understood, most frequent first."""
    return tx.list(
        IntentCount,
        """
        SELECT author, intent, count(*)::integer AS mails FROM outrider.replies
         WHERE tenant_id = %(tenant)s GROUP BY author, intent ORDER BY 3 DESC, author, intent
        """,
        {"tenant": tenant_id},
    )
