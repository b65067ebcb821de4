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
class _Powers:
    login: str
    is_super: bool
    bypasses: bool
    inherits_owner: bool


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
    """Raise LoginRefused unless the pool's login owns nothing and cannot bypass row level security."""
    try:
        powers = _powers(database)
    except psycopg.errors.InsufficientPrivilege:  # an owner without our roles, or a stranger
        raise LoginRefused(
            f"OUTRIDER_DATABASE_URL: the login may not act as a worker. {_FIX}"
        ) from None
    faults = [
        text
        for wrong, text in (
            (powers.is_super, "is a superuser"),
            (powers.bypasses, "bypasses row level security"),
            (powers.inherits_owner, "owns tables of the schema"),
        )
        if wrong
    ]
    if faults:
        raise LoginRefused(
            f"OUTRIDER_DATABASE_URL logs in as {powers.login!r}, which {' and '.join(faults)}. "
            f"{_FIX}"
        )


def _powers(database: Database) -> _Powers:
    with database.hat("operator") as tx:
        return tx.one(
            _Powers,
            """
            SELECT session_user::text AS login, r.rolsuper AS is_super, r.rolbypassrls AS bypasses,
                   EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                            WHERE n.nspname IN ('outrider', 'outrider_secret')
                              AND pg_has_role(session_user, c.relowner, 'member')) AS inherits_owner
              FROM pg_roles r WHERE r.rolname = session_user
            """,
        )


def _derived(password: str) -> str:
    return hmac.new(password.encode(), APP.encode(), hashlib.sha256).hexdigest()
