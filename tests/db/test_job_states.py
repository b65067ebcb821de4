"""The declared life of a job is the one that the database sees: no way more, and none less."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import Database, cancellations, claims, dead, dispatch, effects, jobs, lane_orders
from db.claims import Claim, LeaseLost
from db.jobs import Unique
from schemas.enums import EffectClass, JobState
from schemas.job_states import ENDS, MOVES, Move, allowed
from tests import factories
from tests.factories import OneShot, Toy, enqueue, pick, promote, start, sweep
from tests.fix_states import Way

Peek = Callable[..., list[tuple[Any, ...]]]
Ways = Callable[[], list[Way]]
NOW = timedelta(0)
OVER = timedelta(seconds=-1)
HOUR = timedelta(hours=1)


class World:
    """One database, and what one can do to a job in it."""

    def __init__(self, database: Database, tenant: UUID, peek: Peek) -> None:
        self.database, self.tenant, self.peek = database, tenant, peek

    def queue(self, job: Toy | None = None, *, after: timedelta = NOW) -> int:
        [job_id] = enqueue(self.database, self.tenant, job or Toy(), after=after)
        return job_id

    def keyed(self, *, after: timedelta) -> None:
        newest = Unique("the list", "live", on_conflict="replace")
        enqueue(self.database, self.tenant, Toy(), unique=newest, after=after)

    def dispatched(self, *, lease: timedelta = factories.LEASE) -> int:
        job_id = self.queue()
        assert pick(self.database, lease=lease) == [job_id]
        return job_id

    def running(self, job: Toy | None = None) -> Claim:
        return start(self.database, self.tenant, job)

    def silence(self) -> None:
        """Every process falls silent for good."""
        self.peek("UPDATE outrider.sessions SET beat_at = clock_timestamp() - interval '1 hour'")
        sweep(self.database)

    def worker(self, verb: Callable[..., object], claim: Claim, **how: object) -> None:
        with self.database.tenant(self.tenant) as tx:
            verb(tx, claim.id, claim.token, **how)

    def doubt(self, claim: Claim) -> str:
        key = f"call:{claim.id}:{claim.token}"
        with self.database.tenant(self.tenant) as tx:
            effects.claim(tx, key, EffectClass.UNREPEATABLE, job_id=claim.id, token=claim.token)
            if not effects.doubt(tx, key, token=claim.token, reason="nobody knows"):
                raise LeaseLost(claim.id)  # another knows the call's end
            claims.park(tx, claim.id, claim.token, effect_key=key, reason="nobody knows")
        return key

    def settle(self, key: str) -> None:
        with self.database.tenant(self.tenant) as tx:
            assert effects.disown(tx, key)
            assert claims.unpark(tx, effect_key=key) == 1

    def cancel(self, job_id: int) -> None:
        with self.database.tenant(self.tenant) as tx:
            assert jobs.cancel(tx, job_id)

    def fence(self, claim: Claim) -> None:
        with self.database.tenant(self.tenant) as tx:
            scope = cancellations.Scope(job_id=claim.id)
            assert cancellations.cancel(tx, scope, [claim.id]).fenced == 1


def wait_over(world: World) -> None:
    world.queue(after=timedelta(microseconds=1))
    world.worker(claims.retry, world.running(), after=OVER, error="E")
    promote(world.database)


def redis_away(world: World) -> None:
    with world.database.hat("dispatcher") as tx:
        dispatch.give_back(tx, [world.dispatched()])


def recalled(world: World) -> None:
    world.dispatched()
    with world.database.hat("operator") as tx:
        assert lane_orders.recall(tx, tenant_id=world.tenant) == 1


def ticket_lost(world: World) -> None:
    world.dispatched(lease=OVER)
    assert sweep(world.database).rung_again == 1


def lost_again(world: World) -> None:
    world.worker(claims.retry, world.running(), after=OVER, error="E")
    promote(world.database)
    [job_id] = pick(world.database)
    assert factories.claim(world.database, world.tenant, job_id)
    world.silence()


def bury(tx: Any, job_id: int, token: int) -> None:
    dead.bury(tx, job_id, token, error_class="E", message="m", fingerprint="f")


def cancel_parked(world: World) -> None:
    claim = world.running()
    world.doubt(claim)
    world.cancel(claim.id)


# How each declared way is gone: the last way that is seen must be it.
DEEDS: dict[tuple[str | None, str], Callable[[World], object]] = {
    (None, "enqueued"): World.queue,
    (None, "scheduled"): lambda w: w.queue(after=HOUR),
    ("delayed", "wait over"): wait_over,
    ("delayed", "brought forward"): lambda w: (w.keyed(after=HOUR), w.keyed(after=NOW)),
    ("ready", "put off"): lambda w: (w.keyed(after=NOW), w.keyed(after=HOUR)),
    ("ready", "picked"): World.dispatched,
    ("dispatched", "ticket lost"): ticket_lost,
    ("dispatched", "Redis away"): redis_away,
    ("dispatched", "recalled"): recalled,
    ("dispatched", "claimed"): World.running,
    ("running", "completed"): lambda w: w.worker(claims.complete, w.running()),
    ("running", "backed off"): lambda w: w.worker(claims.retry, w.running(), after=NOW, error="E"),
    ("running", "stood aside"): lambda w: w.worker(
        claims.release, w.running(), after=NOW, error="E"),
    ("running", "worker lost again"): lost_again,
    ("running", "worker lost"): lambda w: (w.running(), w.silence()),
    ("running", "in doubt"): lambda w: w.doubt(w.running()),
    ("running", "gave up"): lambda w: w.worker(bury, w.running()),
    ("running", "out of workers"): lambda w: (w.running(OneShot()), w.silence()),
    ("parked", "settled"): lambda w: w.settle(w.doubt(w.running())),
    ("delayed", "cancelled"): lambda w: w.cancel(w.queue(after=HOUR)),
    ("ready", "cancelled"): lambda w: w.cancel(w.queue()),
    ("dispatched", "cancelled"): lambda w: w.cancel(w.dispatched()),
    ("running", "cancelled"): lambda w: w.fence(w.running()),
    ("parked", "cancelled"): cancel_parked,
}  # fmt: skip


@pytest.mark.parametrize("move", MOVES, ids=lambda m: f"{m.before}-{m.after}-{m.cause}")
def test_each_declared_way_is_gone(
    database: Database, tenant: UUID, peek: Peek, ways: Ways, move: Move
) -> None:
    DEEDS[move.before, move.cause](World(database, tenant, peek))
    assert ways()[-1] == (move.before, move.after)
    assert [way for way in ways() if not allowed(*way)] == []


def test_no_way_is_gone_that_is_not_declared_and_causes_are_unique() -> None:
    assert set(DEEDS) == {(move.before, move.cause) for move in MOVES}
    assert len(DEEDS) == len(MOVES)
    assert {move.after for move in MOVES} == {*JobState, *ENDS}


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_whatever_happens_in_whatever_order_a_job_goes_declared_ways(
    database: Database, tenant: UUID, peek: Peek, ways: Ways, seed: int
) -> None:
    walk = _Walk(World(database, tenant, peek), Random(seed))
    for _ in range(40):
        walk.step()
    assert [way for way in ways() if not allowed(*way)] == []
    assert walk.stale_wins == 0


class _Walk:
    """Anybody does anything: owners with good and stale tokens, sweeps, operators."""

    def __init__(self, world: World, chance: Random) -> None:
        self.world, self.chance = world, chance
        self.held: list[Claim] = []
        self.stale_wins = 0
        self.current: dict[int, int] = {}

    def step(self) -> None:
        self.chance.choice([
            self._queue, self._queue, self._supersede, self._start, self._start, self._verdict, self._verdict,
            self._verdict, self._cancel, self._silence, self._lose_tickets, self._recall,
            self._promote, self._settle,
        ])()  # fmt: skip

    def _queue(self) -> None:
        self.world.queue(after=timedelta(microseconds=self.chance.choice([0, 1])))

    def _supersede(self) -> None:
        self.world.keyed(after=self.chance.choice([NOW, HOUR]))

    def _start(self) -> None:
        for job_id in pick(self.world.database, window=2):
            claim = factories.claim(self.world.database, self.world.tenant, job_id)
            if claim:
                self.held.append(claim)
                self.current[claim.id] = claim.token

    def _verdict(self) -> None:
        if not self.held:
            return
        claim = self.chance.choice(self.held)  # it may be over, or somebody else's by now
        verb = self.chance.choice([
            claims.complete, bury,
            lambda tx, i, t: claims.retry(tx, i, t, after=OVER, error="E"),
            lambda tx, i, t: claims.release(tx, i, t, after=OVER, error="E")])  # fmt: skip
        try:
            if self.chance.random() < 0.2:
                self.world.doubt(claim)
            else:
                self.world.worker(verb, claim)
            self.stale_wins += self.current[claim.id] != claim.token
        except LeaseLost:
            owned = "SELECT 1 FROM outrider.jobs WHERE id = %s AND token = %s"
            assert not self.world.peek(owned, claim.id, claim.token), "refused its own job"

    def _cancel(self) -> None:
        found = self.world.peek("SELECT id FROM outrider.jobs WHERE state <> 'running' LIMIT 1")
        for (job_id,) in found:
            self.world.cancel(job_id)

    def _silence(self) -> None:
        self.world.silence()

    def _lose_tickets(self) -> None:
        pick(self.world.database, lease=OVER)
        sweep(self.world.database)

    def _recall(self) -> None:
        with self.world.database.hat("operator") as tx:
            lane_orders.recall(tx, tenant_id=self.world.tenant)

    def _promote(self) -> None:
        promote(self.world.database)

    def _settle(self) -> None:
        for (key,) in self.world.peek("SELECT parked_on FROM outrider.jobs WHERE state = 'parked'"):
            self.world.settle(key)
