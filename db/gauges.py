"""The fleet's numbers for the metrics page: counts and ages, of nobody in particular."""

from collections.abc import Sequence

from db import dead
from db import fleet_views as fleet
from db.pool import Database, DatabaseAway, Tx
from telemetry.fleet_gauges import Reading, Readings

_KINDS = 20
"""Of dead letters: more than anybody reads, and a bound for Prometheus."""


def read(database: Database) -> Readings:
    """What waits, who works, what died, at one moment, by the gauge's name.

    A database that is away is a reading as well, and the only one beside this process's pool.
    """
    pool = _pool(database)
    try:
        with database.hat("operator") as tx:
            return {"outrider_database_up": [Reading((), 1)], **pool, **_work(tx), **_lanes(tx),
                    **_processes(tx), **_troubles(tx), **_storage(tx)}  # fmt: skip
    except DatabaseAway:
        return {"outrider_database_up": [Reading((), 0)], **pool}


def _pool(database: Database) -> Readings:
    use = database.use()
    kinds = (("open", use.open), ("idle", use.idle), ("waiting", use.waiting))
    return {"outrider_pool_connections": [Reading((kind,), number) for kind, number in kinds]}


def _work(tx: Tx) -> Readings:
    depths = fleet.depth(tx)
    threads = {d.actor: d.threads for d in depths}
    return {
        "outrider_queue_depth": [Reading((d.actor, d.state), d.jobs) for d in depths],
        "outrider_queue_oldest_seconds": [
            Reading((d.actor, d.state), d.oldest_seconds) for d in depths
        ],
        "outrider_actor_threads": [Reading((actor,), n) for actor, n in threads.items()],
    }


def _lanes(tx: Tx) -> Readings:
    lag = fleet.lag(tx)
    return {
        "outrider_lanes": [Reading((c.actor, c.state), c.lanes) for c in fleet.count_lanes(tx)],
        "outrider_dispatch_lag_seconds": [
            Reading(("pick",), lag.pickable_seconds), Reading(("promote",), lag.promotable_seconds)
        ],
    }  # fmt: skip


def _processes(tx: Tx) -> Readings:
    live = fleet.sessions(tx)
    return {
        "outrider_sessions": [Reading((), len(live))],
        "outrider_threads": [Reading((), sum(one.threads for one in live))],
        "outrider_session_silent_seconds": [
            Reading((), max((one.silent_seconds for one in live), default=0))
        ],
    }


def _troubles(tx: Tx) -> Readings:
    kinds, doubts, lines = fleet.dead(tx, limit=_KINDS), fleet.doubts(tx), fleet.cron(tx)
    calls = dict.fromkeys((d.kind for d in doubts), 0)
    for doubt in doubts:
        calls[doubt.kind] += doubt.calls
    return {
        "outrider_dead_open": [Reading((), dead.count_open(tx))],
        "outrider_dead_letters": [
            Reading((k.actor, k.error_class, k.fingerprint), k.letters) for k in kinds
        ],
        "outrider_doubts": [Reading((kind,), n) for kind, n in calls.items()],
        "outrider_doubt_oldest_seconds": [
            Reading((), max((d.oldest_seconds for d in doubts), default=0))
        ],
        "outrider_cron_overdue_seconds": [Reading((s.name,), s.overdue_seconds) for s in lines],
        "outrider_cron_missed": [Reading((s.name,), s.missed) for s in lines],
    }


def _storage(tx: Tx) -> Readings:
    tables = fleet.table_rows(tx)
    return {
        "outrider_history_oldest_seconds": _perhaps(fleet.history_age(tx)),
        "outrider_oldest_transaction_seconds": _perhaps(fleet.oldest_transaction(tx)),
        "outrider_table_rows": [
            Reading((t.table, kind), rows)
            for t in tables
            for kind, rows in (("live", t.live), ("dead", t.dead))
        ],
    }


def _perhaps(value: float | None) -> Sequence[Reading]:
    return [] if value is None else [Reading((), value)]
