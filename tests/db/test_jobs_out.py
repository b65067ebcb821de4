"""Cancel, pause, dead letters, replay, and what the table itself refuses."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest

from db import Database, claims, dead, effects, job_log, jobs, pauses
from db.dead import Which
from schemas.enums import EffectClass, JobOutcome, JobState
from schemas.errors import NoSuchRow, Permanent
from schemas.jobs import ScoreLead
from tests.factories import (
    OneShot,
    Toy,
    claim,
    enqueue,
    pick,
    run_again,
    session,
    start,
    sweep,
    tenant_called,
)  # fmt: skip
from workers import process as _registers_every_actor
from workers.replay import replay

Peek = Callable[..., list[tuple[Any, ...]]]
assert _registers_every_actor


def test_a_job_given_back_keeps_its_attempt(database: Database, tenant: UUID) -> None:
    first = start(database, tenant)
    with database.tenant(tenant) as tx:
        claims.release(tx, first.id, first.token, after=timedelta(0), error="ShutDown")
    assert run_again(database, first).attempt == 1


def test_a_finished_job_leaves_one_line(database: Database, tenant: UUID) -> None:
    done = start(database, tenant)
    with database.tenant(tenant) as tx:
        claims.complete(tx, done.id, done.token)
    with database.tenant(tenant) as tx:
        line = job_log.find(tx, done.id)
        assert jobs.find(tx, done.id) is None
    assert line
    assert (line.outcome, line.attempt, line.trace_id) == (JobOutcome.DONE, 1, "trace-1")


def test_a_job_that_runs_cannot_be_cancelled_and_any_other_can(
    database: Database, tenant: UUID
) -> None:
    running = start(database, tenant)
    [waiting] = enqueue(database, tenant, Toy(), after=timedelta(days=1))
    with database.tenant(tenant) as tx:
        assert not jobs.cancel(tx, running.id)
        assert jobs.cancel(tx, waiting)
        assert not jobs.cancel(tx, waiting)
        line = job_log.find(tx, waiting)
    assert line
    assert line.outcome is JobOutcome.CANCELLED


@pytest.mark.parametrize("whom", ["tenant", "actor"])
def test_a_paused_tenant_or_actor_gets_no_new_work_until_it_is_resumed(
    database: Database, tenant: UUID, whom: str
) -> None:
    stranger = tenant_called(database, "stranger")
    [mine] = enqueue(database, tenant, Toy())
    [other] = enqueue(database, stranger, OneShot())
    [on_its_way] = pick(database, "toy.plain")
    subject: dict[str, Any] = {"tenant_id": None, "actor": None}
    subject[{"tenant": "tenant_id"}.get(whom, whom)] = tenant if whom == "tenant" else "toy.plain"
    with database.hat("operator") as tx:
        assert pauses.add(tx, **subject, reason="complaints", by="ann")
        assert not pauses.add(tx, **subject, reason="again", by="ann")
    assert claim(database, tenant, on_its_way) is None
    assert sweep(database).rung_again == 0
    [later] = enqueue(database, tenant, Toy())
    assert pick(database) == [other]
    with database.hat("operator") as tx:
        assert [p.reason for p in pauses.list_standing(tx)] == ["complaints"]
        assert pauses.remove(tx, **subject)
        assert not pauses.remove(tx, **subject)
    assert pick(database) == [later]
    assert claim(database, tenant, mine, session_id=session(database))


def _buried(database: Database, tenant: UUID, lead: UUID) -> tuple[claims.Claim, int]:
    claimed = start(database, tenant, ScoreLead(lead_id=lead))
    with database.tenant(tenant) as tx:
        effects.claim(tx, "call:1", EffectClass.REPEATABLE, job_id=claimed.id, token=claimed.token)
        effects.settle(tx, "call:1", token=claimed.token, response={"a": 1})
        letter = dead.bury(tx, claimed.id, claimed.token, error_class="Permanent",
                           message="no", fingerprint="print")  # fmt: skip
    return claimed, letter


@pytest.mark.system(69)
def test_a_dead_letter_keeps_everything_that_a_replay_needs(
    database: Database, tenant: UUID
) -> None:
    lead = UUID(int=7)
    claimed, letter_id = _buried(database, tenant, lead)
    with database.tenant(tenant) as tx:
        letter = dead.get(tx, letter_id)
        line = job_log.find(tx, claimed.id)
    assert line
    assert line.outcome is JobOutcome.DEAD
    assert letter.payload == {"lead_id": str(lead)}
    assert (letter.actor, letter.attempts, letter.error_class, letter.error_message) == (
        "lead.score", 1, "Permanent", "no")  # fmt: skip
    assert (letter.effect_keys, letter.trace_id, letter.status) == (["call:1"], "trace-1", "open")


@pytest.mark.system(69)
def test_a_replay_is_one_new_job_audited_and_not_repeatable(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    claimed, letter_id = _buried(database, tenant, UUID(int=7))
    job_id = replay(database, letter_id, operator="ann", reason="fixed")
    with pytest.raises(Permanent, match=f"Dead letter {letter_id} was replayed before"):
        replay(database, letter_id, operator="ann", reason="again")
    assert peek("SELECT id, replay_of, attempt, state FROM outrider.jobs") == [
        (job_id, claimed.id, 0, "ready")]  # fmt: skip
    assert peek("SELECT operator, action, resource_id, reason FROM outrider.audit_logs") == [
        ("ann", "replay", str(letter_id), "fixed")]  # fmt: skip
    with database.hat("operator") as tx:
        assert dead.get(tx, letter_id).status == "replayed"
        assert dead.count_open(tx) == 0


def test_a_replay_refuses_what_the_code_cannot_read(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    _, letter_id = _buried(database, tenant, UUID(int=7))
    peek("UPDATE outrider.dead_letters SET payload = '{\"lead_id\": 3}'")
    with pytest.raises(Permanent, match=r"payload\.lead_id"):
        replay(database, letter_id, operator="ann", reason="x")
    peek("UPDATE outrider.dead_letters SET actor = 'gone'")
    with pytest.raises(Permanent, match="is for 'gone', and there is no such actor"):
        replay(database, letter_id, operator="ann", reason="x")
    with pytest.raises(NoSuchRow):
        replay(database, 99, operator="ann", reason="x")
    assert peek("SELECT count(*) FROM outrider.jobs") == [(0,)]


def test_letters_are_listed_by_what_an_operator_asks_for(database: Database, tenant: UUID) -> None:
    _, first = _buried(database, tenant, UUID(int=1))
    with database.hat("operator") as tx:
        assert [x.id for x in dead.list_letters(tx, Which(), limit=9)] == [first]
        for nobody in (
            Which(actor="lead.enrich"),
            Which(tenant_id=UUID(int=1)),
            Which(status="replayed"),
            Which(fingerprint="another"),
            Which(until=dead.get(tx, first).died_at),
        ):
            assert dead.list_letters(tx, nobody, limit=9) == []
        assert dead.list_letters(tx, Which(since=dead.get(tx, first).died_at), limit=9)
        assert [j.id for j in jobs.list_open(tx, tenant_id=tenant, actor=None,
                                             state=JobState.READY, limit=9)] == []  # fmt: skip


def test_old_history_is_forgotten_and_what_dead_letters_rest_on_is_not(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    finished = start(database, tenant)
    with database.tenant(tenant) as tx:
        claims.complete(tx, finished.id, finished.token)
    _, letter_id = _buried(database, tenant, UUID(int=7))
    again = replay(database, letter_id, operator="ann", reason="fixed")
    with database.tenant(tenant) as tx:
        assert jobs.cancel(tx, again)
    doubtful = start(database, tenant)
    with database.tenant(tenant) as tx:
        effects.claim(tx, "k", EffectClass.UNREPEATABLE, job_id=doubtful.id, token=doubtful.token)
        effects.doubt(tx, "k", token=doubtful.token, reason="unknown")
        claims.park(tx, doubtful.id, doubtful.token, effect_key="k", reason="unknown")
    with database.tenant(tenant) as tx:
        assert jobs.cancel(tx, doubtful.id)
    enqueue(database, tenant, Toy(), unique=jobs.Unique("old", "days", 1))
    peek("UPDATE outrider.job_log SET finished_at = finished_at - interval '40 days'")
    peek("UPDATE outrider.dead_letters SET died_at = died_at - interval '40 days'")
    peek("UPDATE outrider.job_keys SET expires_at = expires_at - interval '40 days'")
    with database.hat("dispatcher") as tx:
        assert job_log.prune(tx, older_than=timedelta(days=30), limit=100) == 2
        assert job_log.prune(tx, older_than=timedelta(days=30), limit=100) == 0


ILLEGAL: dict[str, LiteralString] = {
    "jobs_attempts_bounded": "UPDATE outrider.jobs SET attempt = max_attempts + 1",
    "jobs_retry_only_while_delayed": "UPDATE outrider.jobs SET retry_at = now()",
    "jobs_lease_iff_dispatched": "UPDATE outrider.jobs SET lease_until = now()",
    "jobs_parked_on_something": "UPDATE outrider.jobs SET state = 'parked'",
    "jobs_owned_iff_running": "UPDATE outrider.jobs SET state = 'running'",
    "jobs_max_attempts_check": "UPDATE outrider.jobs SET max_attempts = 0",
    "jobs_actor_check": "UPDATE outrider.jobs SET actor = ''",
}  # fmt: skip


@pytest.mark.parametrize("constraint", ILLEGAL)
def test_the_table_refuses_an_illegal_state(
    database: Database, tenant: UUID, peek: Peek, constraint: str
) -> None:
    enqueue(database, tenant, Toy())
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        peek(ILLEGAL[constraint])
    assert refused.value.diag.constraint_name == constraint
