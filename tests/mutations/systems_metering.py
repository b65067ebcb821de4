"""What makes the rows of plans, credits and usage true, and how to take it away."""

from tests.mutations.guards import Guard, guard
from tests.mutations.trial import Edit

_METERING = "db/migrations/028_usage.sql"


METERING: tuple[Guard, ...] = (
    guard(13, "a spend asks for the balance under its lock", Edit(
        _METERING,
        """    select a.balance into balance from outrider.credit_accounts a where a.tenant_id = me for update;
    if balance is null or balance < p_quantity then
      perform""",
        """    select a.balance into balance from outrider.credit_accounts a where a.tenant_id = me;
    if balance is null or balance < p_quantity then
      perform"""), Edit(
        _METERING,
        """  booked := balance + p_credits >= 0
    and not exists""",
        """  booked := not exists"""), Edit(
        _METERING, """balance     bigint not null default 0 check (balance >= 0)""", """balance     bigint not null default 0"""), Edit(
        _METERING, """balance_after bigint not null check (balance_after >= 0)""", """balance_after bigint not null""")),
    guard(13, "a look that is tried again stays paid under its key", Edit(
        "workers/enrichment.py", """Meter.LOOKUPS, 1, key=key),""", """Meter.LOOKUPS, 1, key=f"{key}{ctx.claim.attempt}"),""")),
    guard(13, "a look that is known is not paid for", Edit(
        "workers/enrichment.py", """    look = _look(ctx, asked, month) if asked else None""", """    if asked:
        with ctx.transaction() as tx:
            demand(ctx, tx, Meter.LOOKUPS, 1, key=str(lead.id))
    look = _look(ctx, asked, month) if asked else None""")),
    guard(13, "who does not pay has nothing looked up", Edit(
        "workers/enrichment.py", """        if hindered := plans.hindrance(tx, lead.id):""", """        if (hindered := plans.hindrance(tx, lead.id)) and False:"""), Edit(
        _METERING, """  if status not in ('trialing', 'active') then
    outcome""", """  if false then
    outcome""")),
    guard(13, "who does not pay sends nothing", Edit(
        "workers/sending.py", """    if isinstance(paid, Refused):""", """    if False:""")),
    guard(32, "a client only reads its subscription", Edit(
        _METERING, """'outrider.subscriptions', 'read'""", """'outrider.subscriptions', 'admin'""")),
    guard(32, "a client only reads its balance", Edit(
        _METERING, """'outrider.credit_accounts', 'read'""", """'outrider.credit_accounts', 'write'""")),
    guard(32, "nobody changes the own role", Edit(
        _METERING, """  using (user_id <> (select outrider.current_user_id())) with check (user_id <> (select outrider.current_user_id()));""",
        """  using (true) with check (true);""")),
    guard(42, "a take is compared with the limit by the statement that counts it", Edit(
        _METERING, """       and c.quantity + p_quantity <= allowed""", """       and true""")),
    guard(42, "a key that is counted is not counted again", Edit(
        _METERING, """              where e.tenant_id = me and e.meter = p_meter and e.key = p_key and e.refunded_at is null) then
    return;""", """              where false) then
    return;"""), Edit(
        _METERING, """   where e.refunded_at is not null
  returning""", """  returning""")),
    guard(42, "a month is warned of once", Edit(
        _METERING, """and c.period_start = month and c.warned_at is null;""", """and c.period_start = month;"""), Edit(
        "workers/quotas.py", """key=f"{meter}:{answer.month}")""", """key=f"{meter}:{answer.used}")""")),
)  # fmt: skip
