"""Logins: the one the fleet uses, made from the owner's; and the check that refuses any other."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from db.pool import Database, DatabaseAway, connect

APP = "outrider_app"
_HATS: LiteralString = (
    "outrider_worker, outrider_dispatcher, outrider_ingress, outrider_operator, outrider_client"
)

_FIX = f"Use the login {APP!r} that `outrider migrate` makes."


class LoginRefused(Exception):
    """The database login could see or do more than a worker may."""


@dataclass(frozen=True, slots=True)
class _Fault:
    login: str
    fault: str


def app_dsn(owner_dsn: str) -> str:
    """The fleet's own login, as a connection string; derived, and not necessarily made yet.

    The password follows from the owner's, so that every process that knows one knows the other;
    where the owner needs none (trust, peer), neither does the login.
    """
    secret = conninfo_to_dict(owner_dsn).get("password")
    changes = {"user": APP, **({"password": _derived(str(secret))} if secret else {})}
    return make_conninfo(owner_dsn, **changes)


def make_app_login(owner_dsn: str, *, fleet_dsn: str | None = None) -> str:
    """Make (or repair) the fleet's own login and return its connection string. Idempotent.

    `fleet_dsn` is what the fleet is configured with: when it names this login, its password is
    what the login gets, instead of one that follows from the owner's.
    """
    dsn = app_dsn(owner_dsn)
    told = conninfo_to_dict(fleet_dsn) if fleet_dsn else {}
    if told.get("user") == APP and told.get("password"):
        dsn = make_conninfo(dsn, password=told["password"])
    if _works(dsn):
        return dsn
    with connect(owner_dsn) as conn, conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock(7362002)")
        known = conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (APP,)).fetchone()
        if not known:
            conn.execute("CREATE ROLE outrider_app LOGIN NOINHERIT NOBYPASSRLS")
            conn.execute("GRANT " + _HATS + " TO outrider_app")
        if word := conninfo_to_dict(dsn).get("password"):
            conn.execute(sql.SQL("ALTER ROLE outrider_app PASSWORD {}").format(str(word)))
    return dsn


def _works(dsn: str) -> bool:
    try:
        with connect(dsn) as conn:
            conn.execute("SET ROLE outrider_worker")
    except (DatabaseAway, psycopg.Error):
        return False
    return True


def is_owner(dsn: str) -> bool:
    """Whether this login could run the migrations (and must therefore not run the fleet)."""
    with connect(dsn) as conn:
        row = conn.execute(
            """
            SELECT rolsuper OR rolcreaterole
                   OR pg_has_role(current_user, (SELECT datdba FROM pg_database
                                                  WHERE datname = current_database()), 'usage')
              FROM pg_roles WHERE rolname = current_user
            """
        ).fetchone()
    return bool(row and row[0])


def refuse_powerful(database: Database) -> None:
    """Raise LoginRefused unless the pool's login owns nothing, inherits nothing and cannot become more.

    Every process that opens the fleet's database asks this before its first transaction.
    """
    try:
        faults = _faults(database)
    except psycopg.errors.InsufficientPrivilege:  # an owner without our roles, or a stranger
        raise LoginRefused(
            f"OUTRIDER_DATABASE_URL: the login may not act as a worker. {_FIX}"
        ) from None
    if faults:
        raise LoginRefused(
            f"OUTRIDER_DATABASE_URL logs in as {faults[0].login!r}, which "
            f"{' and '.join(found.fault for found in faults)}. {_FIX}"
        )


def _faults(database: Database) -> list[_Fault]:
    """What the login could do beside wearing a hat: by itself, or as a role that it may become.

    A hat that is inherited is worn in every transaction, and with it all hats at once.
    """
    with database.hat("operator") as tx:
        return tx.list(
            _Fault,
            """
            WITH me AS MATERIALIZED (
                SELECT oid, rolname, rolsuper FROM pg_roles WHERE rolname = session_user
            ), owners AS MATERIALIZED (
                SELECT c.relowner AS oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE n.nspname IN ('outrider', 'outrider_secret')
                 UNION SELECT nspowner FROM pg_namespace WHERE nspname IN ('outrider', 'outrider_secret')
            ), powers (oid, power) AS (
                SELECT oid, 'is a superuser' FROM pg_roles WHERE rolsuper
                 UNION ALL
                SELECT oid, 'bypasses row level security' FROM pg_roles WHERE rolbypassrls AND NOT rolsuper
                 UNION ALL
                SELECT oid, 'makes roles' FROM pg_roles WHERE rolcreaterole AND NOT rolsuper
                 UNION ALL
                SELECT o.oid, 'owns tables of the schema' FROM owners o JOIN pg_roles r ON r.oid = o.oid AND NOT r.rolsuper
                 UNION ALL
                SELECT oid, 'reaches the server''s files and programs' FROM pg_roles
                 WHERE rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')
            )
            SELECT me.rolname::text AS login,
                   CASE p.oid WHEN me.oid THEN p.power
                              ELSE format('may become %I, which %s', r.rolname, p.power) END AS fault
              FROM me JOIN powers p ON p.oid = me.oid OR NOT me.rolsuper AND pg_has_role(me.oid, p.oid, 'member')
              JOIN pg_roles r ON r.oid = p.oid
             UNION ALL
            SELECT me.rolname::text, 'inherits ' || string_agg(h.rolname, ', ' ORDER BY h.rolname) || ' (make it NOINHERIT)'
              FROM me JOIN pg_roles h ON h.rolname IN ('outrider_worker', 'outrider_dispatcher', 'outrider_ingress',
                                                       'outrider_operator', 'outrider_client')
             WHERE NOT me.rolsuper AND pg_has_role(me.oid, h.oid, 'usage')
             GROUP BY me.rolname
            """,
        )


def _derived(password: str) -> str:
    return hmac.new(password.encode(), APP.encode(), hashlib.sha256).hexdigest()
