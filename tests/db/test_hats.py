"""People and logins: clients through memberships, operators without personal data, no powerful login."""

from collections.abc import Callable
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from db import Database
from db.logins import LoginRefused, app_dsn, make_app_login, refuse_powerful
from tests.factories import capture, tenant_called

Peek = Callable[..., list[tuple[Any, ...]]]

MEMBERSHIPS: dict[str, LiteralString] = {
    "accepted": "INSERT INTO outrider.memberships (tenant_id, user_id, accepted_at, role) SELECT %s, id, now(), 'member' FROM outrider.users",
    "pending": "INSERT INTO outrider.memberships (tenant_id, user_id) SELECT %s, id FROM outrider.users",
    "removed": "INSERT INTO outrider.memberships (tenant_id, user_id, accepted_at, deleted_at) SELECT %s, id, now(), now() FROM outrider.users",
    "foreign": "SELECT %s::uuid",
    "deleted user": "WITH gone AS (UPDATE outrider.users SET deleted_at = now()) INSERT INTO outrider.memberships (tenant_id, user_id, accepted_at) SELECT %s, id, now() FROM outrider.users",
}  # fmt: skip


@pytest.fixture
def ann(peek: Peek) -> str:
    """A person who signs in as `ann`."""
    peek("INSERT INTO outrider.users (auth_subject, email) VALUES ('ann', 'ann@acme.test')")
    return "ann"


def emails(database: Database, subject: str) -> list[str]:
    """The addresses of all leads that a signed-in person sees."""
    with database.hat("client") as tx:
        tx.run("SELECT set_config('outrider.subject', %(s)s, true)", {"s": subject})
        return [str(e) for (e,) in tx.conn.execute("SELECT email FROM outrider.leads ORDER BY 1")]


@pytest.mark.system(1)
@pytest.mark.parametrize("membership", MEMBERSHIPS)
def test_a_person_sees_the_leads_of_accepted_memberships_and_no_others(
    database: Database, tenant: UUID, peek: Peek, ann: str, membership: str
) -> None:
    stranger = tenant_called(database, "stranger")
    for owner, email in ((tenant, "ours@acme.test"), (stranger, "theirs@acme.test")):
        with database.tenant(owner) as tx:
            capture(tx, email)
    peek(MEMBERSHIPS[membership], tenant)
    assert emails(database, ann) == (["ours@acme.test"] if membership == "accepted" else [])
    assert emails(database, "") == []


@pytest.mark.system(1)
def test_a_member_may_not_appoint_an_owner(
    database: Database, tenant: UUID, peek: Peek, ann: str
) -> None:
    peek(MEMBERSHIPS["accepted"], tenant)
    with database.hat("client") as tx:
        tx.run("SELECT set_config('outrider.subject', %(s)s, true)", {"s": ann})
        assert tx.run("UPDATE outrider.memberships SET role = 'owner'") == 0


@pytest.mark.parametrize("column", ["status", "score", "tier", "company_id", "tenant_id",
                                    "email_status"])  # fmt: skip
def test_a_person_may_not_set_what_an_actor_concludes(
    database: Database, tenant: UUID, peek: Peek, ann: str, column: LiteralString
) -> None:
    peek(MEMBERSHIPS["accepted"], tenant)
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        database.hat("client") as tx,
    ):
        tx.run("UPDATE outrider.leads SET " + column + " = " + column)


PRIVATE = {
    "email", "email_norm", "full_name", "first_name", "last_name", "phone", "linkedin_url",
    "linkedin_norm", "title", "attributes", "body", "sealed", "facts", "fields", "response",
    "website", "company_name", "company_domain", "raw", "value", "from_address", "to_address", "subject",
    "body_text", "display_name", "verdict", "error", "username",
}  # fmt: skip


OUR_WORDS = {"ai_run_logs.error"}
"""Private by their name alone: no provider and no person wrote what is in them."""


def test_an_operator_may_read_no_address_no_body_and_no_secret(peek: Peek) -> None:
    """The people who use the fleet are the exception: an operator invites them by their address."""
    open_columns = {
        f"{table}.{column}"
        for table, column in peek("""
            SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
              JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname IN ('outrider', 'outrider_secret') AND c.relkind IN ('r', 'p')
               AND a.attnum > 0 AND NOT a.attisdropped
               AND has_column_privilege('outrider_operator', c.oid, a.attnum, 'select')""")
        if column in PRIVATE and table != "users" and f"{table}.{column}" not in OUR_WORDS
    }
    assert open_columns == set()


