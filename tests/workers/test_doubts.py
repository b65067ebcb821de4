"""A person settles what nobody knows: the mail counts as sent, or is sent now, and never twice."""

from collections.abc import Callable
from typing import Any

import pytest

from db import effects
from schemas.enums import JobOutcome, JobState
from schemas.errors import Permanent, Unanswered
from tests.fix_outreach import Outreach
from workers.doubts import settle

Peek = Callable[..., list[tuple[Any, ...]]]


def doubt(outreach: Outreach) -> tuple[int, str]:
    """A mail whose answer was lost: the parked job, and the effect's key."""
    outreach.sender.answer = lambda _recipient: Unanswered("The connection ended.")
    job_id = outreach.send(outreach.enroll().id)
    assert outreach.bench.state(job_id)[0] is JobState.PARKED
    with outreach.database.hat("operator") as tx:
        [found] = effects.list_doubts(tx, tenant_id=outreach.tenant, limit=10)
    outreach.sender.answer = lambda _recipient: None
    return job_id, found.key


def decide(outreach: Outreach, key: str, *, happened: bool) -> None:
    settle(outreach.database, outreach.tenant, key, happened=happened, operator="ann", reason="the log")  # fmt: skip


def test_a_mail_that_was_sent_counts_as_sent_and_the_sequence_goes_on(outreach: Outreach, peek: Peek) -> None:  # fmt: skip
    job_id, key = doubt(outreach)
    decide(outreach, key, happened=True)
    outreach.attempt(job_id)
    assert outreach.bench.state(job_id)[0] is JobOutcome.DONE
    assert len(outreach.sender.sent) == 1
    assert peek("SELECT status::text FROM outrider.messages") == [("sent",)]
    assert peek("SELECT step_number, status::text FROM outrider.step_executions ORDER BY 1") == [
        (1, "sent"), (2, "scheduled")]  # fmt: skip


def test_a_mail_that_was_not_sent_is_sent_now_and_counted_once(outreach: Outreach, peek: Peek) -> None:  # fmt: skip
    job_id, key = doubt(outreach)
    outreach.sender.sent.clear()
    decide(outreach, key, happened=False)
    outreach.attempt(job_id)
    assert outreach.bench.state(job_id)[0] is JobOutcome.DONE
    assert len(outreach.sender.sent) == 1
    assert peek("SELECT sent FROM outrider.mailbox_days") == [(1,)]
    assert peek("SELECT details IS NOT NULL, reason FROM outrider.audit_logs WHERE action = 'settle'") == [
        (True, "happened: False; the log")]  # fmt: skip


def test_what_is_not_in_doubt_is_refused(outreach: Outreach) -> None:
    outreach.send(outreach.enroll().id)
    [(key,)] = outreach.peek("SELECT key FROM outrider.effects")
    for wrong, words in (
        (key, "is done, not in doubt"),
        ("email:x", "no effect"),
        ("crm:1", "is no mail"),
    ):
        with pytest.raises(Permanent, match=words):
            decide(outreach, wrong, happened=True)
