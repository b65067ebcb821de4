"""Three tenants with a row in every table, people of every kind, and markers in all the victim's words."""

from dataclasses import dataclass
from typing import Any, LiteralString, cast
from uuid import UUID, uuid4

import psycopg
from psycopg import sql

from tests.db.planted_rows import PLANTED

Conn = psycopg.Connection[tuple[Any, ...]]
OURS = "('outrider'::regnamespace, 'outrider_secret'::regnamespace)"
SECRET, WORD = "mrk0secret", "mrk0word"
"""Planted where the operator may not look, and everywhere else; each column's has a number of its own."""


@dataclass(frozen=True)
class World:
    """`theirs` is the victim; `third` is where the operator has a live session."""

    mine: UUID
    theirs: UUID
    third: UUID


PEOPLE: LiteralString = """
    INSERT INTO outrider.users (auth_subject, email, is_operator)
    SELECT who, who || '@people.test', who LIKE 'op-%' AND who <> 'op-dismissed'
      FROM unnest(ARRAY['keeper', 'owner', 'admin', 'member', 'viewer', 'pending', 'removed', 'foreign', 'victim',
                        'op-none', 'op-live', 'op-expired', 'op-ended', 'op-dismissed']) who;
    INSERT INTO outrider.memberships (tenant_id, user_id, role, accepted_at, deleted_at)
    SELECT CASE WHEN who IN ('pending', 'removed', 'victim') THEN {theirs} WHEN who = 'foreign' THEN {third} ELSE {mine} END,
           u.id, role::outrider.membership_role, CASE WHEN who <> 'pending' THEN now() END, CASE WHEN who = 'removed' THEN now() END
      FROM (VALUES ('owner', 'owner'), ('admin', 'admin'), ('member', 'member'), ('viewer', 'viewer'), ('pending', 'owner'),
                   ('removed', 'owner'), ('victim', 'owner'), ('foreign', 'owner')) m (who, role)
      JOIN outrider.users u ON u.auth_subject = who;
    INSERT INTO outrider.support_sessions (tenant_id, operator_id, reason, started_at, expires_at, ended_at)
    SELECT CASE WHEN who = 'op-live' THEN {third} ELSE {theirs} END, u.id, 'a ticket', now() - began::interval,
           now() + ends::interval, CASE WHEN who = 'op-ended' THEN now() END
      FROM (VALUES ('op-live', '1h', '1h'), ('op-expired', '3h', '-1s'), ('op-ended', '1h', '1h'), ('op-dismissed', '1h', '1h'))
           s (who, began, ends) JOIN outrider.users u ON u.auth_subject = who;
"""


def plant(conn: Conn) -> World:
    """Three tenants, people of every kind, and markers in every word that the victim owns."""
    world = World(uuid4(), uuid4(), uuid4())
    with conn.transaction():
        for slug in ("mine", "theirs", "third"):
            conn.execute("INSERT INTO outrider.tenants (id, name, slug) VALUES (%s, %s, %s)", (getattr(world, slug), slug, slug))  # fmt: skip
        ids = {slug: sql.Literal(getattr(world, slug)) for slug in ("mine", "theirs", "third")}
        conn.execute(sql.SQL(PEOPLE).format(**ids))
        for tenant in (world.mine, world.theirs, world.third):
            for query in PLANTED.values():
                conn.execute(query, {"t": tenant})
        _mark(conn, world.theirs)
    return world


def ask(conn: Conn, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query that was put together from the catalogue."""
    return conn.execute(cast(LiteralString, query)).fetchall()


def tables(conn: Conn) -> dict[str, bool]:
    """Every table of ours, partitions left out; and whether its rows have a tenant."""
    found = ask(conn, f"""
        SELECT c.oid::regclass::text, EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
          FROM pg_class c WHERE c.relnamespace IN {OURS} AND c.relkind IN ('r', 'p') AND NOT c.relispartition""")  # fmt: skip
    return dict(found)  # pyright: ignore[reportArgumentType, reportCallIssue]


def client_tables(conn: Conn) -> set[str]:
    """Tables of tenants that people may read at all."""
    return {
        name
        for name, of_tenant in tables(conn).items()
        if of_tenant
        and ask(conn, f"SELECT has_table_privilege('outrider_client', '{name}', 'select')")
        == [(True,)]
    }


def _mark(conn: Conn, victim: UUID) -> None:
    """Put a marker wherever a check lets it stand, past triggers and foreign keys."""
    conn.execute("SET LOCAL session_replication_role = replica")
    for table, column, number, kind, seen in ask(conn, f"""
        SELECT c.oid::regclass::text, a.attname, c.oid || '-' || a.attnum, a.atttypid::regtype::text,
               has_column_privilege('outrider_operator', c.oid, a.attnum, 'select')
          FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE c.relnamespace IN {OURS} AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attgenerated = ''
           AND a.atttypid IN ('text'::regtype, 'text[]'::regtype, 'jsonb'::regtype, 'bytea'::regtype)
           AND EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attname = 'tenant_id')"""):  # fmt: skip
        word = f"{WORD if seen else SECRET}-{number}-"
        value = {"text": word, "text[]": f"{{{word}}}", "jsonb": f'"{word}"', "bytea": word}[kind]
        try:
            with conn.transaction():
                ask(
                    conn,
                    f"UPDATE {table} SET {column} = '{value}' WHERE tenant_id = '{victim}' RETURNING 1",
                )
        except psycopg.errors.IntegrityError:
            continue
    conn.execute("SET LOCAL session_replication_role = origin")


def fingerprint(conn: Conn, victim: UUID) -> dict[str, str]:
    """A hash per table: of the victim's rows, or of all where a table is nobody's; versions included."""
    parts = [
        f"SELECT '{name}', md5(coalesce(string_agg(t::text || xmin, '|' ORDER BY t::text), '')) FROM {name} t"
        + (f" WHERE tenant_id = '{victim}'" if of_tenant else "")
        for name, of_tenant in tables(conn).items()
        if name not in {"outrider.tenants", "outrider.users"}
    ]
    parts += [
        f"SELECT 'outrider.tenants', md5(t::text || xmin) FROM outrider.tenants t WHERE id = '{victim}'",
        "SELECT 'outrider.users', md5(t::text || xmin) FROM outrider.users t WHERE auth_subject = 'victim'",
    ]
    return dict(ask(conn, " UNION ALL ".join(parts)))  # pyright: ignore[reportArgumentType, reportCallIssue]


def row_ids(conn: Conn, victim: UUID) -> set[str]:
    """The tenant's id, and those of all its rows that have one."""
    named = ask(conn, f"""
        SELECT c.oid::regclass::text FROM pg_class c
         WHERE c.relnamespace IN {OURS} AND c.relkind IN ('r', 'p') AND NOT c.relispartition
           AND (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND (a.attname = 'tenant_id'
                OR a.attname = 'id' AND a.atttypid = 'uuid'::regtype)) = 2""")  # fmt: skip
    each = " UNION ALL ".join(f"SELECT id FROM {t} WHERE tenant_id = '{victim}'" for (t,) in named)
    return {str(victim), *(str(row_id) for (row_id,) in ask(conn, each))}
