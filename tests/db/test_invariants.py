"""Each invariant catches the violation it is there for, and names the culprit."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

import pytest

from db import Database, invariants
from db.invariants import INVARIANTS
from db.invariants_engine import ENGINE
from db.invariants_models import MODELS
from db.invariants_outreach import OUTREACH
from db.invariants_usage import USAGE
from tests.factories import LEASE, capture

Peek = Callable[..., list[tuple[Any, ...]]]

JOB: LiteralString = "INSERT INTO outrider.jobs (id, tenant_id, actor, payload, max_attempts, {}) SELECT 7, id, 'lead.score', '{{}}', 8, {} FROM outrider.tenants"
LOG: LiteralString = "INSERT INTO outrider.job_log (job_id, tenant_id, actor, outcome, attempt, enqueued_at) SELECT 7, id, 'a', '{}', 1, now() FROM outrider.tenants"
LETTER: LiteralString = "INSERT INTO outrider.dead_letters (tenant_id, job_id, actor, payload, version, max_attempts, attempts, error_class, error_message, fingerprint, status, replay_job_id) SELECT id, 7, 'a', '{{}}', 1, 1, 1, 'E', 'm', 'f', {} FROM outrider.tenants"
EFFECT: LiteralString = "INSERT INTO outrider.effects (tenant_id, key, class, job_id, token, state, settled_at, reason) SELECT id, 'call', 'unrepeatable', 7, 1, {} FROM outrider.tenants"
RUNNING: LiteralString = "state, session_id, token, deadline_at, started_at"
SCORE: LiteralString = "INSERT INTO outrider.scores (tenant_id, lead_id, model, model_version, score, tier, factors, inputs_hash, is_current) SELECT tenant_id, id, 'm', 1, 50, 'cool', '[{{\"points\": {}}}]', 'h', {} FROM outrider.leads"
BY_FORCE: LiteralString = (
    "SET session_replication_role = replica"  # past the triggers that refuse it
)
SCHEDULE: LiteralString = "INSERT INTO outrider.schedules (name, actor, cron, next_at) VALUES ('s', 'a', '* * * * *', now())"
FIRE: LiteralString = (
    "INSERT INTO outrider.cron_fires (name, fire_at, previous_at, job_id) VALUES ('s', {}, {}, {})"
)
SOURCE: LiteralString = (
    "INSERT INTO outrider.webhook_sources (tenant_id, slug) SELECT id, 'web' FROM outrider.tenants"
)

# What breaks each invariant, and the culprit that must be named; two ways where there are two.
PLANTED: list[tuple[str, str, list[LiteralString]]] = [
    ("jobs.lost", "job 7", [
        "INSERT INTO outrider.job_keys (tenant_id, key, job_id) SELECT id, 'k', 7 FROM outrider.tenants"]),
    ("jobs.twice", "job 7", [JOB.format("state", "'ready'"), LOG.format("done")]),
    ("jobs.logged_twice", "job 7", [LOG.format("done"), LOG.format("cancelled")]),
    ("jobs.overdue", "job 7", [
        JOB.format("state, lease_until", "'dispatched', now() - interval '1 minute'")]),
    ("jobs.overdue", "job 7", [
        JOB.format(RUNNING, "'running', 1, 1, now() + interval '1 hour', now() - interval '1 minute'")]),
    ("jobs.overdue", "job 7", [
        "INSERT INTO outrider.sessions (host, pid, actors, threads) VALUES ('h', 1, '{a}', 1)",
        JOB.format(RUNNING, "'running', 1, 1, now() - interval '1 minute', now()")]),
    ("jobs.stranger", "job 7", [
        JOB.format("state", "'ready'"),
        "UPDATE outrider.jobs SET tenant_id = '00000000-0000-0000-0000-000000000007'"]),
    ("jobs.paused", "job 7", [
        JOB.format(RUNNING, "'running', 1, 1, now() + interval '1 hour', now()"),
        "INSERT INTO outrider.pauses (actor, reason, paused_by, paused_at) VALUES ('lead.score', 'r', 'p', now() - interval '1 minute')"]),
    ("dead.unlogged", "job 7", [LETTER.format("'open', NULL")]),
    ("dead.unlogged", "job 7", [LOG.format("dead")]),
    ("dead.replay_lost", "dead letter 1", [LOG.format("dead"), LETTER.format("'replayed', 8")]),
    ("effects.doubt_unparked", "effect call", [EFFECT.format("'in_doubt', now(), 'r'")]),
    ("effects.doubt_unparked", "job 7", [JOB.format("state, parked_on", "'parked', 'other'")]),
    ("effects.unsettled", "effect call", [EFFECT.format("'intent', NULL, NULL"), LOG.format("done")]),
    ("cron.gap", "schedule s", [
        SCHEDULE, JOB.format("state", "'ready'"), LOG.format("done").replace("SELECT 7", "SELECT 6"),
        FIRE.format("'2031-01-01'", "NULL", "6"), FIRE.format("'2031-01-02'", "NULL", "7")]),
    ("cron.jobless", "schedule s", [SCHEDULE, FIRE.format("'2031-01-01'", "NULL", "7")]),
    ("leads.unexplained", "lead {lead}", [
        BY_FORCE, "UPDATE outrider.leads SET status = 'converted'"]),
    ("leads.broken_history", "lead {lead}", [
        BY_FORCE, "UPDATE outrider.leads SET status = 'lost'",
        "INSERT INTO outrider.lead_status_transitions (tenant_id, lead_id, from_status, to_status, cause) SELECT tenant_id, id, 'scored', 'lost', 'x' FROM outrider.leads"]),
    ("leads.unproven", "lead {lead}", [
        BY_FORCE, "UPDATE outrider.leads SET status = 'enriched'",
        "INSERT INTO outrider.lead_status_transitions (tenant_id, lead_id, from_status, to_status, cause) SELECT tenant_id, id, 'new', 'enriched', 'x' FROM outrider.leads"]),
    ("enrichments.uncalled", "lead {lead}", [
        "INSERT INTO outrider.enrichment_results (tenant_id, lead_id, fingerprint, effect_keys) SELECT tenant_id, id, 'f', '{call}' FROM outrider.leads"]),
    ("scores.sum", "score of lead {lead}", [SCORE.format("49", "false")]),
    ("scores.stale", "lead {lead}", [SCORE.format("50", "true")]),
    ("scores.stale", "lead {lead}", [
        "UPDATE outrider.leads SET score = 50, tier = 'cool', scored_at = now()"]),
    ("webhooks.unheard", "webhook event {event}", [
        SOURCE,
        "INSERT INTO outrider.webhook_events (id, tenant_id, source_id, external_id, body) SELECT '{event}', tenant_id, id, 'e', '' FROM outrider.webhook_sources"]),
    ("webhooks.unheard", "webhook event {event}", [
        SOURCE,
        "INSERT INTO outrider.webhook_events (id, tenant_id, source_id, external_id, body, lead_id) SELECT '{event}', s.tenant_id, s.id, 'e', '', l.id FROM outrider.webhook_sources s, outrider.leads l"]),
    ("people.half_erased", "person h", [
        "INSERT INTO outrider.audit_logs (operator, action, resource_type, resource_id, created_at) VALUES ('o', 'erase.begin', 'person', 'h', now() - interval '2 hours')"]),
    ("tenancy.unprotected", "schema", ["ALTER TABLE outrider.scores DISABLE ROW LEVEL SECURITY"]),
]  # fmt: skip
EVENT = UUID(int=7)


def test_every_invariant_has_a_violation_here() -> None:
    assert {name for name, _, _ in PLANTED} == set(INVARIANTS).difference(
        OUTREACH, ENGINE, USAGE, MODELS
    )


@pytest.mark.parametrize(
    ("name", "culprit", "deeds"), PLANTED, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(PLANTED)]
)
def test_a_planted_violation_is_named_with_its_culprit(
    database: Database, tenant: UUID, sick: list[str], peek: Peek, name: str, culprit: str,
    deeds: list[LiteralString],
) -> None:  # fmt: skip
    with database.tenant(tenant) as tx:
        lead = capture(tx)
    assert _check(database) == {}
    for deed in deeds:
        peek(deed.replace("{event}", str(EVENT)))  # pyright: ignore[reportArgumentType]
    sick.append(name)
    found = _check(database)
    assert set(found) == {name}
    assert found[name] == culprit.format(lead=lead, event=EVENT)


def _check(database: Database) -> dict[str, str]:
    with database.hat("operator") as tx:
        found = invariants.check(tx, lease=LEASE)
    assert all(v.problem != "None" and v.problem for v in found), "a sentence is missing"
    return {v.invariant: v.subject for v in found}


def test_a_check_stops_counting_at_its_limit(
    database: Database, tenant: UUID, sick: list[str], peek: Peek
) -> None:
    sick.append("dead.unlogged")
    peek(
        """
        INSERT INTO outrider.job_log (job_id, tenant_id, actor, outcome, attempt, enqueued_at)
        SELECT n, %s, 'a', 'dead', 1, now() FROM generate_series(1, 30) n
        """,
        tenant,
    )
    with database.hat("operator") as tx:
        assert len(invariants.check(tx, lease=LEASE, limit=10)) == 10


def test_a_sweep_that_is_a_little_late_is_no_violation(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    peek(JOB.format("state, lease_until", "'dispatched', now() - interval '1 second'"))  # pyright: ignore[reportArgumentType]
    assert _check(database) == {}
    assert timedelta(seconds=1) < LEASE
