"""Table `suppressions`: who must never be written to, and the one gate. Forgets nobody by itself.

What is compared is a hash of what a value means: case, a display name, a tag after a plus and
Gmail's dots make no other mailbox; a domain stands for every domain below it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pool import Params, Tx
from schemas.enums import Channel, SuppressionKind, SuppressionReason
from schemas.leads import Person


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list. `value` is null once it was erased, and never shown of the house's list."""

    id: UUID
    kind: SuppressionKind
    value: str | None
    reason: SuppressionReason
    channel: Channel | None
    source: str
    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Bar:
    """What stands between the tenant and a person, and on whose list it is."""

    scope: str
    kind: str
    reason: str
    channel: str | None
    source: str
    created_at: datetime
    expires_at: datetime | None


def add(
    tx: Tx,
    kind: SuppressionKind,
    value: str,
    reason: SuppressionReason,
    source: str,
    *,
    expires_at: datetime | None = None,
    channel: Channel | None = None,
) -> bool:
    """Never write to whom this means again; False when that was so already, for as long.

    `source` says who asked: "unsubscribe page", "reply", "smtp", "operator", "import". An entry is
    prolonged and never shortened; one that is over is closed, and a new one begins.
    """
    return bool(
        add_all(tx, [(kind, value)], reason, source, expires_at=expires_at, channel=channel)
    )


def add_all(
    tx: Tx,
    values: Sequence[tuple[SuppressionKind, str]],
    reason: SuppressionReason,
    source: str,
    *,
    expires_at: datetime | None = None,
    channel: Channel | None = None,
) -> int:
    """`add` for many values in one go; how many are new or hold longer than before.

    In the operator's hat it is the house's list, and in a tenant's transaction the tenant's.
    """
    asked = {
        "kinds": [kind.value for kind, _ in values],
        "values": [value for _, value in values],
        "reason": reason,
        "source": source,
        "expires": expires_at,
        "channel": channel,
    }
    _close_what_is_over(tx, asked)
    return tx.run(
        """
        INSERT INTO outrider.suppressions AS s
               (tenant_id, kind, value, value_hash, reason, source, expires_at, channel)
        SELECT outrider.current_tenant_id(), k.kind, k.value, k.hash,
               %(reason)s::outrider.suppression_reason, %(source)s, %(expires)s,
               %(channel)s::outrider.channel
          FROM (SELECT DISTINCT ON (hash) v.kind, v.value,
                       outrider.gate_hash(v.kind::text, outrider.suppression_key(v.kind, v.value)) AS hash
                  FROM unnest(%(kinds)s::outrider.suppression_kind[], %(values)s::text[]) AS v (kind, value)
                 ORDER BY hash) k
        ON CONFLICT (tenant_id, kind, value_hash, channel) WHERE released_at IS NULL
        DO UPDATE SET expires_at = CASE WHEN excluded.expires_at IS NOT NULL
                                        THEN greatest(s.expires_at, excluded.expires_at) END
         WHERE s.expires_at IS NOT NULL
           AND (excluded.expires_at IS NULL OR excluded.expires_at > s.expires_at)
        """,
        asked,
    )


def _close_what_is_over(tx: Tx, asked: Params) -> None:
    tx.run(
        """
        UPDATE outrider.suppressions s
           SET released_at = s.expires_at, released_by = 'its date', release_note = 'it was over'
          FROM unnest(%(kinds)s::outrider.suppression_kind[], %(values)s::text[]) AS v (kind, value)
         WHERE s.value_hash = outrider.gate_hash(v.kind::text, outrider.suppression_key(v.kind, v.value))
           AND s.released_at IS NULL AND s.expires_at <= outrider.now()
           AND s.tenant_id IS NOT DISTINCT FROM outrider.current_tenant_id()
        """,
        asked,
    )


def because(tx: Tx, email: str) -> SuppressionReason | None:
    """Why this address must not be written to, by its own or its domain's entry; None: it may."""
    reason = tx.value("SELECT outrider.suppressed_because(%(email)s)", {"email": email})
    return SuppressionReason(str(reason)) if reason is not None else None


