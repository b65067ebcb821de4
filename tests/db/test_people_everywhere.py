"""Whatever column a person was written into, they are gone from it: driven by the catalogue."""

import base64
from collections.abc import Callable
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from db import Database, invariants, people
from tests.db.planted_rows import PLANTED
from tests.factories import capture, tenant_called
from tests.workers.test_erasing import EMAIL, KNOWN, NAME, found_in
from workers.erasing import erase

Peek = Callable[..., list[tuple[Any, ...]]]

WITH: dict[str, LiteralString] = {
    "text": "coalesce({c}, '') || {text}",
    "jsonb": "coalesce({c}, '{{}}') || jsonb_build_object('x', jsonb_build_array({text}), {text}, 1)",
    "_text": "array_append({c}, {text})",
    "bytea": "coalesce({c}, '') || convert_to({text}, 'UTF8') || convert_to({b64}, 'UTF8')",
}


@pytest.fixture
def everywhere(database: Database, tenant: UUID, owner_dsn: str, sick: list[str]) -> int:
    """A row in every table, each naming them wherever it can; returns in how many columns."""
    sick += list(invariants.INVARIANTS)  # the rows make no sense together
    text = f" {NAME} <{EMAIL}> {KNOWN['phone']} {KNOWN['linkedin_url']} {KNOWN['website']} "
    told = {"text": text, "b64": base64.b64encode(f"x{EMAIL} {NAME}".encode()).decode()}
    with psycopg.connect(owner_dsn, autocommit=True) as conn:
        conn.execute("INSERT INTO outrider.users (auth_subject, email) VALUES ('ann', 'a@a.test')")
        for query in PLANTED.values():
            conn.execute(query, {"t": tenant})
        for table, check in conn.execute("""
                SELECT c.conrelid::regclass::text, c.conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
                 WHERE c.contype = 'c' AND NOT t.relispartition AND c.connamespace = 'outrider'::regnamespace""").fetchall():
            name = sql.Identifier(
                *str(table).split(".")
            )  # so that a reason fits a row without its state
            conn.execute(
                sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(
                    name, sql.Identifier(str(check))
                )
            )
        columns = conn.execute("""
            SELECT d.table_name, d.column_name, t.typname FROM outrider.personal_data d
              JOIN pg_attribute a ON a.attrelid = to_regclass('outrider.' || d.table_name) AND a.attname = d.column_name
              JOIN pg_type t ON t.oid = a.atttypid
             WHERE (d.kind IN ('person', 'mention') OR d.rule = 'payload') AND NOT (d.table_name = 'leads' AND d.kind = 'person' AND t.typname = 'text')  -- who another is
               AND t.typname IN ('text', 'jsonb', '_text', 'bytea')
               AND EXISTS (SELECT 1 FROM pg_attribute x WHERE x.attrelid = a.attrelid AND x.attname = 'tenant_id')
             ORDER BY 1, 2""").fetchall()  # fmt: skip
        for table, column, kind in columns:
            asked = sql.SQL("UPDATE outrider.{t} SET {c} = " + WITH[str(kind)] + " WHERE tenant_id = {tenant}").format(
                t=sql.Identifier(table), c=sql.Identifier(column), tenant=tenant,
                **{name: sql.Literal(value) for name, value in told.items()})  # fmt: skip
            conn.execute(asked)
    return len(columns)


def test_a_person_is_gone_from_every_column_there_is(
    everywhere: int, database: Database, tenant: UUID, owner_dsn: str
) -> None:
    other = tenant_called(database, "other")
    with database.tenant(other) as tx:
        capture(tx, EMAIL, **KNOWN)
    with database.tenant(tenant) as tx:
        lead_id = capture(tx, EMAIL, **KNOWN)
        people.close(tx, [lead_id])
        tx.run("DELETE FROM outrider.jobs")
        told = people.list_pieces(tx, EMAIL)
        assert len({piece.table_name for piece in told}) > 25
    theirs = dump_of(owner_dsn, other)
    why = f"{NAME} <{EMAIL}> asked by phone"
    done = erase(database, tenant, EMAIL, operator="t", reason=why).tables
    left = {table: found_in(text) for table, text in dump_of(owner_dsn, tenant).items()}
    assert {table: found for table, found in left.items() if found} == {}
    assert dump_of(owner_dsn, other) == theirs
    assert everywhere >= 70
    assert len(done) > 25


def dump_of(owner_dsn: str, tenant: UUID) -> dict[str, str]:
    """Every row of a tenant, as text."""
    with psycopg.connect(owner_dsn) as conn:
        tables = conn.execute("""
            SELECT n.nspname, c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE a.attname = 'tenant_id' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname LIKE 'outrider%'
            """).fetchall()  # fmt: skip
        return {
            str(table): "\n".join(str(row) for (row,) in conn.execute(
                sql.SQL("SELECT t::text FROM {} t WHERE tenant_id = %s").format(sql.Identifier(schema, table)), (tenant,)))
            for schema, table in tables
        }  # fmt: skip
