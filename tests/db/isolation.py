"""Who may ask, everything they can try against one tenant, and what they may not get back.

All of it is read from the catalogue: a table, column, foreign key, view or function of tomorrow is
tried without a line here; its row is one line of `planted_rows`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import LiteralString

from tests.db.planted_rows import PLANTED
from tests.db.planted_world import (
    OURS,
    SECRET,
    WORD,
    Conn,
    World,
    ask,
    fingerprint,
    row_ids,
    tables,
)


@dataclass(frozen=True)
class Asker:
    """A hat, the settings of its transaction, and whether it serves all tenants' plumbing."""

    name: str
    hat: str
    settings: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def plumber(self) -> bool:
        return self.hat in {"dispatcher", "operator", "ingress"}


def askers(world: World) -> list[Asker]:
    mine = {"outrider.tenant_id": str(world.mine)}
    nothing = {"outrider.tenant_id": "' OR true --"}
    people = ("owner", "admin", "member", "viewer", "pending", "removed", "foreign", "unknown",
              "op-none", "op-live", "op-expired", "op-ended", "op-dismissed")  # fmt: skip
    return [
        Asker("worker of another tenant", "worker", mine),
        Asker("worker without a tenant", "worker"),
        Asker("worker of garbage", "worker", nothing),
        Asker("dispatcher", "dispatcher"),
        Asker("ingress", "ingress"),
        Asker("operator", "operator"),
        Asker("anonymous client", "client"),
        Asker("client with garbage for claims", "client", {"request.jwt.claims": '{"sub": "vic'}),
        Asker("client of another issuer", "client", {"request.jwt.claims": '{"iss": "https://evil.test", "sub": "victim"}'}),
        Asker("client who names the tenant", "client", {"outrider.tenant_id": str(world.theirs), "outrider.subject": "owner"}),
        *(Asker(f"client {who}", "client", {"outrider.subject": who}) for who in people),
    ]  # fmt: skip


def wear(conn: Conn, asker: Asker) -> None:
    for name, value in asker.settings.items():
        conn.execute("SELECT set_config(%s, %s, true)", (name, value))
    conn.execute("SELECT set_config('role', %s, true)", (f"outrider_{asker.hat}",))


EXECUTOR: LiteralString = """
    CREATE FUNCTION public.attempts(queries text[]) RETURNS TABLE (query text, touched bigint, got text, error text)
    LANGUAGE plpgsql AS $$
    BEGIN
      FOREACH query IN ARRAY queries LOOP
        touched := 0; got := NULL; error := NULL;
        BEGIN
          IF query LIKE 'SELECT%' THEN EXECUTE query INTO got;
          ELSE EXECUTE query; GET DIAGNOSTICS touched = ROW_COUNT; END IF;
        EXCEPTION WHEN OTHERS THEN error := sqlerrm; touched := 0; got := NULL;
        END;
        RETURN NEXT;
      END LOOP;
    END $$
"""


@dataclass(frozen=True)
class Relation:
    """A table or view, and what a hat may do with which of its columns."""

    name: str
    of_tenant: bool
    readable: list[str]
    writable: list[str]
    insertable: list[str]


@dataclass
class Outcome:
    """What an attack came to: each list must be empty."""

    tried: int
    leaked: list[str]
    pointed: list[str]
    changed: list[str]


def attack(conn: Conn, world: World, asker: Asker) -> Outcome:
    """Everything there is to try, in one transaction that is rolled back."""
    found = relations(conn, asker.hat)
    aims = list(pointers(conn, world, {r.name: r for r in found}))
    told = {q for q, echoes in calls(conn, world, asker.hat) if echoes}
    words = [SECRET, SECRET.encode().hex()] if asker.plumber else [
        WORD, WORD.encode().hex(), SECRET, SECRET.encode().hex(), *row_ids(conn, world.theirs)]  # fmt: skip
    queries = [q for r in found for q in reads(r)] + aims
    queries += [q for q, _ in calls(conn, world, asker.hat)]
    for kind in (updates, inserts, deletes):
        queries += [q for r in found for q in kind(r, world)]
    with conn.transaction(force_rollback=True):
        before = fingerprint(conn, world.theirs)
        wear(conn, asker)
        results = conn.execute("SELECT * FROM public.attempts(%s)", (queries,)).fetchall()
        conn.execute("RESET ROLE")
        after = fingerprint(conn, world.theirs)
    spared = _plumbing(conn, asker)
    return Outcome(
        len(results),
        [q for q, _, got, _ in results if q not in told and _holds(got, words, beside=q)],
        [q for q, touched, *_ in results if q in aims and touched],
        [table for table in before if before[table] != after[table] and table not in spared],
    )


