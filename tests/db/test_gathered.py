"""Many occurrences, one job: whatever commits before the job starts, the job sees."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from db import Database, claims, jobs
from db.jobs import NewJob, Unique
from schemas.enums import JobState
from tests.factories import Toy, claim, pick, promote, start, tenant_called
from tests.fix_world import until

Peek = Callable[..., list[tuple[Any, ...]]]
GATHER = Unique("toy", scope="gather")


def gather(database: Database, tenant: UUID, after: timedelta = timedelta(0)) -> list[int]:
    with database.tenant(tenant) as tx:
        return jobs.add(tx, [NewJob(Toy(), GATHER, after)])


def test_occurrences_share_a_job_until_it_starts(database: Database, tenant: UUID) -> None:
    [first] = gather(database, tenant)
    assert gather(database, tenant) == []
    assert pick(database) == [first]
    assert gather(database, tenant) == [], "on its way is not started"
    assert claim(database, tenant, first)
    [second] = gather(database, tenant)
    assert second != first


def test_each_tenant_gathers_for_itself(database: Database, tenant: UUID) -> None:
    assert gather(database, tenant)
    assert gather(database, tenant_called(database, "other"))


def test_a_job_cannot_start_before_what_leans_on_it_has_committed(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    [first] = gather(database, tenant)
    assert pick(database) == [first]
    with ThreadPoolExecutor(1) as pool:
        with database.tenant(tenant) as tx:
            assert jobs.add(tx, [NewJob(Toy(), GATHER)]) == []
            started = pool.submit(claim, database, tenant, first)
            waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            until(lambda: peek(waits))
            assert not started.done()
        assert started.result(timeout=5), "and then it starts"


def test_nobody_leans_on_a_job_that_is_late_so_that_it_can_start(
    database: Database, tenant: UUID, later: Callable[[timedelta], None]
) -> None:
    [first] = gather(database, tenant)
    later(timedelta(seconds=5))
    with database.tenant(tenant) as tx:
        [second] = jobs.add(tx, [NewJob(Toy(), GATHER)])
        assert pick(database) == [first], "although what was just added is not committed"
        assert claim(database, tenant, first)
    assert gather(database, tenant) != [second], "the first key is free again"
    assert second in pick(database)


def test_while_nobody_works_there_are_two_jobs_at_most(
    database: Database, tenant: UUID, later: Callable[[timedelta], None], peek: Peek
) -> None:
    for _ in range(6):
        gather(database, tenant)
        later(timedelta(seconds=5))
    assert peek("SELECT count(*) FROM outrider.jobs") == [(2,)]


def test_several_may_lean_on_a_job_at_once(database: Database, tenant: UUID) -> None:
    gather(database, tenant)
    with database.tenant(tenant) as one, database.tenant(tenant) as other:
        assert jobs.add(one, [NewJob(Toy(), GATHER)]) == []
        assert jobs.add(other, [NewJob(Toy(), GATHER)]) == []


def test_a_gathering_job_that_failed_does_not_gather_any_more(
    database: Database, tenant: UUID
) -> None:
    [first] = gather(database, tenant)
    pick(database)
    claimed = claim(database, tenant, first)
    assert claimed
    with database.tenant(tenant) as tx:
        claims.retry(tx, claimed.id, claimed.token, after=timedelta(hours=1), error="e")
    assert gather(database, tenant), "or the wait would be the backoff's"


@pytest.mark.parametrize("days", [1, 40])
def test_a_job_may_wait_for_a_moment(
    database: Database, tenant: UUID, at: Callable[[datetime], None], days: int
) -> None:
    at(datetime(2031, 3, 1, 12, tzinfo=UTC))
    moment = datetime(2031, 3, 1, 12, tzinfo=UTC) + timedelta(days=days)
    with database.tenant(tenant) as tx:
        [job_id] = jobs.add(tx, [NewJob(Toy(), due_at=moment)])
        row = jobs.find(tx, job_id)
    assert row
    assert (row.state, row.due_at) == (JobState.DELAYED, moment)
    assert promote(database) == 0
    at(moment)
    assert promote(database) == 1


def test_a_moment_that_has_passed_is_now(database: Database, tenant: UUID) -> None:
    with database.tenant(tenant) as tx:
        [job_id] = jobs.add(tx, [NewJob(Toy(), due_at=datetime(2001, 1, 1, tzinfo=UTC))])
        row = jobs.find(tx, job_id)
    assert row
    assert row.state is JobState.READY


def test_a_live_key_lasts_while_the_job_runs(database: Database, tenant: UUID) -> None:
    start(database, tenant)
    with database.tenant(tenant) as tx:
        [job_id] = jobs.add(tx, [NewJob(Toy(), Unique("live", scope="live"))])
    pick(database)
    claim(database, tenant, job_id)
    with database.tenant(tenant) as tx:
        assert jobs.add(tx, [NewJob(Toy(), Unique("live", scope="live"))]) == []
