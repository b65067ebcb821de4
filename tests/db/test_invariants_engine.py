"""Each invariant of attempts, keys, lanes and replays catches what it is there for."""

from collections.abc import Callable
from typing import Any, LiteralString
from uuid import UUID

import pytest

from db import Database, invariants
from db.invariants_engine import ENGINE
from db.invariants_words import WORDS
from tests.factories import LEASE

Peek = Callable[..., list[tuple[Any, ...]]]

JOB: LiteralString = "INSERT INTO outrider.jobs (id, tenant_id, actor, payload, max_attempts, {}) SELECT {}, id, 'toy.plain', '{{}}', 8, {} FROM outrider.tenants"
RUNNING: LiteralString = "state, session_id, token, deadline_at, started_at"
RUNS: LiteralString = "'running', 1, 1, now() + interval '1 hour', now()"
LANE: LiteralString = "INSERT INTO outrider.lanes (id, tenant_id, actor, key, max_running) SELECT outrider.lane_of(id, 'toy.plain', ''), id, 'toy.plain', '{}', 1 FROM outrider.tenants"
TWO: LiteralString = "INSERT INTO outrider.jobs (id, tenant_id, actor, payload, max_attempts, state, session_id, token, deadline_at, started_at) SELECT n, id, 'toy.plain', '{}', 8, 'running', 1, n, now() + interval '1 hour', now() FROM outrider.tenants, generate_series(7, 8) n"
LETTER: LiteralString = "INSERT INTO outrider.dead_letters (tenant_id, job_id, actor, payload, version, max_attempts, attempts, error_class, error_message, fingerprint, status, replay_job_id) SELECT id, 6, 'a', '{{}}', 1, 1, 1, 'E', 'm', 'f', {} FROM outrider.tenants"
DEAD: LiteralString = "INSERT INTO outrider.job_log (job_id, tenant_id, actor, outcome, attempt, enqueued_at) SELECT 6, id, 'a', 'dead', 1, now() FROM outrider.tenants"
LIMITED: LiteralString = "INSERT INTO outrider.audit_logs (operator, action, resource_type, resource_id, created_at) VALUES ('o', 'limit', 'lane', 'x', now() - interval '{}')"

PLANTED: list[tuple[str, str, list[LiteralString]]] = [
    ("jobs.spent", "job 7", [JOB.format("state, attempt", "7", "'ready', 8")]),
    ("jobs.spent", "job 7", [
        JOB.format("state, attempt, retry_at", "7", "'delayed', 8, now() + interval '1 day'")]),
    ("jobs.put_off", "job 7", [JOB.format(
        "state, due_at, latest_at", "7", "'delayed', now() + interval '2 days', now() + interval '1 day'")]),
    ("lanes.over", "lane {lane}", [LANE.format(""), TWO]),
    ("lanes.over", "lane {lane}", [LANE.format(""), TWO, LIMITED.format("2 hours")]),
    ("lanes.stranger", "job 7", [LANE.format("other"), JOB.format(RUNNING, "7", RUNS)]),
    ("dead.replayed_twice", "job 8", [
        DEAD, JOB.format("replay_of", "7", "6"), JOB.format("replay_of", "8", "6"),
        LETTER.format("'replayed', 7")]),
    ("dead.replayed_twice", "job 8", [
        DEAD, JOB.format("replay_of", "8", "6"), LETTER.format("'open', NULL")]),
]  # fmt: skip


def test_every_invariant_has_a_violation_here() -> None:
    assert {name for name, _, _ in PLANTED} == set(ENGINE)


def test_every_invariant_says_in_a_sentence_what_must_be_true() -> None:
    assert set(WORDS) == set(invariants.INVARIANTS)
    assert all(words.endswith(".") for words in WORDS.values())


@pytest.mark.parametrize(
    ("name", "culprit", "deeds"), PLANTED, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(PLANTED)]
)
def test_a_planted_violation_is_named_with_its_culprit(
    database: Database, tenant: UUID, sick: list[str], peek: Peek, name: str, culprit: str,
    deeds: list[LiteralString],
) -> None:  # fmt: skip
    assert check(database) == {}
    for deed in deeds:
        peek(deed)
    sick.append(name)
    [(lane,)] = peek("SELECT outrider.lane_of(id, 'toy.plain', '') FROM outrider.tenants")
    assert check(database) == {name: culprit.format(lane=lane)}


def check(database: Database) -> dict[str, str]:
    with database.hat("operator") as tx:
        found = invariants.check(tx, lease=LEASE)
    assert all(v.problem not in {"", "None"} for v in found), "a sentence is missing"
    return {v.invariant: v.subject for v in found}


def test_a_limit_that_was_just_lowered_is_no_violation(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    peek(LANE.format(""))  # pyright: ignore[reportArgumentType]
    peek(TWO)
    peek(LIMITED.format("1 minute"))  # pyright: ignore[reportArgumentType]
    assert check(database) == {}
