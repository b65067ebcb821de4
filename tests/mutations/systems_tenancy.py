"""What makes the working rows about tenants, people, secrets and quotas true, and how to take it away."""

from tests.mutations.guards import Guard, guard
from tests.mutations.trial import Edit

_READABLE = "sql:user_readable_tenant_ids"

TENANCY: tuple[Guard, ...] = (
    guard(1, "a pending member is none", Edit(
        "sql:user_tenant_ids", " and m.accepted_at is not null", "")),
    guard(1, "a removed member is none", Edit(
        "sql:user_tenant_ids", "m.deleted_at is null and ", "")),
    guard(1, "a worker without a tenant has none", Edit(
        "ddl", "", """CREATE POLICY house ON outrider.leads FOR SELECT TO outrider_worker
                      USING (outrider.current_tenant_id() IS NULL)""")),
    guard(23, "a token speaks for a person of its own issuer", Edit(
        "sql:current_user_id",
        """on u.auth_provider = i.provider and u.auth_subject = i.subject""",
        """on u.auth_subject = i.subject""")),
    guard(23, "a token speaks for its own subject", Edit(
        "sql:current_user_id",
        """on u.auth_provider = i.provider and u.auth_subject = i.subject""",
        """on u.auth_provider = i.provider""")),
    guard(53, "a session is its operator's", Edit(
        _READABLE, "v.operator_id = me and ", "")),
    guard(53, "a session expires", Edit(
        _READABLE, " and v.expires_at > outrider.now()", "")),
    guard(53, "each read is written down", Edit(
        _READABLE,
        "values (s.tenant_id, me::text, 'support_read', 'table', p_table, s.reason, jsonb_build_object('session', s.id));",
        "select s.tenant_id, me::text, 'support_read', 'table', p_table, s.reason, '{}' where false;")),
    guard(53, "a session only reads", Edit(
        "ddl", "", """CREATE POLICY support_writes ON outrider.companies FOR UPDATE TO outrider_client
                      USING (tenant_id = ANY (ARRAY(SELECT outrider.user_readable_tenant_ids('companies'))))""")),
    guard(54, "a deployment ends with the assert", Edit(
        "db/migrate.py", "    if problems:\n", "    if False:\n")),
    guard(54, "a policy for a stranger is named", Edit(
        "sql:unprotected", "from policies where hat is null or", "from policies where")),
    guard(54, "a policy for everybody is named", Edit(
        "sql:unprotected",
        "where hat in ('worker', 'client', 'ingress', 'public') and 'true' in (seen, checked)",
        "where hat in ('worker', 'client', 'ingress') and 'true' in (seen, checked)")),
)  # fmt: skip
