"""Moves due work to Redis, in every worker process at once, without a leader.

Promote, sweep, fire cron, pick, commit, ring. Order, pauses and limits are decided in Postgres;
Redis gets a ticket only for what a worker can soon start. Refuses to pick while Redis is away.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from enum import Enum, auto
from uuid import UUID

import dramatiq
import redis

from db import Database, dead_news, dispatch, sessions
from db.pool import DatabaseAway
from telemetry import logs, metrics, sentry
from telemetry.bell import Listener
from workers import cron
from workers.actor import Spec
from workers.broker import Transport
from workers.faults import Faults

log = logs.get("outrider.dispatcher")

_POLL = 0.25
_SWEEP = 0.5
_SHORTEST, _LONGEST = 0.01, 0.05
"""Seconds between two rounds while work waits and the window is full."""
_AHEAD = 0.05
"""Seconds of work that may lie ahead of a newcomer whose turn it is."""
_FEWEST, _MOST = 0.25, 2.0
"""Tickets per thread: few where jobs are slow, so that order stays Postgres'; more where they are quick."""
_BATCH = 500


class Round(Enum):
    """What one round of the dispatcher found."""

    IDLE = auto()
    RUNG = auto()
    """All that waited, or a good part of the window."""
    FULL = auto()
    """More waits than could be picked."""


class Dispatcher(threading.Thread):
    """One per worker process; stops with `close()`."""

    def __init__(
        self,
        database: Database,
        broker: Transport,
        bell: Listener,
        specs: Mapping[str, Spec],
        *,
        lease: timedelta,
        faults: Faults | None = None,
        pace: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`pace`: seconds that a ticket takes lately, 0 when nobody knows yet."""
        super().__init__(name="dispatcher", daemon=True)
        self._faults = faults or Faults(None)
        self._database = database
        self._broker = broker
        self._bell = bell
        self._specs = specs
        self._pace = pace
        self._chunks = {name: spec.chunk for name, spec in specs.items()}
        self._lease = lease
        self._halt = threading.Event()
        self._swept_at = 0.0
        self._redis_away = False
        self._pause = _SHORTEST
        self._wait = _POLL
        self._threads = 0
        self._blind_until = 0.0

    def run(self) -> None:
        """Work until closed; a database that is away costs a pause, never the thread."""
        trouble = 0
        while not self._halt.is_set():
            try:
                found = self.step()
                metrics.beat(self.name)
                self._rest(found)
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
        """Listen when idle; while work waits, look again the later the less there was to pick."""
        if found is Round.IDLE:
            self._listen()
            return
        self._broker.rest(self._pause)
        self._pause = _SHORTEST if found is Round.RUNG else min(self._pause * 2, _LONGEST)

    def close(self) -> None:
        """Stop after the current step."""
        self._halt.set()
        metrics.rest(self.name)
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
            news = dead_news.of_sweep(tx) if swept.buried else []
            self._threads = sessions.count_threads(tx, list(self._specs))
        for death in news:
            sentry.dead(sentry.WorkerLost(death.error_message), actor=death.actor,
                        fingerprint=death.fingerprint)  # fmt: skip
        for kind, jobs in asdict(swept).items():
            metrics.SWEPT.labels(kind).inc(jobs)
        if swept.rung_again or swept.recovered or swept.buried:
            log.warning("jobs.swept", rung_again=swept.rung_again, recovered=swept.recovered,
                        buried=swept.buried)  # fmt: skip
        fired = True
        while fired:
            with self._database.hat("dispatcher") as tx:
                fired = cron.fire_due(tx) is not None

    def _pick(self) -> Round:
        mine = self._broker.room()
        if mine == 0:
            return Round.FULL
        began = time.monotonic()
        with self._database.hat("dispatcher", lazy=True) as tx:
            dispatch.promote(tx, limit=_BATCH)
            window = mine or self._window()
            picked = dispatch.pick(tx, chunks=self._chunks, window=window, lease=self._lease,
                                   alone=mine is not None)  # fmt: skip
        # At most half the time: where thousands of lanes wait, a pick takes long.
        self._pause = max(self._pause, time.monotonic() - began)
        # Only now: a ticket that is faster than the commit would find nothing to claim.
        if picked.tickets:
            self._faults.reach("dispatch.after_commit")
            self._ring(picked.tickets)
            little = 4 * self._turns(picked.tickets) < window
            return Round.FULL if little and picked.wait == 0 else Round.RUNG
        self._wait = _POLL if picked.wait is None else min(picked.wait, _POLL)
        return Round.FULL if picked.wait == 0 else Round.IDLE

    def _turns(self, picked: Sequence[dispatch.Ticket]) -> float:
        return sum(1 / self._chunks[ticket.actor] for ticket in picked)

    def _ring(self, picked: list[dispatch.Ticket]) -> None:
        try:
            self._broker.ring(self._messages(picked), most=self._most())
            metrics.TICKETS.labels("rung").inc(len(picked))
        except redis.RedisError as error:
            self._note_redis(away=True, reason=str(error))
            with self._database.hat("dispatcher") as tx:
                dispatch.give_back(tx, [ticket.id for ticket in picked])

    def _window(self) -> int:
        """Tickets that may be on their way to the fleet's threads."""
        pace = self._pace()
        depth = min(max(_AHEAD / pace, _FEWEST), _MOST) if pace else _MOST
        return max(1, math.ceil(depth * self._threads))

    def _most(self) -> int:
        """Tickets that may lie in one list: some more than a window of them, should each carry one job."""
        return math.ceil(4 * _MOST * max(self._threads, 1)) * max(self._chunks.values(), default=1)

    def _messages(self, picked: Sequence[dispatch.Ticket]) -> Iterator[dramatiq.Message[None]]:
        """One ticket for several jobs of a tenant and actor where the actor takes several.

        A job that has failed before goes alone: whatever it does, it does to itself.
        """
        lots: dict[tuple[str, UUID | None, int], list[int]] = {}
        for ticket in picked:
            alone = ticket.id if ticket.attempt else 0
            lots.setdefault((ticket.actor, ticket.tenant_id, alone), []).append(ticket.id)
        for (actor, tenant_id, _), ids in lots.items():
            size = self._size(actor, len(ids))
            for at in range(0, len(ids), size):
                yield self._message(actor, tenant_id, ids[at : at + size])

    def _size(self, actor: str, jobs: int) -> int:
        """Jobs per ticket: as many as the actor takes, but no thread idles for another's sake."""
        spec = self._specs[actor]
        threads = self._broker.threads() or self._threads
        return spec.chunk if spec.batch else min(spec.chunk, -(-jobs // max(threads, 1)))

    def _message(
        self, actor: str, tenant_id: UUID | None, ids: list[int]
    ) -> dramatiq.Message[None]:
        return dramatiq.Message(
            queue_name=self._specs[actor].queue,
            actor_name=actor,
            args=(ids, str(tenant_id) if tenant_id else None),
            kwargs={},
            options={},
        )

    def _note_redis(self, *, away: bool, reason: str = "") -> None:
        if away and not self._redis_away:
            log.warning("redis.away", setting="OUTRIDER_REDIS_URL", reason=reason)
        if self._redis_away and not away:
            log.info("redis.back")
        self._redis_away = away
        metrics.REDIS_UP.labels("dispatcher").set(not away)

    def _listen(self) -> None:
        if self._redis_away:
            self._halt.wait(_POLL)
            return
        try:
            self._bell.wait(list(self._specs), timeout=max(self._wait, _SHORTEST))
        except redis.RedisError as error:
            self._note_redis(away=True, reason=str(error))
