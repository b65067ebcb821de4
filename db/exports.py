"""A tenant's leads, mails and outcomes, row by row from a cursor on the server. Refuses to hold more than a page."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal, LiteralString, TypeAlias

import psycopg
from psycopg.rows import dict_row

from db.pool import Tx

What: TypeAlias = Literal["leads", "messages", "outcomes"]
"""What can be exported."""
Kind: TypeAlias = Literal["text", "integer", "moment", "json"]
"""What a column holds."""

_PAGE = 1000
_KINDS: dict[str, Kind] = {
    "text": "text", "uuid": "text", "int2": "integer", "int4": "integer", "int8": "integer",
    "timestamptz": "moment", "jsonb": "json",
}  # fmt: skip
_QUERIES: dict[What, LiteralString] = {
    "leads": """
        SELECT id AS outrider_id, status::text AS outrider_status, score AS outrider_score, tier::text AS outrider_tier,
               created_at AS outrider_created_at, email, first_name, last_name, full_name, title, phone, linkedin_url,
               company_name, company_domain, website, country, locale, timezone, source, attributes
          FROM outrider.leads
         WHERE deleted_at IS NULL AND erased_at IS NULL AND (%(since)s::timestamptz IS NULL OR updated_at >= %(since)s)
         ORDER BY id
    """,
    "messages": """
        SELECT m.id, m.direction::text, m.status::text, m.claimed_at AS at, c.name AS campaign, m.step_number AS step,
               m.lead_id, m.from_address AS "from", m.to_address AS "to", m.subject, m.body_text AS body, m.failed_reason
          FROM outrider.messages m
          LEFT JOIN outrider.enrollments e ON e.id = m.enrollment_id
          LEFT JOIN outrider.campaigns c ON c.id = e.campaign_id
         WHERE %(since)s::timestamptz IS NULL OR m.claimed_at >= %(since)s
         ORDER BY m.claimed_at, m.id
    """,
    "outcomes": """
        SELECT o.at, o.kind, o.lead_id, l.email, o.outcome, o.detail
          FROM (SELECT classified_at AS at, 'reply' AS kind, lead_id, intent::text AS outcome, decision::text AS detail
                  FROM outrider.replies
                UNION ALL
                SELECT ended_at, 'sequence', lead_id, coalesce(stop_reason::text, status::text), stopped_by
                  FROM outrider.enrollments WHERE ended_at IS NOT NULL
                UNION ALL
                SELECT occurred_at, 'crm', lead_id, outcome, error_code FROM outrider.crm_log) o
          LEFT JOIN outrider.leads l ON l.id = o.lead_id
         WHERE %(since)s::timestamptz IS NULL OR o.at >= %(since)s
         ORDER BY o.at, o.kind, o.lead_id
    """,
}


def rows(tx: Tx, what: What, *, since: datetime | None = None) -> Iterator[dict[str, object]]:
    """Every row, in an order that stays; `since` is business time: what changed or happened then or later."""
    with tx.conn.cursor(name="outrider_export", row_factory=dict_row) as cursor:
        cursor.itersize = _PAGE
        cursor.execute(_QUERIES[what], {"since": since})
        yield from cursor


def columns(tx: Tx, what: What) -> dict[str, Kind]:
    """Every column of `rows` in its order, and what it holds, as the database says it; also when there are no rows."""
    cursor = tx.conn.execute(_QUERIES[what] + " LIMIT 0", {"since": None})
    assert cursor.description is not None
    types = psycopg.adapters.types
    return {one.name: _KINDS[types[one.type_code].name] for one in cursor.description}


def attribute_names(tx: Tx) -> list[str]:
    """What the tenant's leads have attributes of, sorted."""
    found = tx.conn.execute(
        """
        SELECT DISTINCT k FROM outrider.leads l CROSS JOIN LATERAL jsonb_object_keys(l.attributes) AS k
         WHERE l.deleted_at IS NULL AND l.erased_at IS NULL ORDER BY k
        """
    ).fetchall()
    return [str(name) for (name,) in found]