ENGINE = {"jobs", "job_keys", "job_log", "dead_letters", "lanes", "shares", "mailbox_watches", "cron_fires"}  # fmt: skip
"""What dispatchers and operators move for every tenant, through functions that ask for nothing else."""


def _holds(got: str | None, words: list[str], *, beside: str) -> bool:
    """Whether an answer has any of the victim's words, beside those that the question itself said."""
    rest = got or ""
    for said in sorted(re.findall(r"'([^']+)'", beside), key=len, reverse=True):
        rest = rest.replace(said, "")
    return any(word in rest for word in words)


def _plumbing(conn: Conn, asker: Asker) -> set[str]:
    if asker.hat not in {"dispatcher", "operator"}:
        return set()
    written = {
        name
        for name in tables(conn)
        if ask(conn, f"""SELECT has_any_column_privilege(r, t, 'insert, update') OR has_table_privilege(r, t, 'delete')
                           FROM (VALUES ('outrider_{asker.hat}', '{name}')) v (r, t)""") == [(True,)]
    }  # fmt: skip
    return written | {f"outrider.{name}" for name in ENGINE}


def relations(conn: Conn, hat: str) -> list[Relation]:
    rows = ask(conn, f"""
        SELECT c.oid::regclass::text, bool_or(a.attname = 'tenant_id'), array_remove(array_agg(CASE
                 WHEN has_column_privilege(r, c.oid, a.attnum, 'select') THEN quote_ident(a.attname) END), NULL), array_remove(array_agg(CASE
                 WHEN has_column_privilege(r, c.oid, a.attnum, 'update') AND a.attgenerated = '' THEN quote_ident(a.attname) END), NULL), array_remove(array_agg(CASE
                 WHEN has_column_privilege(r, c.oid, a.attnum, 'insert') AND a.attgenerated = '' AND a.attidentity = ''
                      AND a.attname <> 'id' THEN quote_ident(a.attname) END), NULL)
          FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped,
               (SELECT 'outrider_{hat}' AS r) h
         WHERE c.relnamespace IN {OURS} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
            OR c.oid = 'public.outrider_migrations'::regclass
         GROUP BY c.oid ORDER BY 1""")  # fmt: skip
    return [Relation(*row) for row in rows]


def reads(relation: Relation) -> Iterator[str]:
    yield f"SELECT string_agg(t::text, ' ') FROM {relation.name} t"
    columns = ", ".join(f"t.{c}" for c in relation.readable or ["tableoid"])
    yield f"SELECT string_agg(ROW({columns})::text, ' ') FROM {relation.name} t"


def updates(relation: Relation, world: World) -> Iterator[str]:
    same = ", ".join(f"{c} = {c}" for c in relation.writable) or "tenant_id = tenant_id"
    yield f"UPDATE {relation.name} SET {same}"
    if relation.of_tenant:
        yield f"UPDATE {relation.name} SET {same} WHERE tenant_id = '{world.theirs}'"
        yield f"UPDATE {relation.name} SET tenant_id = '{world.mine}' WHERE tenant_id = '{world.theirs}'"
        yield f"UPDATE {relation.name} SET tenant_id = '{world.theirs}'"


def inserts(relation: Relation, world: World) -> Iterator[str]:
    if relation.name in PLANTED:
        yield PLANTED[relation.name].replace("%(t)s", f"'{world.theirs}'")
    yield f"INSERT INTO {relation.name} DEFAULT VALUES"


def deletes(relation: Relation, world: World) -> Iterator[str]:
    if relation.of_tenant:
        yield f"DELETE FROM {relation.name} WHERE tenant_id = '{world.theirs}'"
    yield f"DELETE FROM {relation.name}"
    yield f"TRUNCATE {relation.name}"


