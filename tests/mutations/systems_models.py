"""What makes the working rows about language models true, and how to take it away."""

from tests.mutations.guards import Guard, guard
from tests.mutations.trial import Edit

MODELS: tuple[Guard, ...] = (
    guard(47, "a run keeps the prompt version that it began with", Edit(
        "workers/models.py",
        """        if known and mine
""",
        """        if known and mine and not known
""")),
    guard(47, "a tenant's active version goes before the shipped one", Edit(
        "db/prompts.py",
        """              ORDER BY p.tenant_id NULLS LAST LIMIT 1""",
        """              ORDER BY p.tenant_id NULLS FIRST LIMIT 1""")),
    guard(78, "a day's sum keeps what is less than a cent", Edit(
        "sql:count_ai_cost",
        """cost_cents = c.cost_cents + excluded.cost_cents""",
        """cost_cents = round(c.cost_cents + excluded.cost_cents, 2)""")),
    guard(78, "every call is counted into its day", Edit(
        "ddl", "", "DROP TRIGGER ai_run_logs_cost ON outrider.ai_run_logs")),
    guard(78, "a day ends at midnight, UTC", Edit(
        "sql:count_ai_cost",
        """(new.created_at at time zone 'UTC')::date""",
        """(new.created_at at time zone 'Asia/Tokyo')::date""")),
)  # fmt: skip
