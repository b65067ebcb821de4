"""Each invariant of mails, sequences, replies and CRM catches what it is there for, in a world that is else healthy."""

from collections.abc import Callable
from typing import Any, LiteralString
from uuid import UUID

import pytest

from db import Database, invariants
from db.invariants_outreach import OUTREACH
from tests.db.planted_rows import PLANTED as ROWS
from tests.factories import LEASE, capture

Peek = Callable[..., list[tuple[Any, ...]]]

BASE = (
    "mailboxes", "sequences", "sequence_steps", "campaigns", "crm_connections",
)  # fmt: skip
ENROLLMENT: LiteralString = """
    INSERT INTO outrider.enrollments (id, tenant_id, campaign_id, sequence_id, lead_id, mailbox_id, timezone, zone_source, token, {})
    SELECT '00000000-0000-0000-0000-000000000007', c.tenant_id, c.id, c.sequence_id, l.id, m.id, 'UTC', 'tenant', 't', {}
      FROM outrider.campaigns c JOIN outrider.mailboxes m USING (tenant_id) JOIN outrider.leads l USING (tenant_id)"""
DONE = ENROLLMENT.format("status, ended_at", "'completed', now()")
STOPPED = ENROLLMENT.format(
    "status, ended_at, epoch, stop_epoch, stop_reason, stopped_by", "'stopped', now(), 2, 2, 'replied', 'x'"
)  # fmt: skip
MESSAGE: LiteralString = """
    INSERT INTO outrider.messages (tenant_id, direction, status, enrollment_id, mailbox_id, step_number, resend, epoch,
                                   effect_key, day, rfc_message_id, to_address)
    SELECT tenant_id, 'outbound', '{}', id, mailbox_id, {}, {}, {}, '{}', '2031-01-01', '<m>', 'ada@acme.test'
      FROM outrider.enrollments"""
DAY: LiteralString = "INSERT INTO outrider.mailbox_days (tenant_id, mailbox_id, day, sent, cap) SELECT tenant_id, id, '2031-01-01', {}, {} FROM outrider.mailboxes"
EFFECT: LiteralString = "INSERT INTO outrider.effects (tenant_id, key, class, job_id, token, state, response, settled_at) SELECT id, '{}', 'unrepeatable', 7, 1, 'done', '{{}}', now() FROM outrider.tenants"
STEP: LiteralString = "INSERT INTO outrider.step_executions (id, tenant_id, enrollment_id, step_number, due_at, epoch, because, {}) SELECT '00000000-0000-0000-0000-000000000008', tenant_id, id, 1, now(), 1, 'b', {} FROM outrider.enrollments"
MAIL: LiteralString = "INSERT INTO outrider.mails (id, tenant_id, sha256, raw, source, matched_by) SELECT '00000000-0000-0000-0000-000000000009', id, 'h', 'raw', 'imap:INBOX', {} FROM outrider.tenants"
REPLY: LiteralString = "INSERT INTO outrider.replies (id, tenant_id, mail_id, author, intent, verdict, confidence, abstain, classifier) SELECT '00000000-0000-0000-0000-00000000000a', tenant_id, id, 'human', 'other', '{}', 1, false, 'c' FROM outrider.mails"
SENT_ONE = MESSAGE.format("sent", "1", "0", "1", "email:1")
PROVEN = EFFECT.format("email:1")