def barred_by(tx: Tx, person: Person, *, channel: Channel = Channel.EMAIL) -> list[Bar]:
    """Everything that forbids to contact this person now; an empty list is the only permission.

    An address that cannot be read is forbidden. Raises what the database raises: no answer is no
    permission either.
    """
    return list_bars(
        tx,
        email=person.email,
        phone=person.phone,
        linkedin=person.linkedin_url,
        company=person.company_name,
        company_domain=person.company_domain,
        channel=channel,
    )


def list_bars(
    tx: Tx,
    *,
    email: str | None = None,
    phone: str | None = None,
    linkedin: str | None = None,
    company: str | None = None,
    company_domain: str | None = None,
    channel: Channel = Channel.EMAIL,
) -> list[Bar]:
    """As `barred_by`, for whatever is known of somebody."""
    return tx.list(
        Bar,
        """
        SELECT scope, kind, reason, channel, source, created_at, expires_at
          FROM outrider.barred_by(%(channel)s::text, %(email)s::text, %(phone)s::text,
                                  %(linkedin)s::text, %(company)s::text, %(domain)s::text)
        """,
        {
            "channel": channel,
            "email": email,
            "phone": phone,
            "linkedin": linkedin,
            "company": company,
            "domain": company_domain,
        },
    )


def list_leads(tx: Tx, values: Sequence[tuple[SuppressionKind, str]]) -> list[UUID]:
    """The tenant's leads that entries of these values would be about, by id."""
    found = tx.conn.execute(
        """
        SELECT l FROM outrider.leads_of_suppressions(
               %(kinds)s::outrider.suppression_kind[], %(values)s::text[]) AS l ORDER BY l
        """,
        {"kinds": [kind.value for kind, _ in values], "values": [value for _, value in values]},
    ).fetchall()
    return [UUID(str(lead_id)) for (lead_id,) in found]


def list_live(tx: Tx, *, limit: int) -> list[Entry]:
    """The tenant's own entries that hold now, newest first."""
    return tx.list(
        Entry,
        """
        SELECT id, kind, value, reason, channel, source, created_at, expires_at
          FROM outrider.suppressions
         WHERE released_at IS NULL AND (expires_at IS NULL OR expires_at > outrider.now())
         ORDER BY created_at DESC, id DESC LIMIT %(limit)s
        """,
        {"limit": limit},
    )


def list_house(tx: Tx, *, limit: int) -> list[Entry]:
    """The house's entries that hold now, newest first, without values; needs the operator's hat."""
    return tx.list(
        Entry,
        """
        SELECT id, kind, NULL AS value, reason, channel, source, created_at, expires_at
          FROM outrider.suppressions
         WHERE tenant_id IS NULL AND released_at IS NULL
           AND (expires_at IS NULL OR expires_at > outrider.now())
         ORDER BY created_at DESC, id DESC LIMIT %(limit)s
        """,
        {"limit": limit},
    )


def release(tx: Tx, kind: SuppressionKind, value: str, *, by: str, note: str) -> bool:
    """End every entry of this value, on whichever channel; False when there is none. The rows stay.

    In the operator's hat it is the house's list, and in a tenant's transaction the tenant's.
    """
    return bool(
        tx.run(
            """
            UPDATE outrider.suppressions
               SET released_at = outrider.now(), released_by = %(by)s, release_note = %(note)s
             WHERE kind = %(kind)s::outrider.suppression_kind AND released_at IS NULL
               AND tenant_id IS NOT DISTINCT FROM outrider.current_tenant_id()
               AND value_hash IN (
                   outrider.gate_hash(%(kind)s::text, outrider.suppression_key(%(kind)s::outrider.suppression_kind, %(value)s)),
                   outrider.suppression_hash(%(kind)s::outrider.suppression_kind, %(value)s))
            """,
            {"kind": kind, "value": value, "by": by, "note": note},
        )
    )
