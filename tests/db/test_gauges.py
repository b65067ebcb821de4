"""The metrics page of a fleet: what it counts is there, and what it cannot reach is said."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from db import Database, claims, dead, effects, fleet_views, gauges, pauses
from schemas.enums import EffectClass, JobState
from telemetry import metrics
from telemetry.fleet_gauges import FLEET, PROCESS
from tests.factories import Toy, claim, enqueue, pick, session, start, tenant_called

Peek = Callable[..., list[tuple[Any, ...]]]


def scrape(database: Database) -> dict[tuple[str, ...], float]:
    """Every sample of the fleet, by its name and label values, through the official parser."""
    registry = CollectorRegistry()
    metrics.watch(lambda: gauges.read(database), registry)
    page = metrics.exposition(registry).decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def test_every_gauge_of_the_fleet_has_a_reading_somewhere(
    database: Database, tenant: UUID, peek: Peek, sick: list[str]
) -> None:
    doubt_about(database, tenant)
    die(database, tenant, "abc")
    enqueue(database, tenant, Toy(), after=timedelta(days=1))
    peek(
        "INSERT INTO outrider.schedules (name, actor, cron, next_at) "
        "VALUES ('nightly', 'x', '0 3 * * *', outrider.now() - interval '90 s')"
    )
    found = scrape(database)
    missing = {gauge.name for gauge in (*PROCESS, *FLEET)} - {name for name, *_ in found}
    # Nobody else is in this database, and none of its days is over.
    assert missing <= {"outrider_oldest_transaction_seconds", "outrider_history_oldest_seconds"}
    assert found["outrider_dead_letters", "toy.plain", "ValueError", "abc"] == 1
    assert found["outrider_dead_open",] == 1
    assert found["outrider_doubts", "toy"] == 1
    assert found["outrider_queue_depth", "toy.plain", "delayed"] == 1
    assert found["outrider_queue_oldest_seconds", "toy.plain", "delayed"] == 0
    assert 90 <= found["outrider_cron_overdue_seconds", "nightly"] < 120


def test_a_database_that_is_away_is_a_zero_and_not_a_failed_scrape() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none", patience=0.2)
    database.open()
    try:
        found = scrape(database)
    finally:
        database.close()
    assert found["outrider_database_up",] == 0
    assert {name for name, *_ in found} == {"outrider_database_up", "outrider_pool_connections"}


def test_a_wait_that_was_wanted_makes_no_job_old(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    enqueue(database, tenant, Toy())
    peek("UPDATE outrider.jobs SET enqueued_at = enqueued_at - interval '3 days'")
    assert depth(database, JobState.READY).oldest_seconds < 5
    peek("UPDATE outrider.jobs SET due_at = due_at - interval '1 hour'")
    assert 3600 <= depth(database, JobState.READY).oldest_seconds < 3700


def test_work_in_hand_is_counted_by_state_and_its_threads_are_named(
    database: Database, tenant: UUID
) -> None:
    first, second, _ = enqueue(database, tenant, Toy(), Toy(), Toy())
    assert pick(database, window=2) == [first, second]
    live = session(database, "toy.plain", threads=3)
    assert claim(database, tenant, first, session_id=live)
    with database.hat("operator") as tx:
        found = {d.state: (d.jobs, d.threads) for d in fleet_views.depth(tx)}
        [process] = [s for s in fleet_views.sessions(tx) if s.id == live]
    assert found == {
        JobState.READY: (1, 3), JobState.DISPATCHED: (1, 3), JobState.RUNNING: (1, 3)
    }  # fmt: skip
    assert (process.running, process.threads) == (1, 3)
    assert process.silent_seconds < 5


def test_many_delayed_jobs_are_estimated_and_not_counted(
    owner_dsn: str, database: Database, tenant: UUID, sick: list[str]
) -> None:
    with psycopg.connect(owner_dsn, autocommit=True) as conn:
        conn.execute(
            "INSERT INTO outrider.jobs (tenant_id, actor, payload, max_attempts, state, due_at) "
            "SELECT %s, 'toy.plain', '{}', 1, 'delayed', now() + n * interval '1 min' "
            "FROM generate_series(1, 30000) n",
            (tenant,),
        )
        conn.execute("ANALYZE outrider.jobs")
    found = depth(database, JobState.DELAYED)
    assert found.estimated
    assert 27_000 <= found.jobs <= 33_000


def test_the_lag_is_that_of_work_which_nothing_holds_back(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    [first] = enqueue(database, tenant, Toy())
    assert pick(database) == [first]  # makes the lane known
    enqueue(database, tenant, Toy())
    peek("UPDATE outrider.jobs SET enqueued_at = enqueued_at - interval '1 min', due_at = due_at - interval '1 min'")  # fmt: skip
    assert lag(database) == 0  # nobody serves it
    live = session(database, "toy.plain", threads=1)
    assert lag(database) == 0  # the only thread is busy
    peek("UPDATE outrider.sessions SET threads = 2 WHERE id = %s", live)
    assert 60 <= lag(database) < 120
    with database.hat("operator") as tx:
        pauses.add(tx, tenant_id=tenant, actor=None, reason="r", by="p")
    assert lag(database) == 0  # somebody wants it to wait


def test_a_lane_is_told_by_its_state_and_never_by_its_tenant_or_key(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    for owner in (tenant, tenant_called(database, "beta")):
        enqueue(database, owner, Toy())
    pick(database, window=1)
    peek("UPDATE outrider.lanes SET blocked_until = clock_timestamp() + interval '1 h', blocked_because = 'r' WHERE tenant_id = %s", tenant)  # fmt: skip
    found = scrape(database)
    assert {key[1:]: n for key, n in found.items() if key[0] == "outrider_lanes"} == {
        ("toy.plain", "blocked"): 1, ("toy.plain", "open"): 1}  # fmt: skip
    with database.hat("operator") as tx:
        first = fleet_views.lanes(tx, limit=10)[0]
    assert (first.state, first.tenant, first.blocked_because) == ("blocked", "acme", "r")


def test_only_the_most_frequent_kinds_of_death_become_series(
    database: Database, tenant: UUID
) -> None:
    for number in range(22):
        die(database, tenant, f"kind-{number:02d}")
    die(database, tenant, "kind-21")
    found = {key[3]: n for key, n in scrape(database).items() if key[0] == "outrider_dead_letters"}
    assert len(found) == 20
    assert found["kind-21"] == 2


def depth(database: Database, state: JobState) -> fleet_views.Depth:
    with database.hat("operator") as tx:
        [found] = [d for d in fleet_views.depth(tx) if d.state is state]
    return found


def lag(database: Database) -> float:
    with database.hat("operator") as tx:
        return fleet_views.lag(tx).pickable_seconds


def die(database: Database, tenant: UUID, fingerprint: str) -> None:
    claimed = start(database, tenant)
    with database.tenant(tenant) as tx:
        dead.bury(tx, claimed.id, claimed.token, error_class="ValueError", message="m",
                  fingerprint=fingerprint)  # fmt: skip


def doubt_about(database: Database, tenant: UUID) -> None:
    claimed = start(database, tenant)
    with database.tenant(tenant) as tx:
        effects.claim(tx, "toy:1", EffectClass.UNREPEATABLE, job_id=claimed.id, token=claimed.token)
        effects.doubt(tx, "toy:1", token=claimed.token, reason="no answer")
        claims.park(tx, claimed.id, claimed.token, effect_key="toy:1", reason="no answer")
