"""Enqueue, claim, and the ways out of `running`: what the tables promise to everything above them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest

from db import Database, claims, dead, effects, jobs
from db.claims import Claim, LeaseLost
from db.jobs import NewJob, Unique
from schemas.enums import EffectClass, JobState
from tests.factories import (
    OneShot,
    Toy,
    claim,
    enqueue,
    pick,
    promote,
    run_again,
    session,
    start,
    sweep,
    tenant_called,
)  # fmt: skip

Peek = Callable[..., list[tuple[Any, ...]]]
HOUR = timedelta(hours=1)


class Halt(Exception):
    """What a caller's own failure looks like."""


def state_of(database: Database, tenant_id: UUID | None, job_id: int) -> JobState | None:
    with database.tenant(tenant_id) as tx:
        row = jobs.find(tx, job_id)
    return row.state if row else None


def test_a_job_commits_and_rolls_back_with_its_caller(database: Database, tenant: UUID) -> None:
    with pytest.raises(Halt), database.tenant(tenant) as tx:
        assert jobs.add(tx, [NewJob(Toy(), Unique("k"))])
        raise Halt
    assert pick(database) == []
    assert len(enqueue(database, tenant, Toy(), unique=Unique("k"))) == 1


def test_thousands_of_jobs_are_one_statement(database: Database, tenant: UUID) -> None:
    with database.tenant(tenant) as tx:
        ids = jobs.add(tx, [NewJob(Toy(number=n), Unique(f"k{n}")) for n in range(5_000)])
        assert len(set(ids)) == 5_000
        assert tx.value("SELECT count(DISTINCT xmin::text) FROM outrider.jobs") == 1
        assert tx.rings == {"toy.plain"}
    assert ids == sorted(ids)


def test_no_job_is_no_statement(database: Database, tenant: UUID) -> None:
    with database.tenant(tenant) as tx:
        assert jobs.add(tx, []) == []


@pytest.mark.parametrize(
    "unique", [Unique("k", "live"), Unique("k", "days", 3), Unique("k", "ever")]
)
def test_a_key_makes_one_job_even_within_one_call(
    database: Database, tenant: UUID, unique: Unique
) -> None:
    assert len(enqueue(database, tenant, Toy(), Toy(), Toy(), unique=unique)) == 1
    assert enqueue(database, tenant, Toy(), unique=unique) == []
    stranger = tenant_called(database, "stranger")
    assert len(enqueue(database, stranger, Toy(), unique=unique)) == 1
    assert len(enqueue(database, None, Toy(), Toy(), unique=unique)) == 1


@pytest.mark.parametrize(("scope", "again"), [("live", 1), ("days", 0), ("ever", 0)])
def test_a_finished_job_frees_its_key_only_when_the_key_was_its_life(
    database: Database, tenant: UUID, scope: jobs.Scope, again: int
) -> None:
    unique = Unique("k", scope, 3 if scope == "days" else None)
    [job_id] = enqueue(database, tenant, Toy(), unique=unique)
    with database.tenant(tenant) as tx:
        assert jobs.cancel(tx, job_id)
    assert len(enqueue(database, tenant, Toy(), unique=unique)) == again


