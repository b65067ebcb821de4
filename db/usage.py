"""What a tenant used in a month, beside what its plan gives. Reads only."""

from dataclasses import dataclass
from datetime import date, datetime

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class Usage:
    """One line: `allowed` None: no limit. `warned_at`: when it reached 80 %, in the month asked."""

    what: str
    used: int
    allowed: int | None
    percent: int | None
    warned_at: datetime | None
    resets_at: datetime | None


def this_month(tx: Tx) -> date:
    """The first day of the month that is counted now, in UTC."""
    month = tx.value("SELECT outrider.this_month()")
    assert isinstance(month, date)
    return month


def list_month(tx: Tx, month: date) -> list[Usage]:
    """Every meter of the tenant in a month, the credits that it spent in it, and its contacts now.

    Credits count what was spent less what was given back, of whichever grant: more than 100 % is a gift's.
    """
    return tx.list(
        Usage,
        """
        WITH plan AS (SELECT limits FROM outrider.plan_of(outrider.current_tenant_id())
        ), told AS (
            SELECT 1 AS place, m.meter::text AS what, coalesce(e.used, 0) AS used,
                   (p.limits ->> (m.meter || '_month'))::bigint AS allowed, c.warned_at,
                   (%(month)s::date + interval '1 month') AT TIME ZONE 'UTC' AS resets_at
              FROM plan p CROSS JOIN unnest(enum_range(NULL::outrider.meter)) AS m (meter)
              LEFT JOIN LATERAL (SELECT sum(u.quantity)::bigint AS used FROM outrider.usage_events u
                    WHERE u.meter = m.meter AND u.period_start = %(month)s AND u.refunded_at IS NULL
                      AND u.tenant_id = outrider.current_tenant_id()) e ON true
              LEFT JOIN outrider.usage_counters c
                ON c.meter = m.meter AND c.period_start = %(month)s
            UNION ALL
            SELECT 2, 'credits', coalesce(t.spent, 0), (p.limits ->> 'credits_month')::bigint,
                   CASE WHEN date_trunc('month', a.warned_at AT TIME ZONE 'UTC') = %(month)s THEN a.warned_at END,
                   (%(month)s::date + interval '1 month') AT TIME ZONE 'UTC'
              FROM plan p LEFT JOIN outrider.credit_accounts a ON a.tenant_id = outrider.current_tenant_id()
              LEFT JOIN LATERAL (SELECT -sum(t.credits)::bigint AS spent FROM outrider.credit_transactions t
                    WHERE t.tenant_id = outrider.current_tenant_id() AND t.period_start = %(month)s
                      AND t.kind IN ('spend', 'refund')) t ON true
             WHERE p.limits ? 'credits_month'
            UNION ALL
            SELECT 3, 'contacts', (SELECT count(*) FROM outrider.leads WHERE deleted_at IS NULL),
                   (p.limits ->> 'contacts')::bigint, NULL, NULL
              FROM plan p
        )
        SELECT what, used, allowed, (100 * used / nullif(allowed, 0))::integer AS percent, warned_at,
               resets_at
          FROM told ORDER BY place, what
        """,
        {"month": month},
    )
