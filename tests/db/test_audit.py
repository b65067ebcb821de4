"""The trail: insert-only, in the transaction that does what it says."""

from uuid import UUID

import psycopg
import pytest

from db import Database, audit

LINES = """
    SELECT tenant_id, operator, action, resource_type, resource_id, reason, details
      FROM outrider.audit_logs ORDER BY action
"""


def test_operators_and_workers_write_and_the_tenant_is_filled_in(
    database: Database, tenant: UUID, owner_dsn: str
):
    with database.hat("operator") as tx:
        audit.record(
            tx, operator="ada", action="cancel", resource_type="job", resource_id="7",
            reason="twice", tenant_id=tenant, details={"jobs": 3},
        )  # fmt: skip
        audit.record(
            tx, operator="ada", action="run", resource_type="schedule", resource_id="x", reason=None
        )
    with database.tenant(tenant) as tx:
        audit.record(
            tx, operator="bob", action="replay", resource_type="dead_letter", resource_id="1",
            reason="fixed",
        )  # fmt: skip
    with psycopg.connect(owner_dsn) as conn:
        assert conn.execute(LINES).fetchall() == [
            (tenant, "ada", "cancel", "job", "7", "twice", {"jobs": 3}),
            (tenant, "bob", "replay", "dead_letter", "1", "fixed", {}),
            (None, "ada", "run", "schedule", "x", None, {}),
        ]


@pytest.mark.parametrize(
    "rewrite", ["UPDATE outrider.audit_logs SET reason = 'x'", "DELETE FROM outrider.audit_logs"]
)
def test_nobody_rewrites_the_trail(database: Database, tenant: UUID, rewrite: str):
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.hat("operator") as tx:
        tx.run(rewrite)  # pyright: ignore[reportArgumentType]
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.tenant(tenant) as tx:
        tx.run(rewrite)  # pyright: ignore[reportArgumentType]


def test_what_is_rolled_back_was_not_done(database: Database, owner_dsn: str):
    with pytest.raises(ZeroDivisionError), database.hat("operator") as tx:
        audit.record(
            tx, operator="ada", action="run", resource_type="schedule", resource_id="x", reason=None
        )
        raise ZeroDivisionError
    with psycopg.connect(owner_dsn) as conn:
        assert conn.execute(LINES).fetchall() == []
