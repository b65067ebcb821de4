"""Connections and transactions. Every transaction puts on one hat; none can outlive its block."""

import contextlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, LiteralString, TypeAlias, TypeVar
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg_pool import ConnectionPool, PoolTimeout

from schemas.errors import Transient
from telemetry import logs
from telemetry.bell import Ringer

log = logs.get("outrider.db")

R = TypeVar("R")
Params: TypeAlias = Mapping[str, object]
Connection: TypeAlias = psycopg.Connection[tuple[object, ...]]
Hat: TypeAlias = Literal["worker", "dispatcher", "ingress", "operator", "client"]

# Failures after which the same transaction may well succeed: the server went away, restarted, is a
# standby for a moment, or chose this transaction as the victim of a deadlock.
_PASSING = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.IdleInTransactionSessionTimeout,  # this process was frozen
    psycopg.errors.ReadOnlySqlTransaction,
    psycopg.errors.QueryCanceled,
)


_GONE = (psycopg.OperationalError, psycopg.InterfaceError)

_OFTEN = 3
"""Executions after which a statement is prepared."""


class DatabaseAway(Transient):
    """Postgres cannot be reached, or gave up on this transaction.

    Nothing was written, unless the connection broke while the commit was on its way: whoever
    writes again must be fenced by a token or a key.
    """


@dataclass(slots=True)
class Tx:
    """One open transaction. Functions of `db/` take it first and never commit."""

    conn: Connection
    rings: set[str] = field(default_factory=set[str])
    """Actors that got work in this transaction; their bells ring after the commit."""
    notes: list[tuple[str, Mapping[str, object]]] = field(
        default_factory=list[tuple[str, Mapping[str, object]]]
    )
    """What an operator should hear of this transaction: warnings, logged after the commit."""

    def run(self, query: LiteralString, params: Params | None = None) -> int:
        """Execute and return the number of rows touched."""
        return self.conn.execute(query, params).rowcount

    def find(self, row: type[R], query: LiteralString, params: Params | None = None) -> R | None:
        """The first row, or None."""
        with self.conn.cursor(row_factory=class_row(row)) as cursor:
            return cursor.execute(query, params).fetchone()

    def one(self, row: type[R], query: LiteralString, params: Params | None = None) -> R:
        """The first row of a query that always has one; LookupError when it has not (a bug)."""
        found = self.find(row, query, params)
        if found is None:
            raise LookupError("A query that always gives a row gave none.")
        return found

    def list(self, row: type[R], query: LiteralString, params: Params | None = None) -> list[R]:
        """All rows, in the order the query states."""
        with self.conn.cursor(row_factory=class_row(row)) as cursor:
            return cursor.execute(query, params).fetchall()

    def value(self, query: LiteralString, params: Params | None = None) -> object:
        """The first column of the first row, or None."""
        row = self.conn.execute(query, params).fetchone()
        return row[0] if row else None


@contextmanager
def connect(dsn: str, *, name: str = "outrider") -> Generator[Connection]:
    """One connection outside any pool, each statement its own transaction; for the owner's work.

    Raises DatabaseAway when the server is unreachable or goes away.
    """
    try:
        with psycopg.connect(
            dsn, autocommit=True, application_name=name, connect_timeout=5, prepare_threshold=None
        ) as conn:
            yield conn
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise DatabaseAway(_one_line(error)) from error


@dataclass(frozen=True, slots=True)
class PoolUse:
    """Connections of a pool that are open and idle now, and threads that wait for one."""

    open: int
    idle: int
    waiting: int


