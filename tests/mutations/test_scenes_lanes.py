"""Scenes of lanes, pauses and schedules: how many, how fast, whose turn, and not at all."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import ClassVar

from db import Database, clock, cron, lanes, pauses
from db.lanes import LaneRule
from pipelines.schedules import next_fire
from tests.factories import Toy, pick, tenant_called
from tests.fix_world import Bench, Fleet, spec
from tests.mutations.witness import Witness, swallow
from workers.cron import fire_due

Assemble = Callable[..., Fleet]
NOON = datetime(2031, 6, 2, 12, tzinfo=UTC)


class Letter(Toy):
    """Waits in a lane of its own, as a mailbox's mails do."""

    name: ClassVar[str] = "toy.letter"

    def lane(self) -> str:
        return "the mailbox"


def rule(database: Database, said: LaneRule, actor: str = Letter.name) -> None:
    with database.hat("dispatcher") as tx:
        lanes.mirror(tx, {actor: said})


def test_a_lane_with_a_cap(witness: Witness, fleet: Assemble) -> None:
    rule(witness.database, LaneRule(max_running=2))
    ids = witness.queue(*[Letter(number=n) for n in range(12)])
    fleet([spec(Letter, witness.body(lambda _job, _ctx: sleep(0.05)))], threads=6)
    witness.must("I1", witness.quiet(seconds=5), "a lane with a cap came to a halt")
    most = witness.at_once(ids)
    witness.must("I7", most <= 2, f"{most} ran at once in a lane of 2")
    witness.verdict()


def test_a_lane_with_a_rate(witness: Witness, fleet: Assemble) -> None:
    every = 0.08
    rule(witness.database, LaneRule(rate_every=timedelta(seconds=every), burst=2))
    witness.queue(*[Letter(number=n) for n in range(10)])
    fleet([spec(Letter, witness.body())])
    witness.must("I1", witness.quiet(seconds=5), "a lane with a rate came to a halt")
    began = sorted(body.began for body in witness.bodies)
    took, least = began[-1] - began[0], every * (len(began) - 2 - 1)
    witness.must("I8", took >= least, f"ten starts took {took:.2f} s and not {least:.2f} s")
    witness.verdict()


def test_a_large_tenant_is_in_front_of_small_ones(witness: Witness, fleet: Assemble) -> None:
    large, small = tenant_called(witness.database, "large"), range(5)
    witness.queue(*[Toy(number=1000 + n) for n in range(200)], tenant=large)
    for n in small:
        witness.queue(Toy(number=n), tenant=tenant_called(witness.database, f"small-{n}"))
    fleet([spec(Toy, witness.body(lambda _job, _ctx: sleep(0.002)))], threads=2)
    witness.must("I1", witness.quiet(seconds=8), "a crowd came to a halt")
    order = [body.number for body in sorted(witness.bodies, key=lambda body: body.began)]
    last = max(order.index(n) for n in small)
    witness.must("I9", last < 25, f"small tenants came {last}th behind a large one")
    witness.verdict()


def test_an_actor_is_paused_before_its_tickets_arrive(witness: Witness, fleet: Assemble) -> None:
    witness.queue(*[Toy(number=n) for n in range(5)])
    with witness.database.hat("operator") as tx:
        pauses.add(tx, tenant_id=None, actor=Toy.name, reason="the provider is down", by="test")
    fleet([spec(Toy, witness.body())])
    deadline = monotonic() + 0.8
    while monotonic() < deadline and not witness.claims:
        sleep(0.02)
    began = len(witness.claims)
    witness.must("I16", began == 0, f"{began} jobs of a paused actor began")
    witness.verdict()


def test_a_ticket_is_read_after_the_pause(witness: Witness, bench: Bench) -> None:
    actor = spec(Toy, witness.body())
    [job_id] = witness.queue(Toy())
    pick(witness.database)
    with witness.database.hat("operator") as tx:
        pauses.add(tx, tenant_id=None, actor=Toy.name, reason="the provider is down", by="test")
    swallow(lambda: bench.runner.run(actor, [job_id], bench.tenant))
    began = len(witness.claims)
    witness.must("I16", began == 0, "a ticket that was under way began after the pause")
    witness.verdict()


def test_a_schedule_and_three_schedulers(witness: Witness, at: Callable[[datetime], None]) -> None:
    at(NOON)
    with witness.database.hat("dispatcher") as tx:
        cron.put(tx, name="minute", actor="house.prune_history", payload={}, cron="* * * * *",
                 timezone="UTC", next_at=next_fire("* * * * *", "UTC", after=clock.read(tx)))  # fmt: skip
    for minute in (1, 2, 3, 2, 7, 8):  # the clock is set back once, and nobody looks for a while
        at(NOON + timedelta(minutes=minute))
        for _ in range(3):
            swallow(lambda: fire(witness.database))
    made = witness.peek("SELECT fire_at, missed FROM outrider.cron_fires ORDER BY fire_at")
    covered = len(made) + sum(missed for _, missed in made)
    moments = [moment for moment, _ in made]
    witness.must("I6", covered == 8, f"of 8 moments {covered} are fired or counted as missed")
    witness.must("I6", len(set(moments)) == len(moments), "a moment fired twice")
    jobs = witness.peek("SELECT count(*) FROM outrider.jobs WHERE tenant_id IS NULL")
    witness.must("I6", jobs == [(len(made),)], f"{len(made)} fires made {jobs} jobs")
    witness.verdict()


def fire(database: Database) -> None:
    with database.hat("dispatcher") as tx:
        fire_due(tx)
