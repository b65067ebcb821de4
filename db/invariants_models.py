"""What must always be true of model calls: the books of what they cost agree."""

from typing import LiteralString

MODELS: dict[str, LiteralString] = {
    # Older days are summed no more: their lines may be forgotten, their sums are kept.
    "models.cost": """
        SELECT 'tenant ' || tenant_id, 'cost ' || coalesce(c.cents, 0) || ' cents by the sum of ' || day
               || ' and model ' || model || ', and ' || coalesce(l.cents, 0) || ' by its run logs'
          FROM (SELECT tenant_id, (created_at AT TIME ZONE 'UTC')::date AS day, provider, model, count(*) AS calls,
                       count(*) FILTER (WHERE cost_cents IS NULL) AS unknown, coalesce(sum(cost_cents), 0) AS cents,
                       coalesce(sum(input_tokens), 0) + coalesce(sum(cached_tokens), 0) + coalesce(sum(output_tokens), 0) AS tokens
                  FROM outrider.ai_run_logs
                 WHERE created_at >= date_trunc('day', outrider.now(), 'UTC') - interval '7 days'
                 GROUP BY 1, 2, 3, 4) l
          FULL JOIN (SELECT tenant_id, day, provider, model, calls, unknown, cost_cents AS cents,
                            input_tokens + cached_tokens + output_tokens AS tokens
                       FROM outrider.ai_costs
                      WHERE day >= (outrider.now() AT TIME ZONE 'UTC')::date - 7) c USING (tenant_id, day, provider, model)
         WHERE (coalesce(l.calls, 0), coalesce(l.unknown, 0), coalesce(l.cents, 0), coalesce(l.tokens, 0))
               <> (coalesce(c.calls, 0), coalesce(c.unknown, 0), coalesce(c.cents, 0), coalesce(c.tokens, 0))
    """,
}