class Database:
    """A pool whose only ways in are transactions with a hat on."""

    def __init__(
        self,
        dsn: str,
        *,
        max_size: int = 12,
        bell: Ringer | None = None,
        name: str = "outrider",
        patience: float = 10,
    ) -> None:
        """`patience` is the most seconds that a transaction waits for a connection."""
        self._bell = bell
        self._dsn = dsn
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            dsn,
            min_size=0,
            max_size=max_size,
            open=False,
            timeout=patience,
            max_idle=60,
            max_lifetime=1800,
            reconnect_timeout=5,
            configure=_prepare_if_alone,
            kwargs={"application_name": name, "autocommit": True, "connect_timeout": 5},
        )

    def open(self) -> None:
        """Start the pool; does not wait for the server, so a process can start before Postgres."""
        self._pool.open()

    def close(self) -> None:
        """Close every connection; idempotent."""
        self._pool.close()

    def use(self) -> PoolUse:
        """How busy the pool is, without asking the server."""
        now = self._pool.get_stats()
        return PoolUse(now.get("pool_size", 0), now.get("pool_available", 0),
                       now.get("requests_waiting", 0))  # fmt: skip

    @contextmanager
    def tenant(
        self,
        tenant_id: UUID | None,
        *,
        trace_id: str = "",
        job_id: int | None = None,
        lazy: bool = False,
    ) -> Generator[Tx]:
        """A worker's transaction in one tenant; None is the house itself and sees no tenant.

        `lazy`: a server that crashes may forget this commit, but none before it and none after it
        that it remembers; for what is found again and done again. What such a transaction does, it
        does for every job: a statement that is prepared is not planned again.
        """
        clothes = _clothes("worker", tenant_id, trace_id, job_id, lazy=lazy)
        with self._transaction(clothes) as tx:
            yield tx

    @contextmanager
    def hat(self, hat: Hat, *, trace_id: str = "", lazy: bool = False) -> Generator[Tx]:
        """A transaction without a tenant, with the rights of `outrider_<hat>`."""
        with self._transaction(_clothes(hat, None, trace_id, None, lazy=lazy)) as tx:
            yield tx

    @contextmanager
    def _transaction(self, clothes: Params) -> Generator[Tx]:
        """Raises DatabaseAway when the server is unreachable or chose us as a victim."""
        try:
            with self._begun(clothes) as tx:
                yield tx
        except PoolTimeout as error:
            raise DatabaseAway(self._why_no_connection()) from error
        except _PASSING as error:
            raise DatabaseAway(_one_line(error)) from error
        for event, facts in tx.notes:
            log.warning(event, **facts)
        if tx.rings and self._bell:
            self._bell.ring(tx.rings)

    @contextmanager
    def _begun(self, clothes: Params) -> Generator[Tx]:
        conn = self._begin(clothes)
        try:
            yield Tx(conn)
            conn.commit()
        except BaseException:
            with contextlib.suppress(psycopg.Error):  # a broken connection has rolled back
                conn.rollback()
            raise
        finally:
            self._pool.putconn(conn)

    def _begin(self, clothes: Params) -> Connection:
        """A connection whose transaction has begun, in one round trip.

        One that died in the pool says so here, where nothing was done yet, and the next is tried.
        """
        stale = self._pool.max_size
        while True:
            conn = self._pool.getconn()
            try:
                _dress(conn, clothes)
            except BaseException as error:
                self._pool.putconn(conn)
                stale -= 1
                if stale < 0 or not isinstance(error, _GONE):
                    raise
            else:
                return conn

    def _why_no_connection(self) -> str:
        try:
            with connect(self._dsn):
                return f"Postgres: all {self._pool.max_size} connections of this process are busy."
        except DatabaseAway as error:
            return str(error)


def _one_line(error: BaseException) -> str:
    return f"Postgres: {' '.join(str(error).split()) or type(error).__name__}"


def _clothes(
    hat: Hat, tenant_id: UUID | None, trace_id: str, job_id: int | None, *, lazy: bool
) -> Params:
    return {
        "durable": "off" if lazy else None,
        "plans": "force_generic_plan" if lazy and hat == "worker" else "auto",
        "scans": "off" if hat == "worker" else "on",
        "hat": hat,
        "tenant": str(tenant_id or ""),
        "trace": trace_id,
        "job": "" if job_id is None else str(job_id),
    }


def _dress(conn: Connection, clothes: Params) -> None:
    # Transaction-local, all of it: behind a transaction pooler the next one is somebody else.
    # The client binds, so that BEGIN travels in the same message. Nothing here is worth compiling:
    # with `jit`, which versions before 18 turn on for a plan they cannot avoid, a sweep took 0.2 s.
    # A worker goes by keys: a plan kept from when a table was empty must not read it whole when full.
    psycopg.ClientCursor(conn).execute(
        """
        BEGIN;
        SELECT set_config('role', 'outrider_' || %(hat)s, true),
               set_config('synchronous_commit', coalesce(%(durable)s, current_setting('synchronous_commit')), true),
               set_config('plan_cache_mode', %(plans)s, true),
               set_config('enable_seqscan', %(scans)s, true),
               set_config('jit', 'off', true),
               set_config('statement_timeout', '30s', true),
               set_config('idle_in_transaction_session_timeout', '60s', true),
               set_config('outrider.tenant_id', %(tenant)s, true),
               set_config('outrider.trace_id', %(trace)s, true),
               set_config('outrider.job_id', %(job)s, true)
        """,
        clothes,
    )


def _prepare_if_alone(conn: Connection) -> None:
    """Let statements be prepared, unless a transaction pooler would hand them to strangers.

    A pooler gives its clients process numbers of its own making, so the two differ behind one.
    """
    row = conn.execute("SELECT pg_backend_pid()", prepare=False).fetchone()
    alone = row is not None and row[0] == conn.info.backend_pid
    conn.prepare_threshold = _OFTEN if alone else None
