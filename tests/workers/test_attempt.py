"""Every way an attempt can end: state, attempts, log line, metric, dead letter."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from dramatiq.middleware import TimeLimitExceeded

from db import Database, dead, jobs
from db.claims import LeaseLost
from schemas.enums import JobOutcome, JobState
from schemas.errors import NoSuchRow, Permanent, Poison, RateLimited, Transient
from schemas.events import LeadEnriched
from telemetry import metrics
from tests.factories import OneShot, Toy, pick, run_again, sweep
from tests.fix_world import Bench, Said, spec
from workers.context import Context

Peek = Callable[..., list[tuple[Any, ...]]]


def failing(error: BaseException, job: type[Toy] = Toy) -> Any:
    def handler(_job: Toy, _ctx: Context) -> None:
        raise error

    return spec(job, handler)


def verdicts(actor: str, outcome: str) -> float:
    return metrics.JOBS.labels(actor, outcome)._value.get()


# error, state after the first attempt, attempts counted, outcome in log and metric, level
VERDICTS: list[tuple[BaseException, JobState | JobOutcome, int, str, str]] = [
    (Transient("hiccup"), JobState.DELAYED, 1, "failed", "warning"),
    (RateLimited("slow down", retry_after=timedelta(hours=1)), JobState.DELAYED, 0, "postponed", "info"),
    (Permanent("never"), JobOutcome.DEAD, 1, "dead", "error"),
    (Poison("nonsense"), JobOutcome.DEAD, 1, "dead", "error"),
    (NoSuchRow("lead", 3), JobOutcome.DEAD, 1, "dead", "error"),
    (ZeroDivisionError("a bug"), JobState.DELAYED, 1, "failed", "warning"),
    (TimeLimitExceeded("too slow"), JobState.DELAYED, 1, "failed", "warning"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "state", "attempts", "outcome", "level"), VERDICTS)
def test_an_error_decides_what_becomes_of_the_job(
    bench: Bench, said: Said, error: BaseException, state: JobState | JobOutcome, attempts: int,
    outcome: str, level: str,
) -> None:  # fmt: skip
    before = verdicts("toy.plain", outcome)
    job_id = bench.do(failing(error))
    assert bench.state(job_id) == (state, attempts)
    assert verdicts("toy.plain", outcome) == before + 1
    [line] = [line for line in said if line["event"].startswith("job.")]
    assert (line["event"], line["log_level"]) == (f"job.{outcome}", level)
    assert (line["job_id"], line["actor"], line["trace_id"]) == (job_id, "toy.plain", "trace-1")
    assert line["error"] == type(error).__name__
    assert bench.runner.running == {}


@pytest.mark.system(69)
@pytest.mark.parametrize("error", [Transient("hiccup"), ZeroDivisionError("bug"),
                                   TimeLimitExceeded("slow")])  # fmt: skip
def test_the_last_attempt_ends_in_the_dead_letters(
    bench: Bench, database: Database, error: BaseException
) -> None:
    job_id = bench.do(failing(error, OneShot))
    assert bench.state(job_id) == (JobOutcome.DEAD, 1)
    with database.hat("operator") as tx:
        [letter] = dead.list_letters(tx, dead.Which(status="open"), limit=5)
    assert (letter.job_id, letter.error_class) == (job_id, type(error).__name__)
    assert letter.error_message == str(error)


def test_a_rate_limit_says_when_to_come_back(bench: Bench, peek: Peek) -> None:
    bench.do(failing(RateLimited("later", retry_after=timedelta(hours=1))))
    [(wait,)] = peek("SELECT retry_at - clock_timestamp() FROM outrider.jobs")
    assert timedelta(minutes=59) < wait <= timedelta(hours=1.25), "never early, and not all at once"


def test_success_is_one_line_and_nothing_else(bench: Bench, said: Said) -> None:
    job_id = bench.do(spec(Toy, lambda _job, _ctx: None))
    assert bench.state(job_id) == (JobOutcome.DONE, 1)
    [line] = said
    assert (line["event"], line["attempt"]) == ("job.done", 1)
    assert {"ms", "wait_ms", "tenant_id"} <= line.keys()


@pytest.mark.system(69)
@pytest.mark.parametrize("payload", ['{"number": "many"}', '{"unknown": 1}', "[]", "null"])
def test_a_payload_that_no_longer_validates_becomes_a_dead_letter(
    bench: Bench, database: Database, peek: Peek, payload: str
) -> None:
    job_id = bench.queue(Toy())
    peek("UPDATE outrider.jobs SET payload = %s::jsonb", payload)
    bench.attempt(spec(Toy, lambda _job, _ctx: None), job_id)
    assert bench.state(job_id) == (JobOutcome.DEAD, 1)
    with database.hat("operator") as tx:
        [letter] = dead.list_letters(tx, dead.Which(), limit=5)
    assert letter.error_class == "Poison"
    assert letter.error_message.startswith("payload.")
    assert "many" not in letter.error_message


def test_a_job_of_a_newer_version_waits_for_a_newer_worker(bench: Bench, peek: Peek) -> None:
    job_id = bench.queue(Toy())
    peek("UPDATE outrider.jobs SET version = 2")
    bench.attempt(failing(AssertionError("must not run")), job_id)
    assert bench.state(job_id) == (JobState.DELAYED, 0), "a deploy burns no attempt"
    [(reason,)] = peek("SELECT last_error FROM outrider.jobs")
    assert reason == "Busy: toy.plain version 2 is newer than this worker."


LATE: list[BaseException | None] = [
    None, Transient("late"), Permanent("late"), ZeroDivisionError("late"),
    RateLimited("late", retry_after=timedelta(0)), LeaseLost(0),
]  # fmt: skip


@pytest.mark.parametrize("error", LATE)
def test_an_attempt_that_lost_its_lease_changes_nothing_however_it_ends(
    bench: Bench, database: Database, said: Said, peek: Peek, error: BaseException | None
) -> None:
    """Its process was silent too long: the job is somebody else's when the body ends."""

    def handler(_job: Toy, ctx: Context) -> None:
        sweep(database, lease=timedelta(0))
        run_again(database, ctx.claim)
        if error:
            raise error

    job_id = bench.do(spec(Toy, handler))
    assert [line["event"] for line in said if line["event"].startswith("job.")] == ["job.fenced"]
    assert bench.state(job_id) == (JobState.RUNNING, 2)
    assert bench.runner.running == {}
    assert peek("SELECT count(*) FROM outrider.dead_letters") == [(0,)]


