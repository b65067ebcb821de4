"""Lanes: whose turn it is, how many at once, how often, and whether the way is open at all.

What is in flight is counted from the jobs by the dispatcher; nothing here counts starts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.types.json import Jsonb

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class LaneRule:
    """What the code says of all lanes of an actor; an operator may say otherwise of one.

    `max_running` jobs at once, a start `rate_every` so often with `burst` at once after a rest, and
    a circuit that opens after `opens_after` failures in a row. None: no such limit.
    """

    max_running: int | None = None
    rate_every: timedelta | None = None
    burst: int = 1
    opens_after: int | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane as it stands; limits are those that hold now."""

    id: int
    tenant_id: UUID | None
    actor: str
    key: str
    weight: float
    max_running: int | None
    rate_every: timedelta | None
    burst: int
    failures: int
    blocked_until: datetime | None
    blocked_because: str | None
    paused_by: str | None
    pause_reason: str | None
    ready: int
    in_flight: int
    state: str


def mirror(tx: Tx, rules: Mapping[str, LaneRule]) -> None:
    """Write the rules of this version's actors into the database; idempotent."""
    tx.run(
        """
        INSERT INTO outrider.lane_rules AS r (actor, max_running, rate_every, burst, opens_after)
        SELECT actor, max_running, rate_every, burst, opens_after
          FROM jsonb_to_recordset(%(rules)s) AS w (actor text, max_running integer,
               rate_every interval, burst integer, opens_after integer)
         ORDER BY actor
            ON CONFLICT (actor) DO UPDATE
           SET max_running = excluded.max_running, rate_every = excluded.rate_every,
               burst = excluded.burst, opens_after = excluded.opens_after
         WHERE (r.max_running, r.rate_every, r.burst, r.opens_after) IS DISTINCT FROM
               (excluded.max_running, excluded.rate_every, excluded.burst, excluded.opens_after)
        """,
        {"rules": Jsonb([_record(actor, rule) for actor, rule in rules.items()])},
    )


def prune(tx: Tx, *, limit: int) -> int:
    """Forget at most `limit` lanes that remember nothing, and shares of tenants that are gone.

    Changes nobody's turn or limit: the next job of such a lane makes it anew. Returns how many.
    """
    return int(str(tx.value("SELECT outrider.prune_lanes(%(limit)s)", {"limit": limit})))


def _record(actor: str, rule: LaneRule) -> dict[str, object]:
    every = rule.rate_every
    return {
        "actor": actor,
        "max_running": rule.max_running,
        "rate_every": f"{every // timedelta(microseconds=1)} microseconds" if every else None,
        "burst": rule.burst,
        "opens_after": rule.opens_after,
    }


def block(tx: Tx, lane_id: int, *, wait: timedelta, because: str) -> None:
    """Start nothing in this lane for a while; a longer block stays. Its tickets are taken back.

    First in its transaction: it waits for the pick that is under way, which would not see the block.
    """
    tx.run("SELECT pg_advisory_xact_lock(7362004)")
    tx.run(
        """
        UPDATE outrider.lanes SET blocked_because = left(%(because)s, 1000),
               blocked_until = greatest(blocked_until, clock_timestamp() + %(wait)s)
         WHERE id = %(lane)s AND key <> ''
        """,
        {"lane": lane_id, "wait": wait, "because": because},
    )
    _recall(tx, lane_id)


def note_failure(tx: Tx, lane_id: int, *, opens_after: int, because: str) -> bool:
    """Count a failure in a row; True when that opens the circuit, for 15 s doubling to 10 min.

    After a block one job is let through to see (half-open); its success closes the circuit.
    """
    opened = tx.value(
        """
        UPDATE outrider.lanes
           SET failures = failures + 1,
               blocked_until = CASE WHEN failures + 1 >= %(opens)s THEN
                   greatest(blocked_until, clock_timestamp() + least(interval '10 minutes',
                       interval '15 seconds' * 2 ^ least(failures + 1 - %(opens)s, 10)))
                   ELSE blocked_until END,
               blocked_because = CASE WHEN failures + 1 >= %(opens)s THEN left(%(because)s, 1000)
                   ELSE blocked_because END
         WHERE id = %(lane)s AND key <> ''
        RETURNING failures >= %(opens)s
        """,
        {"lane": lane_id, "because": because, "opens": opens_after},
    )
    if opened is True:
        _recall(tx, lane_id)
    return opened is True


def note_success(tx: Tx, lane_id: int) -> None:
    """Close the circuit: what failed before is over. Idempotent.

    A block that still holds was put up after this job had started, and stays.
    """
    tx.run(
        """
        UPDATE outrider.lanes SET failures = 0, blocked_until = NULL, blocked_because = NULL
         WHERE id = %(lane)s AND failures > 0
           AND coalesce(blocked_until <= clock_timestamp(), true)
        """,
        {"lane": lane_id},
    )


def _recall(tx: Tx, lane_id: int) -> None:
    tx.run(
        """
        UPDATE outrider.jobs j SET state = 'ready', lease_until = NULL
         WHERE j.id IN (SELECT d.id FROM outrider.jobs d
                         WHERE d.lane_id = %(lane)s AND d.state = 'dispatched'
                         ORDER BY d.id FOR UPDATE SKIP LOCKED)
        """,
        {"lane": lane_id},
    )


def list_all(tx: Tx, *, tenant_id: UUID | None, actor: str | None, limit: int) -> list[Lane]:
    """Lanes that are remembered, those in trouble first; a None filter matches everything.

    `state` is open, paused, blocked or probing. Needs the operator's hat.
    """
    return tx.list(
        Lane,
        """
        SELECT l.id, l.tenant_id, l.actor, l.key, l.weight,
               coalesce(l.max_running, r.max_running) AS max_running,
               coalesce(l.rate_every, r.rate_every) AS rate_every,
               coalesce(l.burst, r.burst, 1) AS burst, l.failures, l.blocked_until,
               l.blocked_because, l.paused_by, l.pause_reason,
               (SELECT count(*) FROM (SELECT 1 FROM outrider.jobs j WHERE j.lane_id = l.id
                   AND j.state = 'ready' LIMIT 100000) capped) AS ready,
               (SELECT count(*) FROM outrider.jobs j WHERE j.lane_id = l.id
                   AND j.state IN ('dispatched', 'running')) AS in_flight,
               CASE WHEN l.paused_at IS NOT NULL THEN 'paused'
                    WHEN l.blocked_until > clock_timestamp() THEN 'blocked'
                    WHEN l.failures >= r.opens_after THEN 'probing' ELSE 'open' END AS state
          FROM outrider.lanes l LEFT JOIN outrider.lane_rules r ON r.actor = l.actor
         WHERE (%(tenant)s::uuid IS NULL OR l.tenant_id = %(tenant)s)
           AND (%(actor)s::text IS NULL OR l.actor = %(actor)s)
         ORDER BY l.paused_at NULLS LAST, l.blocked_until DESC NULLS LAST, l.failures DESC,
                  l.actor, l.tenant_id, l.key
         LIMIT %(limit)s
        """,
        {"tenant": tenant_id, "actor": actor, "limit": limit},
    )