def test_no_role_of_ours_may_read_a_secret_but_the_worker(peek: Peek) -> None:
    readers = peek("""
        SELECT rolname FROM pg_roles WHERE rolname LIKE 'outrider\\_%'
           AND has_column_privilege(rolname, 'outrider_secret.credentials', 'sealed', 'select')
           AND has_schema_privilege(rolname, 'outrider_secret', 'usage')""")
    assert readers == [("outrider_worker",)]


OPENINGS: dict[str, tuple[LiteralString, str]] = {
    "no row level security": ("CREATE TABLE outrider.extra (id int)", "no row level security on outrider.extra"),
    "no worker policy": ("CREATE TABLE outrider.extra (tenant_id uuid); ALTER TABLE outrider.extra ENABLE ROW LEVEL SECURITY", "no worker policy on outrider.extra"),
    "an open policy": ("CREATE POLICY wide ON outrider.leads TO outrider_client USING (true)", "policy wide on outrider.leads is open to everybody"),
    "a policy open to all roles": ("CREATE POLICY wide ON outrider.leads USING (true)", "policy wide on outrider.leads is open to everybody"),
    "a policy that forgets the tenant": ("CREATE POLICY wide ON outrider.leads TO outrider_worker USING (status = 'new')", "worker policy wide on outrider.leads does not ask for the tenant"),
    "a policy that names the tenant and lets all pass": ("CREATE POLICY wide ON outrider.leads TO outrider_worker USING (tenant_id IS NOT NULL OR outrider.current_tenant_id() IS NULL)", "worker policy wide on outrider.leads does not ask for the tenant"),
    "a view with its owner's rights": ("CREATE VIEW outrider.peep AS SELECT id FROM outrider.leads", "view without security_invoker: outrider.peep"),
    "a materialized view": ("CREATE MATERIALIZED VIEW outrider.peep AS SELECT id FROM outrider.leads", "view without security_invoker: outrider.peep"),
    "a grant to everybody": ("GRANT SELECT ON outrider.webhook_events TO public", "everybody may use outrider.webhook_events"),
    "an unpinned definer": ("CREATE FUNCTION outrider.f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'", "definer function without a pinned search path: outrider.f()"),
    "a definer for everybody": ("CREATE FUNCTION outrider.f() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = '' AS 'SELECT 1'", "definer function open to everybody: outrider.f()"),
    "a policy for somebody who is signed in nowhere": ("CREATE ROLE anon_planted; CREATE POLICY temp_anon ON outrider.leads TO anon_planted USING (tenant_id IS NOT NULL)", "policy temp_anon on outrider.leads is for anon_planted, which is no hat of ours"),
    "a client policy that asks for any tenant": ("CREATE POLICY wide ON outrider.leads FOR SELECT TO outrider_client USING (tenant_id IS NOT NULL)", "client policy wide on outrider.leads does not ask whose it is"),
    "a client policy that asks and lets others pass": ("CREATE POLICY wide ON outrider.leads FOR SELECT TO outrider_client USING (tenant_id = ANY (ARRAY(SELECT outrider.user_readable_tenant_ids())) OR status = 'new')", "client policy wide on outrider.leads does not ask whose it is"),
    "a client policy that lets support write": ("CREATE POLICY wide ON outrider.leads TO outrider_client USING (tenant_id = ANY (ARRAY(SELECT outrider.user_readable_tenant_ids())))", "client policy wide on outrider.leads does not ask whose it is"),
    "a policy for everybody who names a tenant": ("CREATE POLICY wide ON outrider.leads USING (tenant_id = outrider.current_tenant_id())", "policy wide on outrider.leads is for public, which is no hat of ours"),
    "a true policy on a table that a client writes": ("CREATE POLICY wide ON outrider.users FOR SELECT TO outrider_client USING (true)", "policy wide on outrider.users is open to everybody"),
    "a grant to a stranger": ("CREATE ROLE anon_planted; GRANT SELECT ON outrider.leads TO anon_planted", "role anon_planted, no hat of ours, may use outrider.leads"),
    "a grant of a column to a stranger": ("CREATE ROLE anon_planted; GRANT SELECT (email) ON outrider.leads TO anon_planted", "role anon_planted, no hat of ours, may use outrider.leads (email)"),
    "a schema open to a stranger": ("CREATE ROLE anon_planted; GRANT USAGE ON SCHEMA outrider_secret TO anon_planted", "role anon_planted, no hat of ours, may use schema outrider_secret"),
    "a definer for a stranger": ("CREATE ROLE anon_planted; GRANT EXECUTE ON FUNCTION outrider.prune_lanes(integer) TO anon_planted", "role anon_planted, no hat of ours, may use definer function outrider.prune_lanes(integer)"),
    "a definer for clients": ("GRANT EXECUTE ON FUNCTION outrider.webhook_door(text) TO outrider_client", "a client may run definer function outrider.webhook_door(text)"),
    "a partition without row level security": ("ALTER TABLE outrider.audit_logs_default DISABLE ROW LEVEL SECURITY", "no row level security on outrider.audit_logs_default"),
    "the ledger of migrations": ("CREATE ROLE anon_planted; GRANT ALL ON public.outrider_migrations TO anon_planted", "role anon_planted, no hat of ours, may use public.outrider_migrations"),
    "a rule": ("CREATE RULE peep AS ON INSERT TO outrider.leads DO ALSO SELECT 1", "rule peep on outrider.leads runs with its owner's rights"),
    "a hat on a hat": ("GRANT outrider_worker TO outrider_client", "role outrider_client may act as outrider_worker"),
    "a role that owns": ("ALTER TABLE outrider.leads OWNER TO outrider_worker", "role outrider_worker owns outrider.leads"),
}  # fmt: skip


