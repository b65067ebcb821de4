"""One person over all tables of a tenant: found, forgotten, told everything. Driven by the registry
`personal_data`; refuses while a column that could hold words is missing from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from db.pool import Tx

_PATIENCE = "15min"
"""Of one statement: an erasure reads every text that a tenant keeps."""


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of one person: every lead that is them, and every mail that is theirs."""

    emails: Sequence[str]
    leads: Sequence[UUID]
    enrollments: Sequence[UUID]
    messages: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Work:
    """An unfinished job about a person."""

    id: int
    running: bool


@dataclass(frozen=True, slots=True)
class Emptied:
    """What erasure did to a table: `own` rows of the person, `named` other rows that named them."""

    table_name: str
    own: int
    named: int


@dataclass(frozen=True, slots=True)
class Contact:
    """Who the person is in a CRM. Nobody tells the CRM: whoever erases does."""

    provider: str
    base_url: str
    remote_id: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Something that is known of a person; `withheld`: its text is somebody else's, or a count."""

    table_name: str
    words: str | None
    content: dict[str, object]
    withheld: bool


def _take_time(tx: Tx) -> None:
    tx.run("SELECT set_config('statement_timeout', %(t)s, true)", {"t": _PATIENCE})


def find(tx: Tx, email: str) -> Found:
    """Whose address this is in the transaction's tenant, by address and by profile."""
    _take_time(tx)
    return tx.one(
        Found,
        """
        SELECT (p).emails, (p).leads, (p).enrollments, (p).messages
          FROM (SELECT outrider.find_person(%(email)s) AS p OFFSET 0) found
        """,
        {"email": email},
    )


def hash_of(tx: Tx, email: str) -> str:
    """What the trail calls somebody whose address it may not know."""
    return str(
        tx.value(
            """
            SELECT encode(outrider.gate_hash('email', outrider.canonical_email(%(email)s)), 'hex')
            """,
            {"email": email},
        )
    )


def whose(tx: Tx, email: str) -> str | None:
    """What of the tenant's own an address belongs to: "mailbox" or "user"; None: neither."""
    found = tx.value(
        """
        SELECT 'mailbox' FROM outrider.mailboxes
         WHERE outrider.canonical_email(email) = outrider.canonical_email(%(email)s)
           AND deleted_at IS NULL
         UNION ALL
        SELECT 'user' FROM outrider.users
         WHERE outrider.canonical_email(email) = outrider.canonical_email(%(email)s)
           AND deleted_at IS NULL
        """,
        {"email": email},
    )
    return None if found is None else str(found)


def close(tx: Tx, lead_ids: Sequence[UUID]) -> None:
    """From here on nobody works on these leads; what they hold is still there."""
    tx.run(
        """
        UPDATE outrider.leads SET deleted_at = outrider.now()
         WHERE id = ANY(%(ids)s) AND deleted_at IS NULL
        """,
        {"ids": list(lead_ids)},
    )


def list_work(tx: Tx, email: str) -> list[Work]:
    """Jobs about a person that are not over, oldest first; of a batch with others only if it runs."""
    _take_time(tx)
    return tx.list(
        Work, "SELECT id, running FROM outrider.jobs_of_person(%(email)s)", {"email": email}
    )


def list_contacts(tx: Tx, lead_ids: Sequence[UUID]) -> list[Contact]:
    """Who these leads are in the tenant's CRMs, as far as anybody was told."""
    return tx.list(
        Contact,
        """
        SELECT DISTINCT c.provider, c.base_url, k.remote_id
          FROM (SELECT connection_id, lead_id, remote_id FROM outrider.crm_links
                 UNION
                SELECT connection_id, lead_id, remote_id FROM outrider.crm_log) k
          JOIN outrider.crm_connections c ON c.id = k.connection_id
         WHERE k.lead_id = ANY(%(ids)s) AND k.remote_id IS NOT NULL ORDER BY 1, 2, 3
        """,
        {"ids": list(lead_ids)},
    )


def count_doubts(tx: Tx, message_ids: Sequence[UUID]) -> int:
    """Mails to a person of which nobody knows whether they went out."""
    count = tx.value(
        """
        SELECT count(*) FROM outrider.messages m
          JOIN outrider.effects e ON e.tenant_id = m.tenant_id AND e.key = m.effect_key
         WHERE m.id = ANY(%(ids)s) AND e.state = 'in_doubt'
        """,
        {"ids": list(message_ids)},
    )
    return int(str(count))


def erase(tx: Tx, email: str, *, by: str) -> list[Emptied]:
    """Take a person out of every table of the tenant; what was done, by table. Idempotent.

    What stays: the suppression, by its hash, and counts. Raises ObjectInUse from Postgres while a
    job about them runs, and what `unclassified` finds as an error of the schema.
    """
    _take_time(tx)
    return tx.list(
        Emptied,
        "SELECT table_name, own, named FROM outrider.erase_person(%(email)s, %(by)s)",
        {"email": email, "by": by},
    )


def list_pieces(tx: Tx, email: str) -> list[Piece]:
    """Everything that is known of a person in the tenant, by table; of others' words only a count."""
    _take_time(tx)
    return tx.list(
        Piece,
        """
        SELECT table_name, words, content, withheld FROM outrider.person_rows(%(email)s)
        """,
        {"email": email},
    )


def is_erased(tx: Tx, lead_id: UUID) -> bool:
    """Whether a lead is an empty row: its person was erased, or had been when it was captured."""
    return (
        tx.value(
            "SELECT erased_at IS NOT NULL FROM outrider.leads WHERE id = %(id)s", {"id": lead_id}
        )
        is True
    )
