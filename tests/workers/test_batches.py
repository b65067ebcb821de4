"""Several jobs on one ticket: done together, or one after the other, each with its own verdict."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from db import Database, claims
from schemas.base import Job, Value
from schemas.enums import EffectClass, JobOutcome, JobState
from schemas.errors import Permanent, RateLimited
from tests.factories import Toy, enqueue, pick
from tests.fix_world import AT_ONCE, Bench, Said, spec, until
from workers.actor import Spec
from workers.context import Context
from workers.effects import Effect, perform

Work = Callable[[Sequence[Any], Context], None]
LIMIT = timedelta(seconds=10)


def together(work: Work) -> Spec:
    """A batched actor, as the decorator makes one."""

    def alone(job: Job, ctx: Context) -> None:
        work([job], ctx)

    return Spec(Toy, alone, "toys", AT_ONCE, LIMIT, chunk=10, batch=work)


def ticket(bench: Bench, *numbers: int) -> list[int]:
    """Jobs whose ticket has just arrived."""
    ids = enqueue(bench.database, bench.tenant, *[Toy(number=n) for n in numbers])
    assert set(ids) <= set(pick(bench.database))
    return ids


def states(bench: Bench, ids: Sequence[int]) -> list[tuple[JobState | JobOutcome, int]]:
    return [bench.state(job_id) for job_id in ids]


def test_a_batch_is_done_in_one_transaction(bench: Bench, peek: Callable[..., Any]) -> None:
    seen: list[list[int]] = []

    def work(jobs: Sequence[Toy], ctx: Context) -> None:
        assert [claim.payload["number"] for claim in ctx.claims] == [job.number for job in jobs]
        with ctx.finish():
            seen.append([job.number for job in jobs])

    ids = ticket(bench, 1, 2, 3)
    bench.runner.run(together(work), ids, bench.tenant)
    assert seen == [[1, 2, 3]]
    assert states(bench, ids) == [(JobOutcome.DONE, 1)] * 3
    assert peek("SELECT count(DISTINCT xmin::text) FROM outrider.job_log") == [(1,)]


def test_one_bad_job_spoils_only_itself(bench: Bench, said: Said) -> None:
    def work(jobs: Sequence[Toy], ctx: Context) -> None:
        with ctx.finish():
            if any(job.number == 2 for job in jobs):
                raise Permanent("two is no number")

    ids = ticket(bench, 1, 2, 3)
    bench.runner.run(together(work), ids, bench.tenant)
    assert states(bench, ids) == [(JobOutcome.DONE, 1), (JobOutcome.DEAD, 1), (JobOutcome.DONE, 1)]
    assert [entry["jobs"] for entry in said if entry["event"] == "batch.split"] == [3]


def test_jobs_of_a_batch_that_was_split_have_their_time_anew(
    bench: Bench, peek: Callable[..., Any]
) -> None:
    left: list[int] = []

    def work(jobs: Sequence[Toy], ctx: Context) -> None:
        if len(jobs) > 1:
            peek("UPDATE outrider.jobs SET deadline_at = clock_timestamp()")
            raise KeyError("too slow together")
        [(seconds,)] = peek("SELECT extract(epoch FROM deadline_at - clock_timestamp())::integer"
                            " FROM outrider.jobs WHERE id = %s", ctx.claim.id)  # fmt: skip
        left.append(seconds)

    bench.runner.run(together(work), ticket(bench, 1, 2, 3), bench.tenant)
    assert [round(seconds, -1) for seconds in left] == [20, 30, 40]


def test_a_payload_that_does_not_parse_spoils_only_itself(
    bench: Bench, peek: Callable[..., Any]
) -> None:
    ids = ticket(bench, 1, 2)
    peek('UPDATE outrider.jobs SET payload = \'{"number": "x"}\' WHERE id = %s', ids[0])
    bench.runner.run(together(lambda _jobs, _ctx: None), ids, bench.tenant)
    assert states(bench, ids) == [(JobOutcome.DEAD, 1), (JobOutcome.DONE, 1)]


def test_a_limit_puts_the_whole_batch_off_without_asking_again_for_each(bench: Bench) -> None:
    asked: list[int] = []

    def work(jobs: Sequence[Toy], _ctx: Context) -> None:
        asked.append(len(jobs))
        raise RateLimited("later", retry_after=timedelta(minutes=1))

    ids = ticket(bench, 1, 2)
    bench.runner.run(together(work), ids, bench.tenant)
    assert asked == [2]
    assert states(bench, ids) == [(JobState.DELAYED, 0)] * 2


def test_a_batch_that_lost_one_of_its_jobs_commits_nothing_and_goes_on_with_the_rest(
    bench: Bench, peek: Callable[..., Any]
) -> None:
    done: list[list[int]] = []

    def work(jobs: Sequence[Toy], ctx: Context) -> None:
        peek("DELETE FROM outrider.jobs WHERE payload ->> 'number' = '2'")
        with ctx.finish():
            done.append([job.number for job in jobs])

    ids = ticket(bench, 1, 2, 3)
    bench.runner.run(together(work), ids, bench.tenant)
    assert done == [[1], [3]]
    assert states(bench, [ids[0], ids[2]]) == [(JobOutcome.DONE, 1)] * 2
    assert bench.runner.running == {}


def test_a_batch_makes_no_calls_and_its_jobs_make_them_one_by_one(bench: Bench) -> None:
    class Answer(Value):
        """What the outside world says."""

    called: list[int] = []

    def work(jobs: Sequence[Toy], ctx: Context) -> None:
        def call() -> Answer:
            called.append(jobs[0].number)
            return Answer()

        key = f"call:{jobs[0].number}"
        perform(ctx, Effect(key, EffectClass.UNREPEATABLE, Answer, call))

    ids = ticket(bench, 1, 2)
    bench.runner.run(together(work), ids, bench.tenant)
    assert called == [1, 2]
    assert states(bench, ids) == [(JobOutcome.DONE, 1)] * 2


def test_what_follows_a_commit_is_not_done_again(bench: Bench, said: Said) -> None:
    def work(_jobs: Sequence[Toy], ctx: Context) -> None:
        with ctx.finish():
            pass
        raise KeyError("after the commit")

    ids = ticket(bench, 1, 2)
    bench.runner.run(together(work), ids, bench.tenant)
    assert states(bench, ids) == [(JobOutcome.DONE, 1)] * 2
    assert any(entry["event"] == "job.tail_failed" for entry in said)


def test_jobs_that_wrote_nothing_are_completed_in_one_transaction(
    bench: Bench, peek: Callable[..., Any]
) -> None:
    ids = ticket(bench, 1, 2, 3)
    bench.runner.run(spec(Toy, lambda _job, _ctx: None), ids, bench.tenant)
    assert states(bench, ids) == [(JobOutcome.DONE, 1)] * 3
    assert peek("SELECT count(DISTINCT xmin::text) FROM outrider.job_log") == [(1,)]


def test_jobs_on_one_ticket_fail_each_for_itself(bench: Bench) -> None:
    def handler(job: Toy, _ctx: Context) -> None:
        if job.number == 2:
            raise Permanent("two is no number")

    ids = ticket(bench, 1, 2, 3)
    bench.runner.run(spec(Toy, handler), ids, bench.tenant)
    assert states(bench, ids) == [(JobOutcome.DONE, 1), (JobOutcome.DEAD, 1), (JobOutcome.DONE, 1)]


def test_a_stopping_process_ends_the_job_in_hand_and_gives_the_rest_of_the_ticket_back(
    bench: Bench,
) -> None:
    def handler(job: Toy, _ctx: Context) -> None:
        if job.number == 2:
            bench.runner.stopping.set()

    ids = ticket(bench, 1, 2, 3, 4)
    bench.runner.run(spec(Toy, handler), ids, bench.tenant)
    assert states(bench, ids)[:2] == [(JobOutcome.DONE, 1)] * 2
    assert states(bench, ids)[2:] == [(JobState.DELAYED, 0)] * 2


def test_a_thread_that_dies_gives_back_what_it_had_not_begun(bench: Bench) -> None:
    class Crash(BaseException):
        """Nobody's error."""

    def handler(job: Toy, _ctx: Context) -> None:
        if job.number == 1:
            raise Crash

    ids = ticket(bench, 1, 2)
    with pytest.raises(Crash):
        bench.runner.run(spec(Toy, handler), ids, bench.tenant)
    assert states(bench, ids) == [(JobState.RUNNING, 1), (JobState.DELAYED, 0)]
    assert bench.runner.running == {}


