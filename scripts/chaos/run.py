"""One chaos run from the first job to the verdict."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from db import chaos, chaos_books, claims, effects
from db.pool import DatabaseAway
from scripts.chaos import work
from scripts.chaos.books import Facts, read
from scripts.chaos.crew import Crew
from scripts.chaos.faults import Striker
from scripts.chaos.hand import Replayer, ReplayFailed
from scripts.chaos.plan import Plan
from scripts.chaos.provider import Provider
from scripts.chaos.report import Report, figures, judge
from scripts.chaos.sampler import Sampler
from scripts.chaos.schedule import Fault, Strike, draw
from scripts.chaos.stage import Stage, staged

_TICK: Final = 0.05
_BOOT: Final = 30.0


@dataclass(frozen=True, slots=True)
class Order:
    """What kind of run is wanted."""

    seed: int
    jobs: int
    minutes: float
    faults: bool = True
    workers: int = 3
    threads: int = 6
    lease: float = 5.0
    tree: Path | None = None
    """Another source tree from which workers and producer run."""
    told: Callable[[str], None] = lambda _: None
    """Hears what happens."""

    @property
    def seconds(self) -> float:
        """How long faults strike."""
        return self.minutes * 60


def run(order: Order, folder: Path, *, keep: bool = False) -> Report:
    """Do it in `folder`, which must be empty, and judge it. Call it from the main thread.

    Raises ServerFailed when a server does not start.
    """
    schedule = _schedule(order)
    with staged(folder, threads=order.threads, lease=order.lease, tree=order.tree) as stage:
        return _Run(order, stage, schedule, keep=keep).play()


def _schedule(order: Order) -> list[Fault]:
    if not order.faults:
        return []
    return draw(seed=order.seed, seconds=order.seconds, workers=order.workers, lease=order.lease)


class _Run:
    def __init__(self, order: Order, stage: Stage, schedule: list[Fault], *, keep: bool) -> None:
        self._order = order
        self._stage = stage
        self._schedule = schedule
        self._keep = keep
        self._crew = Crew(stage, order.workers, skewed=order.faults)
        self._producer: subprocess.Popen[bytes] | None = None
        self._striker = Striker(stage, self._crew, self._kill_producer)
        self._sampler = Sampler(stage.database)
        self._facts = Facts(
            seed=order.seed,
            lease=order.lease,
            threads=order.threads,
            workers=order.workers,
            faults=order.faults,
        )

    def play(self) -> Report:
        self._write_plan()
        self._crew.start()
        self._sampler.start()
        try:
            self._wait_for_workers()
            self._produce()
            began = time.monotonic()
            self._storm(began)
            self._calm()
            seconds = time.monotonic() - began
            self._settle_doubts()
            self._replay()
        finally:
            self._sampler.close()
            self._crew.close()
            self._end_producer()
        return self._report(seconds)

    def _wait_for_workers(self) -> None:
        deadline = time.monotonic() + _BOOT
        while len(self._crew.up) < self._order.workers and time.monotonic() < deadline:
            self._tick()

    def _write_plan(self) -> None:
        order = self._order
        plan = Plan(
            seed=order.seed,
            jobs=order.jobs,
            seconds=order.seconds * 0.75,
            lease=order.lease,
            killers=max(1, round(order.minutes)) if order.faults else 0,
            tenants=self._stage.tenants,
        )
        (self._stage.folder / "plan.json").write_text(plan.model_dump_json())

    def _produce(self) -> None:
        folder = self._stage.folder
        self._producer = self._stage.spawn(
            "scripts.chaos.producer", str(folder), log=folder / "producer.err"
        )

    def _kill_producer(self) -> None:
        assert self._producer
        if self._producer.poll() is None:
            self._producer.kill()
            self._producer.wait()
            self._produce()

    def _end_producer(self) -> None:
        if self._producer and self._producer.poll() is None:
            self._producer.kill()
            self._producer.wait()

    def _storm(self, began: float) -> None:
        """Let every fault happen at its time."""
        for fault in self._schedule:
            self._tick_until(began + fault.at)
            self._order.told(str(fault))
            self._striker.strike(fault)
        self._tick_until(began + self._order.seconds)

    def _tick_until(self, moment: float) -> None:
        while True:
            self._crew.tick()
            self._striker.close_due()
            if time.monotonic() >= moment:
                return
            time.sleep(_TICK)

    def _calm(self) -> None:
        """End every fault, and wait until there is nothing left to do."""
        self._order.told("Calm: every fault ends.")
        self._striker.close_due(everything=True)
        for slot in self._crew.slots:
            self._crew.thaw(slot.number)
        assert self._producer
        deadline = time.monotonic() + self._patience
        while self._producer.poll() is None and time.monotonic() < deadline:
            self._tick()
        if self._producer.poll() != 0:
            self._facts.stuck.append(f"the producer ended {self._producer.poll()}")
        self._drain()

    @property
    def _patience(self) -> float:
        return 60 + self._order.jobs / 100

    def _drain(self) -> None:
        """Wait for every job but those that wait for a person; list those that stay."""
        deadline = time.monotonic() + self._patience
        while self._waiting():
            if time.monotonic() > deadline:
                self._list_stuck()
                return
            self._tick_until(time.monotonic() + 0.1)

    def _waiting(self) -> bool:
        try:
            with self._stage.database.hat("operator") as tx:
                waiting = chaos_books.count_left(tx, but=work.Tick.name).waiting > 0
        except DatabaseAway:
            return True
        return waiting or any(death.again is None for death in self._crew.deaths)

    def _list_stuck(self) -> None:
        with self._stage.database.hat("operator") as tx:
            left = chaos_books.list_left(tx)
        self._facts.stuck += [
            f"job {one.id} ({one.actor}) is {one.state} after {one.attempt} attempts: {one.error}"
            for one in left
            if one.state != "parked" and one.actor != work.Tick.name
        ]

    def _settle_doubts(self) -> None:
        """Be the operator whom the provider's record tells what happened."""
        provider, database = Provider(self._stage.folder), self._stage.database
        while True:
            with database.hat("operator") as tx:
                doubts = effects.list_doubts(tx, tenant_id=None, limit=10_000)
            if not doubts:
                return
            self._facts.doubts += len(doubts)
            for doubt in doubts:
                with database.tenant(doubt.tenant_id) as tx:
                    if provider.knows(doubt.key):
                        effects.prove(tx, doubt.key, job_id=doubt.job_id, token=0,
                                      response={"key": doubt.key})  # fmt: skip
                    else:
                        effects.disown(tx, doubt.key)
                    claims.unpark(tx, effect_key=doubt.key)
            self._drain()

    def _replay(self) -> None:
        """Mend what was broken, and replay every dead letter, twice."""
        self._order.told("Every dead letter is replayed, twice.")
        folder, rounds = self._stage.folder, list[int]()
        self._facts.before_replay = sum(1 for _ in Provider(folder).calls())
        (folder / "mended").touch()
        replayer = Replayer(self._stage)
        try:
            for _ in range(2):
                rounds.append(replayer.round(self._tick))
                self._drain()
                self._settle_doubts()
        except ReplayFailed as error:
            self._facts.stuck.append(str(error))
        finally:
            replayer.close()
        self._facts.replayed = tuple(rounds)

    def _tick(self) -> None:
        self._tick_until(time.monotonic() + _TICK)

    def _report(self, seconds: float) -> Report:
        stage, facts, striker = self._stage, self._facts, self._striker
        facts.deaths, facts.kills = self._crew.deaths, len(self._crew.deaths)
        facts.outages, facts.paused = striker.outages + self._crew.dark, striker.paused
        facts.flushes, facts.flushed = striker.done[Strike.FLUSH], striker.flushed_jobs()
        facts.stuck += [f"a worker ended with exit code {code}" for code in self._crew.odd]
        with stage.database.hat("operator") as tx:
            facts.bytes = chaos_books.size_of_jobs(tx)
        facts.held_rows = chaos.vacuum(stage.owner_url)
        books = read(stage.database, stage.folder, facts, self._sampler.seen, lease=stage.lease)
        struck = {str(strike): striker.done[strike] for strike in Strike if striker.done[strike]}
        struck |= {f"{strike}, in vain": n for strike, n in striker.vain.items()}
        return Report(
            seed=self._order.seed,
            schedule=self._schedule,
            struck=struck,
            figures=figures(books, seconds=seconds),
            verdicts=judge(books),
            folder=str(stage.folder) if self._keep else None,
        )
