"""Table `enrichment_results`: what was found about a lead, field by field with its source."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.types.json import Jsonb

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class Enrichment:
    """The current conclusion about a lead, with its evidence."""

    lead_id: UUID
    fingerprint: str
    fields: dict[str, object]
    facts: dict[str, object]


def record(
    tx: Tx,
    lead_id: UUID,
    *,
    fingerprint: str,
    fields: dict[str, object],
    facts: dict[str, object],
    effect_keys: Sequence[str],
) -> bool:
    """Make this the current result of a locked lead; False when it already was. Idempotent."""
    tx.run(
        """
        UPDATE outrider.enrichment_results SET is_current = false
         WHERE lead_id = %(lead)s AND is_current AND fingerprint <> %(print)s
        """,
        {"lead": lead_id, "print": fingerprint},
    )
    return bool(
        tx.run(
            """
            INSERT INTO outrider.enrichment_results AS r
                   (lead_id, fingerprint, fields, facts, effect_keys)
            VALUES (%(lead)s, %(print)s, %(fields)s, %(facts)s, %(keys)s)
            ON CONFLICT (tenant_id, lead_id, fingerprint) DO UPDATE SET is_current = true
             WHERE NOT r.is_current
            """,
            {
                "lead": lead_id,
                "print": fingerprint,
                "fields": Jsonb(fields),
                "facts": Jsonb(facts),
                "keys": list(effect_keys),
            },
        )
    )


def find_current(tx: Tx, lead_id: UUID) -> Enrichment | None:
    """The current result of a lead, or None."""
    return next(iter(list_current(tx, [lead_id])), None)


def list_current(tx: Tx, lead_ids: Collection[UUID]) -> list[Enrichment]:
    """The current results of those leads that have one."""
    return tx.list(
        Enrichment,
        """
        SELECT lead_id, fingerprint, fields, facts FROM outrider.enrichment_results
         WHERE lead_id = ANY(%(leads)s) AND is_current
        """,
        {"leads": list(lead_ids)},
    )


@dataclass(frozen=True, slots=True)
class Finding:
    """A text that we ourselves once found about a lead, and for which field."""

    field: str
    value: str


def list_findings(tx: Tx, lead_id: UUID) -> list[Finding]:
    """Everything that any result of a lead, current or not, did not get from a person."""
    return tx.list(
        Finding,
        """
        SELECT DISTINCT f.key AS field, f.value ->> 'value' AS value
          FROM outrider.enrichment_results r CROSS JOIN LATERAL jsonb_each(r.fields) AS f
         WHERE r.lead_id = %(lead)s AND f.value ->> 'source' <> 'given'
         ORDER BY field, value
        """,
        {"lead": lead_id},
    )
