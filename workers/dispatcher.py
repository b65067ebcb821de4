"""Moves due work to Redis, in every worker process at once, without a leader.

Promote, sweep, fire cron, pick, commit, ring. Order, pauses and limits are decided in Postgres;
Redis gets a ticket only for what a worker can soon start. Refuses to pick while Redis is away.
"""

import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from enum import Enum, auto

import dramatiq
import redis

from db import Database, dispatch, sessions
from db.pool import DatabaseAway
from telemetry import logs, metrics, sentry
from telemetry.bell import Bell
from workers import cron
from workers.actor import Spec
from workers.broker import TicketBroker

log = logs.get("outrider.dispatcher")

_POLL = 0.25
_SWEEP = 0.5
_SHORTEST, _LONGEST = 0.01, 0.1
"""Seconds between two rounds while work waits and the window is full."""
_TICKETS_PER_THREAD = 2
"""The window: small enough that order stays Postgres', large enough that no thread waits."""
_BATCH = 500


class Round(Enum):
    """What one round of the dispatcher found."""

    IDLE = auto()
    RUNG = auto()
    FULL = auto()


class Dispatcher(threading.Thread):
    """One per worker process; stops with `close()`."""

    def __init__(
        self,
        database: Database,
        broker: TicketBroker,
        bell: Bell,
        specs: Mapping[str, Spec],
        *,
        lease: timedelta,
    ) -> None:
        super().__init__(name="dispatcher", daemon=True)
        self._database = database
        self._broker = broker
        self._bell = bell
        self._queues = {name: spec.queue for name, spec in specs.items()}
        self._lease = lease
        self._halt = threading.Event()
        self._swept_at = 0.0
        self._redis_away = False
        self._pause = _SHORTEST
        self._blind_until = 0.0

    def run(self) -> None:
        """Work until closed; a database that is away costs a pause, never the thread."""
        trouble = 0
        while not self._halt.is_set():
            try:
                self._rest(self.step())
                trouble = 0
            except DatabaseAway as error:
                self._blind_until = time.monotonic() + self._lease.total_seconds()
                log.warning("database.away", setting="OUTRIDER_DATABASE_URL", reason=str(error))
                trouble += 1
            except Exception as error:
                log.exception("dispatcher.failed")
                sentry.bug(error, actor="dispatcher")
                trouble += 1
            if trouble:
                self._halt.wait(min(_POLL * 2 ** min(trouble, 5), 5.0))

    def _rest(self, found: Round) -> None:
        """Go on at once after a ring, listen when idle; in between, look again a little later."""
        if found is Round.IDLE:
            self._listen()
        elif found is Round.RUNG:
            self._pause = _SHORTEST
            self._halt.wait(_SHORTEST)
        else:
            self._halt.wait(self._pause)
            self._pause = min(self._pause * 2, _LONGEST)

    def close(self) -> None:
        """Stop after the current step."""
        self._halt.set()
        if self.is_alive():
            self.join(timeout=10)

    def step(self) -> Round:
        """One round, and what it found."""
        now = time.monotonic()
        if now - self._swept_at >= _SWEEP:
            self._swept_at = now
            self._sweep()
        if self._redis_away and not self._broker.answers():
            return Round.IDLE
        self._note_redis(away=False)
        return self._pick()

    def _sweep(self) -> None:
        sighted = time.monotonic() >= self._blind_until
        with self._database.hat("dispatcher") as tx:
            swept = dispatch.sweep(tx, lease=self._lease, limit=_BATCH, deaths=sighted)
        if swept.rung_again or swept.recovered or swept.buried:
            log.warning("jobs.swept", rung_again=swept.rung_again, recovered=swept.recovered,
                        buried=swept.buried)  # fmt: skip
        fired = True
        while fired:
            with self._database.hat("dispatcher") as tx:
                fired = cron.fire_due(tx) is not None

    def _pick(self) -> Round:
        actors = list(self._queues)
        with self._database.hat("dispatcher") as tx:
            dispatch.promote(tx, limit=_BATCH)
            window = _TICKETS_PER_THREAD * sessions.count_threads(tx, actors)
            picked = dispatch.pick(tx, actors=actors, window=window, lease=self._lease)
            more = not picked and dispatch.is_waiting(tx, actors=actors)
        # Only now: a ticket that is faster than the commit would find nothing to claim.
        if picked:
            self._ring(picked)
            return Round.RUNG
        return Round.FULL if more else Round.IDLE

    def _ring(self, picked: list[dispatch.Ticket]) -> None:
        try:
            self._broker.ring(map(self._message, picked))
            metrics.TICKETS.labels("rung").inc(len(picked))
        except redis.RedisError as error:
            self._note_redis(away=True, reason=str(error))
            with self._database.hat("dispatcher") as tx:
                dispatch.give_back(tx, [ticket.id for ticket in picked])

    def _message(self, ticket: dispatch.Ticket) -> dramatiq.Message[None]:
        tenant = str(ticket.tenant_id) if ticket.tenant_id else None
        return dramatiq.Message(
            queue_name=self._queues[ticket.actor],
            actor_name=ticket.actor,
            args=(ticket.id, tenant),
            kwargs={},
            options={},
        )

    def _note_redis(self, *, away: bool, reason: str = "") -> None:
        if away and not self._redis_away:
            log.warning("redis.away", setting="OUTRIDER_REDIS_URL", reason=reason)
        if self._redis_away and not away:
            log.info("redis.back")
        self._redis_away = away

    def _listen(self) -> None:
        if self._redis_away:
            self._halt.wait(_POLL)
            return
        try:
            self._bell.wait(list(self._queues), timeout=_POLL)
        except redis.RedisError as error:
            self._note_redis(away=True, reason=str(error))
