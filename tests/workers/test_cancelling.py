"""Cancelling a run or a queue: nothing of it is left, nothing else is touched, and every doubt shows."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from db import Database, claims, effects, jobs
from db.cancellations import Cancelled, Scope
from db.claims import Claim, LeaseLost
from db.jobs import NewJob, Unique
from schemas.enums import EffectClass
from schemas.errors import Transient
from tests.factories import OneShot, Toy, claim, enqueue, pick, session, start, tenant_called
from tests.fix_world import until
from workers import cancelling

Peek = Callable[..., list[tuple[Any, ...]]]
DAY = timedelta(days=1)
RUN = Scope(trace_id="trace-1")  # that of tests.factories.enqueue


def cancel(database: Database, scope: Scope, patience: float = 30) -> Cancelled:
    return cancelling.cancel(
        database, scope, operator="ada", reason="a test", patience=timedelta(seconds=patience)
    )


def begin(database: Database, claimed: Claim, key: str, kind: EffectClass) -> None:
    with database.tenant(claimed.tenant_id) as tx:
        claims.hold(tx, claimed.id, claimed.token)
        assert effects.claim(tx, key, kind, job_id=claimed.id, token=claimed.token)


def queue_other_run(database: Database, tenant: UUID | None, *work: Toy) -> list[int]:
    with database.tenant(tenant, trace_id="trace-2") as tx:
        return jobs.add(tx, [NewJob(job) for job in work])


def left(peek: Peek) -> list[int]:
    return [job_id for (job_id,) in peek("SELECT id FROM outrider.jobs ORDER BY id")]


def test_a_run_ends_in_every_tenant_and_state_and_another_run_goes_on(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    running = start(database, tenant)
    dispatched = enqueue(database, tenant, Toy())
    assert pick(database) == dispatched
    delayed = enqueue(database, tenant, OneShot(), after=DAY)
    elsewhere = [
        *enqueue(database, tenant_called(database, "other"), Toy()), *enqueue(database, None, Toy())
    ]  # fmt: skip
    others = queue_other_run(database, tenant, Toy()) + queue_other_run(database, None, Toy())
    assert cancel(database, RUN) == Cancelled(jobs=5, fenced=1)
    assert left(peek) == sorted(others)
    logged = peek("SELECT job_id FROM outrider.job_log WHERE outcome = 'cancelled' ORDER BY 1")
    assert [job_id for (job_id,) in logged] == sorted(
        [running.id, *dispatched, *delayed, *elsewhere]
    )
    trail = peek("SELECT resource_type, resource_id, operator, reason, details->>'jobs',"
                 " tenant_id IS NULL FROM outrider.audit_logs WHERE action = 'cancel'")  # fmt: skip
    common = ("run", "trace-1", "ada", "a test")
    assert sorted(trail) == [(*common, "1", False), (*common, "1", True), (*common, "3", False)]
    assert cancel(database, RUN) == Cancelled(), "twice is once"
    assert len(peek("SELECT 1 FROM outrider.audit_logs WHERE action = 'cancel'")) == 3


def test_what_ran_is_refused_and_its_call_is_a_doubt(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    claimed, other = start(database, tenant), start(database, tenant)
    begin(database, claimed, "mail", EffectClass.UNREPEATABLE)
    begin(database, claimed, "lookup", EffectClass.REPEATABLE)
    begin(database, claimed, "sent", EffectClass.UNREPEATABLE)
    with database.tenant(tenant) as tx:
        effects.settle(tx, "sent", token=claimed.token, response={"ok": True})
    begin(database, other, "elses", EffectClass.UNREPEATABLE)
    assert cancel(database, Scope(job_id=claimed.id)) == Cancelled(jobs=1, fenced=1, doubts=1)
    with pytest.raises(LeaseLost), database.tenant(tenant) as tx:
        jobs.add(tx, [NewJob(Toy())])
        claims.complete(tx, claimed.id, claimed.token)
    with pytest.raises(LeaseLost):
        begin(database, claimed, "next", EffectClass.UNREPEATABLE)
    assert left(peek) == [other.id]
    assert dict(peek("SELECT key, state::text FROM outrider.effects")) == {
        "mail": "in_doubt", "lookup": "intent", "sent": "done", "elses": "intent",
    }  # fmt: skip
    with database.hat("operator") as tx:
        [doubt] = effects.list_doubts(tx, tenant_id=tenant, limit=9)
    assert doubt.reason == "The job was cancelled while the call was under way."
    with database.tenant(tenant) as tx:  # the answer may still come, and then it is no doubt
        effects.settle(tx, "mail", token=claimed.token, response={"ok": True})
    assert peek("SELECT state::text FROM outrider.effects WHERE key = 'mail'") == [("done",)]


def test_a_parked_job_that_is_cancelled_leaves_its_doubt(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    claimed = start(database, tenant)
    begin(database, claimed, "mail", EffectClass.UNREPEATABLE)
    with database.tenant(tenant) as tx:
        effects.doubt(tx, "mail", token=claimed.token, reason="Nobody knows.")
        claims.park(tx, claimed.id, claimed.token, effect_key="mail", reason="Nobody knows.")
    assert cancel(database, RUN) == Cancelled(jobs=1)
    assert peek("SELECT state::text, reason FROM outrider.effects") == [
        ("in_doubt", "Nobody knows.")
    ]


def test_a_job_that_several_runs_lean_on_ends_with_the_queue_and_not_with_a_run(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    [shared] = enqueue(database, tenant, Toy(), unique=Unique("k", "gather"))
    put_off = Unique("d", "gather", on_conflict="debounce", max_wait=DAY)
    [late] = enqueue(database, tenant, Toy(), unique=put_off)
    newest = Unique("n", "gather", on_conflict="replace")
    enqueue(database, tenant, Toy(), unique=newest)
    [mine] = enqueue(database, tenant, Toy(), unique=Unique("m", "live"))
    assert mine
    assert cancel(database, RUN) == Cancelled(jobs=2)
    assert pick(database) == [shared, late]
    assert claim(database, tenant, shared), "it gave up its key, and is still everybody's"
    assert cancel(database, RUN) == Cancelled()
    assert cancel(database, Scope(tenant_id=tenant)) == Cancelled(jobs=2, fenced=1)
    assert left(peek) == []


def test_a_newer_call_takes_a_job_out_of_a_cancelled_run(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    newest = Unique("n", "live", on_conflict="replace")
    [job_id] = enqueue(database, tenant, Toy(number=1), unique=newest)
    with database.tenant(tenant, trace_id="trace-2") as tx:
        jobs.add(tx, [NewJob(Toy(number=2), newest)])
    assert cancel(database, RUN) == Cancelled()
    assert left(peek) == [job_id]


def test_a_queue_is_one_tenants_and_perhaps_one_actors(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    stranger = tenant_called(database, "stranger")
    running = start(database, tenant)
    enqueue(database, tenant, Toy(), Toy(), after=DAY)
    [one_shot] = enqueue(database, tenant, OneShot())
    [elses] = enqueue(database, stranger, Toy())
    waiting_toys = Scope(tenant_id=tenant, actor="toy.plain", running=False)
    assert cancel(database, waiting_toys) == Cancelled(jobs=2)
    assert left(peek) == [running.id, one_shot, elses]
    assert cancel(database, Scope(tenant_id=tenant)) == Cancelled(jobs=2, fenced=1)
    assert left(peek) == [elses]


def test_a_cancelled_job_frees_its_key_unless_the_key_outlives_jobs(
    database: Database, tenant: UUID
) -> None:
    keys = [Unique("l", "live"), Unique("g", "gather"), Unique("d", "days", 1), Unique("e")]
    for unique in keys:
        enqueue(database, tenant, Toy(), unique=unique)
    assert cancel(database, Scope(tenant_id=tenant)).jobs == 4
    again = [len(enqueue(database, tenant, Toy(), unique=unique)) for unique in keys]
    assert again == [1, 1, 0, 0]


def test_thousands_go_in_batches_each_with_its_line_in_the_trail(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    enqueue(database, tenant, *(Toy(number=n) for n in range(2_300)))
    assert cancel(database, Scope(tenant_id=tenant)).jobs == 2_300
    trail = peek("SELECT (details->>'jobs')::int FROM outrider.audit_logs ORDER BY id")
    assert [jobs for (jobs,) in trail] == [1000, 1000, 300]


def test_a_job_in_somebodys_hands_is_waited_for_and_its_children_are_caught(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    claimed = start(database, tenant)
    with ThreadPoolExecutor(1) as pool:
        with database.tenant(tenant, trace_id="trace-1", job_id=claimed.id) as tx:
            claims.complete(tx, claimed.id, claimed.token)
            cancelled = pool.submit(cancel, database, RUN)
            with pytest.raises(TimeoutError):
                cancelled.result(timeout=0.3)
            jobs.add(tx, [NewJob(Toy(), after=DAY)])
        assert cancelled.result(timeout=10) == Cancelled(jobs=1)
    assert left(peek) == []
    assert peek("SELECT outcome::text FROM outrider.job_log ORDER BY job_id") == [
        ("done",), ("cancelled",),
    ]  # fmt: skip


def test_a_call_that_is_just_being_begun_is_a_doubt_too(database: Database, tenant: UUID) -> None:
    claimed = start(database, tenant)
    with ThreadPoolExecutor(1) as pool:
        with database.tenant(tenant) as tx:
            claims.hold(tx, claimed.id, claimed.token)
            cancelled = pool.submit(cancel, database, RUN)
            with pytest.raises(TimeoutError):
                cancelled.result(timeout=0.3)
            effects.claim(
                tx, "mail", EffectClass.UNREPEATABLE, job_id=claimed.id, token=claimed.token
            )
        assert cancelled.result(timeout=10) == Cancelled(jobs=1, fenced=1, doubts=1)


def test_what_is_held_for_long_is_said(database: Database, tenant: UUID) -> None:
    claimed = start(database, tenant)
    with database.tenant(tenant) as tx:
        claims.hold(tx, claimed.id, claimed.token)
        with pytest.raises(Transient, match="0 jobs were cancelled and others"):
            cancel(database, RUN, patience=0.2)
    assert cancel(database, RUN).jobs == 1


def test_a_run_that_makes_children_as_fast_as_it_can_ends(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    over = threading.Event()

    def work(_: int) -> None:
        owner = session(database)
        while not over.is_set():
            for job_id in pick(database):
                claimed = claim(database, tenant, job_id, session_id=owner)
                if claimed is None:
                    continue
                try:
                    with database.tenant(tenant, trace_id="trace-1", job_id=claimed.id) as tx:
                        claims.complete(tx, claimed.id, claimed.token)
                        jobs.add(tx, [NewJob(Toy()), NewJob(Toy(), after=DAY)])
                except LeaseLost:
                    pass

    enqueue(database, tenant, *(Toy() for _ in range(8)))
    with ThreadPoolExecutor(2) as pool:
        workers = [pool.submit(work, n) for n in range(2)]
        until(lambda: peek("SELECT 1 FROM outrider.job_log LIMIT 1"))
        try:
            done = cancel(database, RUN)
        finally:
            over.set()
        for worker in workers:
            worker.result()
    assert done.jobs >= 8
    assert left(peek) == []


def test_nobody_cancels_everything() -> None:
    with pytest.raises(ValueError, match="Name a job, a run or a tenant"):
        Scope(actor="toy.plain")
