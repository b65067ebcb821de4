"""What must always be true of metering and credits; queries like those of `invariants`."""

from typing import LiteralString

USAGE: dict[str, LiteralString] = {
    # Two months: what is older is settled, and nobody adds it up every ten minutes.
    "usage.sum": """
        SELECT 'tenant ' || c.tenant_id, 'counts ' || c.quantity || ' ' || c.meter || ' of ' || c.period_start
               || ' and the ledger adds up to ' || e.used
          FROM outrider.usage_counters c CROSS JOIN LATERAL (
               SELECT coalesce(sum(u.quantity), 0) AS used FROM outrider.usage_events u
                WHERE u.tenant_id = c.tenant_id AND u.meter = c.meter AND u.period_start = c.period_start
                  AND u.refunded_at IS NULL) e
         WHERE c.quantity <> e.used AND c.period_start >= outrider.this_month() - interval '1 month'
    """,
    "credits.balance": """
        SELECT 'tenant ' || a.tenant_id, 'has ' || a.balance || ' credits after ' || a.entries
               || ' entries, and the last of its ledger, ' || coalesce(t.entry, 0) || ', says ' || coalesce(t.balance_after, 0)
          FROM outrider.credit_accounts a LEFT JOIN LATERAL (
               SELECT entry, balance_after FROM outrider.credit_transactions t
                WHERE t.tenant_id = a.tenant_id ORDER BY entry DESC LIMIT 1) t ON true
         WHERE (a.balance, a.entries) IS DISTINCT FROM (coalesce(t.balance_after, 0), coalesce(t.entry, 0))
        UNION ALL
        SELECT 'tenant ' || l.tenant_id, 'entry ' || l.entry || ' of its credits does not follow from the one before'
          FROM (SELECT tenant_id, entry, balance_after, credits, created_at,
                       lag(balance_after, 1, 0::bigint) OVER line AS before, lag(entry, 1, 0::bigint) OVER line AS last
                  FROM outrider.credit_transactions WINDOW line AS (PARTITION BY tenant_id ORDER BY entry)) l
         WHERE l.balance_after <> l.before + l.credits OR l.entry <> l.last + 1
        UNION ALL
        SELECT 'tenant ' || a.tenant_id, 'spent ' || a.spent || ' credits in ' || a.spent_in
               || ' and its ledger says ' || t.spent
          FROM outrider.credit_accounts a CROSS JOIN LATERAL (
               SELECT coalesce(-sum(t.credits), 0) AS spent FROM outrider.credit_transactions t
                WHERE t.tenant_id = a.tenant_id AND t.period_start = a.spent_in AND t.kind IN ('spend', 'refund')) t
         WHERE a.spent <> t.spent
    """,
}