def test_a_key_for_days_is_free_after_them_also_before_it_is_pruned(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    unique = Unique("k", "days", 3)
    enqueue(database, tenant, Toy(), unique=unique)
    peek("UPDATE outrider.job_keys SET expires_at = clock_timestamp() - interval '1 second'")
    assert len(enqueue(database, tenant, Toy(), Toy(), unique=unique)) == 1
    assert enqueue(database, tenant, Toy(), unique=unique) == []
    [(left,)] = peek("SELECT expires_at - clock_timestamp() FROM outrider.job_keys")
    assert left > timedelta(days=2)


@pytest.mark.parametrize("scope", ["live", "ever"])
def test_two_sessions_that_race_for_a_key_make_one_job(
    database: Database, tenant: UUID, scope: jobs.Scope
) -> None:
    at_once = Barrier(6)

    def race(_: int) -> list[int]:
        at_once.wait()
        return enqueue(database, tenant, Toy(), unique=Unique("k", scope))

    with ThreadPoolExecutor(6) as pool:
        assert sum(map(len, pool.map(race, range(6)))) == 1


def test_a_key_whose_first_owner_rolled_back_is_free(database: Database, tenant: UUID) -> None:
    held, go = Barrier(2), Barrier(2)

    def fail() -> None:
        with pytest.raises(Halt), database.tenant(tenant) as tx:
            jobs.add(tx, [NewJob(Toy(), Unique("k"))])
            held.wait()
            go.wait()
            raise Halt

    with ThreadPoolExecutor(2) as pool:
        failing = pool.submit(fail)
        held.wait()
        second = pool.submit(enqueue, database, tenant, Toy(), unique=Unique("k"))
        go.wait()
        failing.result()
        assert len(second.result()) == 1


def test_of_eight_claims_at_once_one_wins(database: Database, tenant: UUID) -> None:
    [job_id] = enqueue(database, tenant, Toy())
    pick(database)
    at_once = Barrier(8)

    def race(_: int) -> Claim | None:
        at_once.wait()
        return claim(database, tenant, job_id, session_id=session(database))

    with ThreadPoolExecutor(8) as pool:
        won = [c for c in pool.map(race, range(8)) if c]
    assert [c.attempt for c in won] == [1]


def test_only_a_dispatched_job_can_be_claimed(database: Database, tenant: UUID) -> None:
    [job_id] = enqueue(database, tenant, Toy())
    assert claim(database, tenant, job_id) is None
    assert claim(database, tenant, 10**9) is None


def test_an_attempt_counts_from_the_claim_and_every_claim_has_a_new_token(
    database: Database, tenant: UUID
) -> None:
    first = start(database, tenant)
    assert sweep(database, lease=timedelta(0)).recovered == 1  # its process fell silent
    second = run_again(database, first)
    assert (first.attempt, second.attempt) == (1, 2)
    assert second.token != first.token


def _complete(tx: Any, c: Claim) -> None:
    claims.complete(tx, c.id, c.token)


def _retry(tx: Any, c: Claim) -> None:
    claims.retry(tx, c.id, c.token, after=HOUR, error="x")


def _release(tx: Any, c: Claim) -> None:
    claims.release(tx, c.id, c.token, after=HOUR, error="x")


def _park(tx: Any, c: Claim) -> None:
    claims.park(tx, c.id, c.token, effect_key="k", reason="x")


def _bury(tx: Any, c: Claim) -> None:
    dead.bury(tx, c.id, c.token, error_class="X", message="x", fingerprint="x")


def _settle(tx: Any, c: Claim) -> None:
    effects.settle(tx, "k", token=c.token, response={"stale": True})


def test_only_an_expired_key_can_be_rewritten(database: Database, tenant: UUID) -> None:
    enqueue(database, tenant, Toy(), unique=Unique("k", "ever"))
    enqueue(database, tenant, Toy(), unique=Unique("d", "days", 1))
    with database.tenant(tenant) as tx:
        assert tx.run("UPDATE outrider.job_keys SET job_id = 0") == 0


WAYS_OUT: list[Callable[[Any, Claim], None]] = [_complete, _retry, _release, _park, _bury, _settle]


@pytest.mark.parametrize("way_out", WAYS_OUT)
def test_a_stale_token_commits_nothing(
    database: Database, tenant: UUID, way_out: Callable[[Any, Claim], None]
) -> None:
    stale = start(database, tenant)
    with database.tenant(tenant) as tx:
        effects.claim(tx, "k", EffectClass.REPEATABLE, job_id=stale.id, token=stale.token)
    sweep(database, lease=timedelta(0))
    fresh = run_again(database, stale)
    with database.tenant(tenant) as tx:
        effects.take_over(tx, "k", job_id=fresh.id, token=fresh.token)
    with pytest.raises(LeaseLost), database.tenant(tenant) as tx:
        jobs.add(tx, [NewJob(OneShot())])  # whatever else the stale attempt wanted to say
        way_out(tx, stale)
    assert state_of(database, tenant, stale.id) is JobState.RUNNING
    assert pick(database) == []
    with database.tenant(tenant) as tx:
        assert effects.list_all(tx)[0].response is None
        effects.settle(tx, "k", token=fresh.token, response={})
        claims.complete(tx, fresh.id, fresh.token)


def test_backoff_waits_on_the_real_clock_and_a_due_time_on_the_business_clock(
    database: Database, tenant: UUID, later: Callable[[timedelta], None]
) -> None:
    waiting = enqueue(database, tenant, Toy(), after=HOUR)
    running = start(database, tenant)
    with database.tenant(tenant) as tx:
        _retry(tx, running)
    assert promote(database) == 0
    later(2 * HOUR)
    assert promote(database) == 1
    assert pick(database) == waiting
    assert state_of(database, tenant, running.id) is JobState.DELAYED


@pytest.mark.parametrize("microseconds", [1, 99, 10**15])
def test_a_wait_may_be_as_short_or_long_as_one_likes(
    database: Database, tenant: UUID, peek: Peek, microseconds: int
) -> None:
    enqueue(database, tenant, Toy(), after=timedelta(microseconds=microseconds))
    [(state,)] = peek("SELECT state FROM outrider.jobs")
    assert state == "delayed"


def test_a_due_time_is_met_to_the_second_of_a_frozen_clock(
    database: Database, tenant: UUID, at: Callable[[datetime], None]
) -> None:
    noon = datetime(2031, 3, 30, 12, tzinfo=UTC)
    at(noon)
    enqueue(database, tenant, Toy(), after=timedelta(days=3))
    at(noon + timedelta(days=3, seconds=-1))
    assert promote(database) == 0
    at(noon + timedelta(days=3))
    assert promote(database) == 1