@pytest.mark.parametrize("way", OPENINGS)
def test_every_way_of_being_open_is_named(owner_dsn: str, way: str) -> None:
    opening, named = OPENINGS[way]
    with psycopg.connect(owner_dsn) as conn:
        conn.execute(opening)
        problems = [
            str(row[0]) for row in conn.execute("SELECT problem FROM outrider.unprotected()")
        ]
        conn.rollback()
    assert named in [p.replace("extra ", "extra") for p in problems]


FINE: dict[str, LiteralString] = {
    "a catalogue that all read": "CREATE TABLE outrider.price_list (code text); ALTER TABLE outrider.price_list ENABLE ROW LEVEL SECURITY; GRANT SELECT ON outrider.price_list TO outrider_client; CREATE POLICY all_read ON outrider.price_list FOR SELECT TO outrider_client, outrider_worker USING (true)",
    "defaults of the house": "CREATE POLICY defaults_read ON outrider.leads FOR SELECT TO outrider_client, outrider_worker USING (tenant_id IS NULL)",
    "a ported policy": "CREATE POLICY ported ON outrider.leads FOR SELECT TO outrider_client USING (tenant_id IN (SELECT outrider.get_user_client_ids()))",
    "a narrower policy": "CREATE POLICY narrow ON outrider.leads FOR SELECT TO outrider_client USING (tenant_id = ANY (ARRAY(SELECT outrider.user_readable_tenant_ids('leads'))) AND status = 'new')",
    "a view with its reader's rights": "CREATE VIEW outrider.peep WITH (security_invoker = true) AS SELECT id FROM outrider.leads",
}  # fmt: skip


@pytest.mark.parametrize("way", FINE)
def test_what_is_closed_in_another_way_is_fine(owner_dsn: str, way: str) -> None:
    with psycopg.connect(owner_dsn) as conn:
        conn.execute(FINE[way])
        assert conn.execute("SELECT problem FROM outrider.unprotected()").fetchall() == []
        conn.rollback()


def test_a_role_that_bypasses_the_policies_is_named(owner_dsn: str) -> None:
    with psycopg.connect(owner_dsn) as conn:  # roles belong to the cluster: never committed
        conn.execute("CREATE ROLE outrider_planted BYPASSRLS")
        problems = conn.execute("SELECT problem FROM outrider.unprotected()").fetchall()
        conn.rollback()
    assert problems == [("role outrider_planted bypasses row level security",)]


def test_the_login_of_the_fleet_is_accepted(database: Database) -> None:
    refuse_powerful(database)