def test_a_failure_after_the_commit_does_not_undo_the_work(bench: Bench, said: Said) -> None:
    def handler(_job: Toy, ctx: Context) -> None:
        with ctx.finish():
            pass
        raise ZeroDivisionError

    job_id = bench.do(spec(Toy, handler))
    assert bench.state(job_id) == (JobOutcome.DONE, 1)
    assert [line["event"] for line in said] == ["job.tail_failed", "job.done"]


def test_work_that_fails_in_its_last_transaction_leaves_no_half(bench: Bench, peek: Peek) -> None:
    def handler(_job: Toy, ctx: Context) -> None:
        with ctx.finish() as tx:
            jobs.add(tx, [jobs.NewJob(OneShot())])
            raise Transient("in the middle")

    job_id = bench.do(spec(Toy, handler))
    assert bench.state(job_id) == (JobState.DELAYED, 1)
    assert peek("SELECT id FROM outrider.jobs") == [(job_id,)]


TEXTS = {
    "zero": "a zero \0 byte",
    "half": "half of a \ud800 pair",
    "long": "x" * 10_000,
    "none": "",
}


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("job", [Toy, OneShot])
def test_no_text_of_an_error_can_hurt_the_verdict(
    bench: Bench, peek: Peek, text: str, job: type[Toy]
) -> None:
    """Errors quote what strangers sent; Postgres takes no NUL and no half of a pair."""
    job_id = bench.do(failing(ValueError(TEXTS[text]), job))
    assert bench.state(job_id) in {(JobState.DELAYED, 1), (JobOutcome.DEAD, 1)}
    [(kept,)] = peek("SELECT last_error FROM outrider.jobs UNION ALL"
                     " SELECT error_message FROM outrider.dead_letters")  # fmt: skip
    assert len(kept) <= 4_000


def test_a_stale_ticket_is_dropped(bench: Bench, said: Said) -> None:
    ran: list[int] = []
    actor = spec(Toy, lambda job, _ctx: ran.append(job.number))
    job_id = bench.do(actor)
    bench.runner.run(actor, [job_id], bench.tenant)
    bench.runner.run(actor, [10**9], bench.tenant)
    bench.runner.run(actor, [job_id], UUID(int=1))
    assert ran == [0]


def test_a_fact_that_the_job_does_not_declare_is_refused(bench: Bench) -> None:
    def handler(_job: Toy, ctx: Context) -> None:
        with ctx.finish() as tx:
            ctx.emit(tx, LeadEnriched(lead_id=UUID(int=1)), key="k")

    assert bench.state(bench.do(spec(Toy, handler))) == (JobOutcome.DEAD, 1)


def test_a_stopping_process_gives_back_what_it_runs_without_burning_an_attempt(
    bench: Bench, database: Database
) -> None:
    def handler(_job: Toy, ctx: Context) -> None:
        assert bench.runner.give_back() == 1
        assert pick(database) == []

    job_id = bench.do(spec(Toy, handler))
    assert bench.state(job_id) == (JobState.DELAYED, 0)
    bench.attempt(spec(Toy, lambda _job, _ctx: None), job_id)
    assert bench.state(job_id) == (JobOutcome.DONE, 1)