def pointers(conn: Conn, world: World, by_name: dict[str, Relation]) -> Iterator[str]:
    """Every foreign key to a tenant's table, aimed at the victim's row, from a row of one's own."""
    for source, target, columns, keys in ask(conn, f"""
        SELECT k.conrelid::regclass::text, k.confrelid::regclass::text,
               array(SELECT a.attname FROM unnest(k.conkey) WITH ORDINALITY u (n, o) JOIN pg_attribute a
                       ON a.attrelid = k.conrelid AND a.attnum = u.n ORDER BY u.o),
               array(SELECT a.attname FROM unnest(k.confkey) WITH ORDINALITY u (n, o) JOIN pg_attribute a
                       ON a.attrelid = k.confrelid AND a.attnum = u.n ORDER BY u.o)
          FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
         WHERE k.contype = 'f' AND c.relnamespace IN {OURS} AND NOT c.relispartition
           AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = k.confrelid AND a.attname = 'tenant_id')"""):  # fmt: skip
        pairs = [(c, k) for c, k in zip(columns, keys, strict=True) if c != "tenant_id"]
        wanted = ", ".join(f"quote_literal({k})" for _, k in pairs)
        [values] = ask(
            conn, f"SELECT {wanted} FROM {target} WHERE tenant_id = '{world.theirs}' LIMIT 1"
        )
        aim = {column: value for (column, _), value in zip(pairs, values, strict=True)}
        yield f"UPDATE {source} SET " + ", ".join(f"{c} = {v}" for c, v in aim.items())
        copied = [c for c in by_name[source].insertable if c not in aim]
        yield (f"INSERT INTO {source} ({', '.join([*copied, *aim])}) "
               f"SELECT {', '.join([*copied, *aim.values()])} FROM {source}")  # fmt: skip


def calls(conn: Conn, world: World, hat: str) -> Iterator[tuple[str, bool]]:
    """Every function the hat may run, with the victim's ids; and whether it may give back what it is told.

    Pure ones and those that read a setting know nothing else; to the edge, whoever names an address of
    webhooks is meant to get its sealed secret.
    """
    given = arguments(conn, world)
    for name, kinds, echoes in ask(conn, f"""
        SELECT p.oid::regproc::text, array(SELECT t::regtype::text FROM unnest(p.proargtypes) t), p.provolatile = 'i'
               OR NOT p.prosecdef AND p.proname LIKE 'current\\_%' OR p.proname = 'webhook_door'
          FROM pg_proc p WHERE p.pronamespace IN {OURS} AND p.prokind = 'f' AND p.prorettype <> 'trigger'::regtype
           AND has_function_privilege('outrider_{hat}', p.oid, 'execute') ORDER BY 1"""):  # fmt: skip
        for turn in range(max([len(given[kind]) for kind in kinds], default=1)):
            said = ", ".join(f"{given[kind][turn % len(given[kind])]}::{kind}" for kind in kinds)
            yield f"SELECT string_agg(f::text, ' ') FROM {name}({said}) f", echoes


def arguments(conn: Conn, world: World) -> dict[str, list[str]]:
    """What can be said for each type that a function of ours takes: the victim's, where it has one."""
    one = f"WHERE tenant_id = '{world.theirs}' LIMIT 1"
    said = {
        "uuid": [f"'{world.theirs}'", *(f"(SELECT '{i}'::uuid)" for i in sorted(row_ids(conn, world.theirs)))],
        "bigint": [str(ask(conn, f"SELECT id FROM outrider.{t} {one}")[0][0]) for t in ("jobs", "lanes", "dead_letters")],
        "text": [f"'{ask(conn, f'SELECT {column} FROM outrider.{table} {one}')[0][0]}'" for column, table in
                 (("slug", "webhook_sources"), ("email", "leads"), ("tenant_id", "leads"), ("fingerprint", "dead_letters"))],
        "integer": ["2"], "boolean": ["true", "false"], "interval": ["'0'", "'1h'"], "numeric": ["1"],
        "timestamp with time zone": ["now()"], "date": ["current_date"], "jsonb": ["'{}'"], "bytea": [f"'{WORD}'"],
        "regclass": ["'outrider.leads'"], "double precision": ["1"], "smallint": ["1"],
    }  # fmt: skip
    said |= {f"{kind}[]": [f"ARRAY[{v}::{kind}]" for v in values] for kind, values in said.items()}
    labels = dict(ask(conn, f"""
        SELECT t.oid::regtype::text, (SELECT array_agg(enumlabel::text) FROM pg_enum WHERE enumtypid = t.oid)
          FROM pg_type t WHERE t.typtype = 'e' AND t.typnamespace IN {OURS}"""))  # pyright: ignore[reportArgumentType, reportCallIssue]  # fmt: skip
    said |= {kind: [f"'{names[0]}'"] for kind, names in labels.items()}
    return said | {f"{kind}[]": [f"'{{{','.join(names)}}}'"] for kind, names in labels.items()}
