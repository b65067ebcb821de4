"""What a chaos run will do follows from its seed, and its producer's log lacks nothing and doubles nothing."""

from collections import Counter
from pathlib import Path
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from db import Database, chaos, job_log, jobs, tenants
from scripts.chaos.plan import TENANTS, Plan, Planner
from scripts.chaos.producer import Producer, read_log
from scripts.chaos.schedule import Strike, draw
from workers.faults import POINTS

NOBODY: dict[str, UUID] = {slug: uuid4() for slug in TENANTS}


def plan(seed: int, jobs: int = 300, ids: dict[str, UUID] = NOBODY) -> Plan:
    return Plan(seed=seed, jobs=jobs, seconds=1, lease=2, killers=1, tenants=ids)


@given(st.integers(0, 10_000), st.floats(12, 1800))
def test_the_same_seed_gives_the_same_schedule_with_every_fault_in_it(
    seed: int, seconds: float
) -> None:
    faults = draw(seed=seed, seconds=seconds, workers=3, lease=5)
    assert faults == draw(seed=seed, seconds=seconds, workers=3, lease=5)
    assert {fault.strike for fault in faults} == set(Strike)
    assert {fault.point.partition("@")[0] for fault in faults} - {""} == set(POINTS)
    assert [fault.at for fault in faults] == sorted(fault.at for fault in faults)
    assert all(1 <= fault.at <= seconds * 7 / 8 + 0.01 for fault in faults)


def test_another_seed_gives_another_schedule() -> None:
    drawn = [draw(seed=seed, seconds=60, workers=3, lease=5) for seed in range(20)]
    assert len({tuple(map(str, faults)) for faults in drawn}) == len(drawn)


@given(st.integers(0, 10_000))
def test_the_same_seed_gives_the_same_jobs_each_with_numbers_of_its_own(seed: int) -> None:
    batches = list(Planner(plan(seed)).batches())
    assert batches == list(Planner(plan(seed)).batches())
    numbers = [wish.job.number for batch in batches for wish in batch.wishes]
    assert len(numbers) == len(set(numbers))
    chains = {chain for batch in batches for chain in batch.chains}
    assert {chain for batch in batches for chain in batch.stops} <= chains


def test_a_producer_that_dies_after_a_commit_writes_it_down_when_it_comes_back(
    database: Database, owner_dsn: str, tmp_path: Path
) -> None:
    chaos.prepare(owner_dsn)
    with database.hat("operator") as tx:
        ids = {slug: tenants.add(tx, name=slug, slug=slug).id for slug in TENANTS}
    Producer(plan(7, ids=ids), database, tmp_path).run()
    whole = read_log(tmp_path)
    log = tmp_path / "producer.log"
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:-3]))
    Producer(plan(7, ids=ids), database, tmp_path).run()
    healed = read_log(tmp_path)
    assert [(e.nth, e.made, e.withdrawn) for e in healed] == [
        (e.nth, e.made, e.withdrawn) for e in whole
    ]
    assert [entry.at for entry in healed[-3:]] == [None] * 3
    made = Counter(job for entry in healed for ids in entry.made.values() for job in ids)
    with database.hat("operator") as tx:
        cancelled = sum(line.jobs for line in job_log.count(tx))
        left = jobs.count_open(tx)
    assert set(made.values()) == {1}
    assert len(made) == left + cancelled