PLANTED: list[tuple[str, str, list[LiteralString]]] = [
    ("messages.twice", "enrollment {7}", [
        DONE, SENT_ONE, PROVEN, MESSAGE.format("sent", "1", "1", "1", "email:2"), EFFECT.format("email:2"), DAY.format("2", "9")]),
    ("messages.order", "enrollment {7}", [
        DONE, MESSAGE.format("sent", "2", "0", "1", "email:1"), PROVEN, DAY.format("1", "9")]),
    ("messages.after_stop", "enrollment {7}", [
        STOPPED, MESSAGE.format("sent", "1", "0", "2", "email:1"), PROVEN, DAY.format("1", "9")]),
    ("messages.after_stop", "enrollment {7}", [
        STOPPED, "UPDATE outrider.enrollments SET ended_at = now() - interval '1 hour'",
        SENT_ONE, PROVEN, DAY.format("1", "9")]),
    ("messages.suppressed", "message {message}", [
        DONE, SENT_ONE, PROVEN, DAY.format("1", "9"),
        "INSERT INTO outrider.suppressions (kind, value_hash, reason, source, created_at) VALUES ('domain', outrider.suppression_hash('domain', 'acme.test'), 'manual', 'x', now() - interval '1 hour')"]),
    ("messages.unledgered", "message {message}", [DONE, SENT_ONE, DAY.format("1", "9")]),
    ("messages.unledgered", "message {message}", [
        DONE, MESSAGE.format("sending", "1", "0", "1", "email:1"), DAY.format("1", "9")]),
    ("messages.unledgered", "effect email:1", [PROVEN]),
    ("mailboxes.cap", "mailbox {mailbox}", [DONE, SENT_ONE, PROVEN, DAY.format("1", "0")]),
    ("mailboxes.cap", "mailbox {mailbox}", [DONE, SENT_ONE, PROVEN]),
    ("mailboxes.cap", "mailbox {mailbox}", [DAY.format("1", "9")]),
    ("steps.unproven", "step {8}", [DONE, STEP.format("status, sent_at", "'sent', now()")]),
    ("steps.unproven", "step {8}", [
        DONE, STEP.format("status", "'scheduled'"), SENT_ONE, PROVEN, DAY.format("1", "9")]),
    ("enrollments.idle", "enrollment {7}", [ENROLLMENT.format("status", "'active'")]),
    ("enrollments.idle", "enrollment {7}", [
        ENROLLMENT.format("epoch", "2"), STEP.format("status", "'scheduled'"),
        "INSERT INTO outrider.jobs (tenant_id, actor, payload, max_attempts) SELECT tenant_id, 'step.send', jsonb_build_object('step_id', id, 'epoch', 1), 8 FROM outrider.step_executions"]),
    ("enrollments.idle", "enrollment {7}", [
        ENROLLMENT.format("status, resume_at", "'paused', now()")]),
    ("enrollments.forgotten", "enrollment {7}", [
        ENROLLMENT.format("status, hold_reason", "'held', 'a reply'")]),
    ("mails.unheard", "mail {9}", [MAIL.format("NULL")]),
    ("mails.unheard", "mail {9}", [MAIL.format("'reference'")]),
    ("mails.unheard", "reply {a}", [MAIL.format("'reference'"), REPLY]),
    ("crm.stranded", "lead {lead}", [
        "INSERT INTO outrider.crm_outbox (tenant_id, connection_id, lead_id, batch_id) SELECT c.tenant_id, c.id, l.id, gen_random_uuid() FROM outrider.crm_connections c JOIN outrider.leads l USING (tenant_id)"]),
    ("crm.unlogged", "lead {lead}", [
        "INSERT INTO outrider.crm_links (tenant_id, connection_id, lead_id, remote_id, payload_hash) SELECT c.tenant_id, c.id, l.id, '1', 'h' FROM outrider.crm_connections c JOIN outrider.leads l USING (tenant_id)"]),
    ("imports.sum", "import {import}", [
        "INSERT INTO outrider.imports (tenant_id, filename, sha256, rows_kept, rows, created, updated, rejected, operator) SELECT id, 'f', 'h', true, 1, 0, 0, 1, 'o' FROM outrider.tenants"]),
    ("imports.idle", "import {import}", [
        "INSERT INTO outrider.imports (tenant_id, filename, sha256, by_job, rows, created, updated, rejected, pending, operator) SELECT id, 'f', 'h', true, 1, 0, 0, 0, 1, 'o' FROM outrider.tenants"]),
]  # fmt: skip


def test_every_invariant_has_a_violation_here() -> None:
    assert {name for name, _, _ in PLANTED} == set(OUTREACH)


@pytest.mark.parametrize(
    ("name", "culprit", "deeds"), PLANTED, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(PLANTED)]
)
def test_a_planted_violation_is_named_with_its_culprit(
    database: Database, tenant: UUID, sick: list[str], peek: Peek, name: str, culprit: str,
    deeds: list[LiteralString],
) -> None:  # fmt: skip
    with database.tenant(tenant) as tx:
        capture(tx)
        for table in BASE:
            tx.run(ROWS[f"outrider.{table}"], {"t": tenant})
    assert _check(database) == {}
    for deed in deeds:
        peek(deed)
    sick.append(name)
    assert _check(database) == {name: _named(culprit, peek)}


def test_what_is_alive_or_waits_for_an_operator_is_not_lost(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    with database.tenant(tenant) as tx:
        capture(tx)
        for table in BASE:
            tx.run(ROWS[f"outrider.{table}"], {"t": tenant})
    for deed in (
        ENROLLMENT.format("epoch", "1"),
        STEP.format("status", "'scheduled'"),
        MAIL.format("NULL"),
    ):
        peek(deed)
    job: LiteralString = "INSERT INTO outrider.jobs (tenant_id, actor, payload, max_attempts) SELECT tenant_id, {} , 8 FROM outrider.{}"
    peek(
        job.format("'step.send', jsonb_build_object('step_id', id, 'epoch', 1)", "step_executions")
    )
    peek(job.format("'mail.match', jsonb_build_object('mail_id', id)", "mails"))
    assert _check(database) == {}


def _named(culprit: str, peek: Peek) -> str:
    queries: dict[str, LiteralString] = {
        "message": "SELECT id FROM outrider.messages", "mailbox": "SELECT id FROM outrider.mailboxes",
        "lead": "SELECT id FROM outrider.leads", "import": "SELECT id FROM outrider.imports",
    }  # fmt: skip
    for word, query in queries.items():
        if f"{{{word}}}" in culprit:
            return culprit.replace(f"{{{word}}}", str(peek(query)[0][0]))
    noun, _, digit = culprit.partition(" ")
    number = digit.strip("{}")
    return f"{noun} {UUID(int=int(number, 16))}" if digit.startswith("{") else culprit


def _check(database: Database) -> dict[str, str]:
    with database.hat("operator") as tx:
        found = invariants.check(tx, lease=LEASE)
    assert all(v.problem != "None" and v.problem for v in found), "a sentence is missing"
    return {v.invariant: v.subject for v in found}
