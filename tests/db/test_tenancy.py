"""Who sees what: worker, client and operator, in every table there is."""

from collections.abc import Callable
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from db import Database
from schemas import enums
from schemas.jobs import EnrichLead
from tests.db.planted_rows import PLANTED
from tests.factories import capture, enqueue, start, tenant_called

Peek = Callable[..., list[tuple[Any, ...]]]
SHIPPED = {"outrider.prompts", "outrider.prompt_versions"}
"""Tables with rows of no tenant, which all may read and nobody may change."""


@pytest.fixture
def two(owner_dsn: str, database: Database, sick: list[str]) -> tuple[UUID, UUID]:
    """Two tenants, each with a row in every tenant table; the rows make no sense together."""
    sick += ["jobs.lost", "dead.unlogged", "leads.unexplained", "webhooks.unheard"]
    tenants = tenant_called(database, "mine"), tenant_called(database, "theirs")
    with psycopg.connect(owner_dsn, autocommit=True) as conn:
        conn.execute("INSERT INTO outrider.users (auth_subject, email) VALUES ('ann', 'a@a.test')")
        for tenant_id in tenants:
            for query in PLANTED.values():
                conn.execute(query, {"t": tenant_id})
    return tenants


def tenant_tables(peek: Peek) -> set[str]:
    return {
        str(name)
        for (name,) in peek("""
            SELECT c.oid::regclass::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
              JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE a.attname = 'tenant_id' AND NOT a.attisdropped AND c.relkind IN ('r', 'p')
               AND NOT c.relispartition AND n.nspname IN ('outrider', 'outrider_secret')""")
    }


def rows(database: Database, tenant_id: UUID | None, table: str) -> set[UUID | None]:
    """The tenants whose rows a worker of `tenant_id` sees in a table; nothing when it may not look."""
    with database.tenant(tenant_id) as tx:
        query = sql.SQL("SELECT tenant_id FROM {}").format(sql.Identifier(*table.split(".")))
        try:
            return {row[0] for row in tx.conn.execute(query).fetchall()}  # pyright: ignore[reportReturnType, reportUnhashable]
        except psycopg.errors.InsufficientPrivilege:
            return set()


def test_every_tenant_table_is_in_this_test_and_has_a_worker_policy(peek: Peek) -> None:
    assert tenant_tables(peek) == set(PLANTED)
    assert peek("SELECT problem FROM outrider.unprotected()") == []


def test_erasure_and_export_know_every_column_that_could_hold_words_about_a_person(
    peek: Peek,
) -> None:
    assert peek("SELECT problem FROM outrider.unclassified()") == []


@pytest.mark.system(1)
def test_a_worker_sees_its_tenant_and_no_other(
    database: Database, two: tuple[UUID, UUID], subtests: pytest.Subtests
) -> None:
    mine, _ = two
    unseen = {"outrider.audit_logs"}  # a worker writes the trail and cannot read it
    for table in PLANTED:
        shipped = {None} if table in SHIPPED else set[None]()
        with subtests.test(table):
            assert rows(database, mine, table) == (set() if table in unseen else {mine} | shipped)
            assert rows(database, None, table) == shipped


@pytest.mark.system(1)
def test_a_worker_can_neither_change_nor_add_rows_of_another_tenant(
    database: Database, two: tuple[UUID, UUID], peek: Peek, subtests: pytest.Subtests
) -> None:
    for table in PLANTED:
        with subtests.test(table):
            _leave_alone(database, two, peek, table)


def _leave_alone(database: Database, two: tuple[UUID, UUID], peek: Peek, table: str) -> None:
    mine, theirs = two
    name = sql.Identifier(*table.split("."))
    before = peek("SELECT count(*) FROM outrider.job_log")
    for query in (
        sql.SQL("UPDATE {} SET tenant_id = {} WHERE tenant_id = {}").format(name, mine, theirs),
        sql.SQL("UPDATE {} SET tenant_id = {} WHERE tenant_id = {}").format(name, theirs, mine),
        sql.SQL("DELETE FROM {} WHERE tenant_id = {}").format(name, theirs),
    ):
        assert touched(database, mine, query) == 0
    assert touched(database, mine, sql.SQL(PLANTED[table]), {"t": theirs}) == 0
    assert peek("SELECT count(*) FROM outrider.job_log") == before


def touched(
    database: Database, tenant_id: UUID, query: sql.Composed | sql.SQL, params: dict[str, UUID] | None = None
) -> int:  # fmt: skip
    try:
        with database.tenant(tenant_id) as tx:
            return tx.conn.execute(query, params).rowcount
    except psycopg.errors.InsufficientPrivilege:  # a policy's refusal is one, too
        return 0


REFERENCES: dict[str, LiteralString] = {
    "lead of a transition": "INSERT INTO outrider.lead_status_transitions (lead_id, to_status, cause) VALUES (%s, 'new', 'x')",
    "lead of a score": "INSERT INTO outrider.scores (lead_id, model, model_version, score, tier, factors, inputs_hash, is_current) VALUES (%s, 'm', 1, 0, 'dead', '[]', 'h', false)",
    "lead of a result": "INSERT INTO outrider.enrichment_results (lead_id, fingerprint, is_current) VALUES (%s, 'f', false)",
    "company of a lead": "INSERT INTO outrider.leads (email, company_id) VALUES ('y@y.test', %s)",
}  # fmt: skip


@pytest.mark.parametrize("query", REFERENCES.values(), ids=REFERENCES)
def test_a_row_cannot_point_at_another_tenants(
    database: Database, two: tuple[UUID, UUID], peek: Peek, query: LiteralString
) -> None:
    mine, theirs = two
    noun = "outrider.companies" if "company_id" in query else "outrider.leads"
    [(foreign,)] = peek(f"SELECT id FROM {noun} WHERE tenant_id = %s", theirs)  # pyright: ignore[reportArgumentType]
    with pytest.raises(psycopg.errors.ForeignKeyViolation), database.tenant(mine) as tx:
        tx.conn.execute(query, (foreign,))


def test_a_tenants_job_can_only_be_claimed_in_that_tenant(database: Database, tenant: UUID) -> None:
    stranger = tenant_called(database, "stranger")
    with database.tenant(tenant) as tx:
        lead_id = capture(tx)
    claimed = start(database, tenant, EnrichLead(lead_id=lead_id))
    for other in (stranger, None):
        assert claimed.tenant_id not in rows(database, other, "outrider.jobs")
    assert enqueue(database, stranger, EnrichLead(lead_id=lead_id))


def test_our_words_equal_those_of_postgres(peek: Peek) -> None:
    stored = peek("""SELECT typname, array_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum
                       JOIN pg_type t ON t.oid = enumtypid JOIN pg_namespace n ON n.oid = t.typnamespace
                      WHERE n.nspname = 'outrider' GROUP BY typname""")
    ours = {
        "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_"): [m.value for m in kind]
        for name, kind in vars(enums).items()
        if isinstance(kind, type) and issubclass(kind, enums.StrEnum) and kind is not enums.StrEnum
    }  # fmt: skip
    assert dict(stored) == ours