def test_a_job_that_others_overtook_while_it_waited_on_the_ticket_is_fenced(
    bench: Bench, database: Database, tenant: UUID
) -> None:
    def handler(job: Toy, _ctx: Context) -> None:
        if job.number == 1:
            with database.tenant(tenant) as tx:
                held = next(c for c in bench.runner.running.values() if c.id == ids[1])
                claims.release(tx, held.id, held.token, after=timedelta(0), error="swept")

    ids = ticket(bench, 1, 2)
    bench.runner.run(spec(Toy, handler), ids, bench.tenant)
    assert states(bench, ids) == [(JobOutcome.DONE, 1), (JobState.DELAYED, 0)]


def test_a_fleet_carries_many_jobs_on_few_tickets(
    fleet: Callable[..., Any], database: Database, tenant: UUID, peek: Callable[..., Any]
) -> None:
    sizes: list[int] = []

    def work(jobs: Sequence[Toy], _ctx: Context) -> None:
        sizes.append(len(jobs))

    ids = enqueue(database, tenant, *[Toy(number=n) for n in range(40)])
    fleet([together(work)], threads=2)
    until(lambda: peek("SELECT count(*) FROM outrider.job_log") == [(40,)])
    assert sum(sizes) == len(ids)
    assert max(sizes) == 10