@pytest.fixture
def login(owner_url: str, owner_dsn: str) -> Any:
    """Make a login for the time of one test; roles belong to the cluster."""
    made: list[str] = []

    def make(attributes: LiteralString, *grants: LiteralString) -> Database:
        name: Any = f"test_{owner_dsn.rpartition('outrider_')[2][:12]}"
        made.append(name)
        with psycopg.connect(owner_dsn, autocommit=True) as conn:
            conn.execute("CREATE ROLE " + name + " LOGIN PASSWORD 'toy' " + attributes)
            for grant in grants:
                conn.execute(grant + " TO " + name)
        return Database(make_conninfo(owner_dsn, user=name, password="toy"))

    yield make
    with psycopg.connect(owner_dsn, autocommit=True) as conn:
        for name in made:
            role: Any = name
            conn.execute("REASSIGN OWNED BY " + role + " TO postgres")
            conn.execute("DROP OWNED BY " + role)
            conn.execute("DROP ROLE " + role)


HATS: LiteralString = "GRANT outrider_worker, outrider_operator"


@pytest.mark.parametrize(("attributes", "grants", "fault"), [
    ("SUPERUSER", (), "is a superuser"),
    ("BYPASSRLS", (HATS,), "bypasses row level security"),
    ("", (HATS, "ALTER TABLE outrider.leads OWNER"), "owns tables of the schema"),
    ("NOINHERIT", (HATS, "GRANT postgres"), "may become postgres, which is a superuser"),
    ("NOINHERIT", (HATS, "GRANT pg_execute_server_program"), "may become pg_execute_server_program, which reaches the server's files and programs"),
    ("NOINHERIT CREATEROLE", (HATS,), "makes roles"),
    ("INHERIT", (HATS,), "inherits outrider_operator, outrider_worker (make it NOINHERIT)"),
])  # fmt: skip
def test_a_powerful_login_is_refused_with_the_fault_and_the_fix(
    login: Any, attributes: str, grants: tuple[str, ...], fault: str
) -> None:
    database = login(attributes, *grants)
    database.open()
    try:
        with pytest.raises(LoginRefused) as refused:
            refuse_powerful(database)
    finally:
        database.close()
    assert str(refused.value).startswith("OUTRIDER_DATABASE_URL logs in as 'test_")
    assert fault in str(refused.value)
    assert "Use the login 'outrider_app' that `outrider migrate` makes." in str(refused.value)


@pytest.mark.parametrize("attributes", ["", "BYPASSRLS"])
def test_a_login_that_may_become_an_owner_or_worse_is_refused(
    login: Any, owner_dsn: str, attributes: LiteralString
) -> None:
    """Also through a role in between, and without inheriting it."""
    boss: Any = f"boss_{uuid4().hex[:12]}"
    with psycopg.connect(owner_dsn, autocommit=True) as conn:
        conn.execute("CREATE ROLE " + boss + " " + attributes)
        conn.execute("CREATE ROLE " + boss + "_deputy; GRANT " + boss + " TO " + boss + "_deputy")
        if not attributes:
            conn.execute("ALTER TABLE outrider.leads OWNER TO " + boss)
        database = login("NOINHERIT", HATS, "GRANT " + boss + "_deputy")
        database.open()
        with pytest.raises(LoginRefused) as refused:
            refuse_powerful(database)
        database.close()
        conn.execute("ALTER TABLE outrider.leads OWNER TO postgres")
        conn.execute("DROP ROLE " + boss + "_deputy; DROP ROLE " + boss)
    power = "bypasses row level security" if attributes else "owns tables of the schema"
    assert f"may become {boss}, which {power}. Use the login" in str(refused.value)


@pytest.mark.parametrize("grants", [(), ("ALTER TABLE outrider.leads OWNER",)])
def test_a_login_without_our_roles_is_told_what_to_do(login: Any, grants: tuple[str, ...]) -> None:
    """Also an owner that is no superuser, as hosted databases give them out."""
    database = login("", *grants)
    database.open()
    try:
        with pytest.raises(LoginRefused, match="may not act as a worker"):
            refuse_powerful(database)
    finally:
        database.close()


def test_the_login_is_made_once_and_its_password_follows_from_the_owners(owner_dsn: str) -> None:
    assert make_app_login(owner_dsn) == make_app_login(owner_dsn) == app_dsn(owner_dsn)
    mine, theirs = conninfo_to_dict(app_dsn(owner_dsn)), conninfo_to_dict(owner_dsn)
    assert mine["user"] == "outrider_app"
    assert mine["password"] not in {None, theirs["password"]}
    without = make_conninfo(owner_dsn, password="")
    assert not conninfo_to_dict(app_dsn(without))["password"], "trust stays trust"
