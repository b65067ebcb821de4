"""Discarded letters: closed for good, what waited for them tidied up, and what is forgotten when."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from db import Database, dead, dead_ends, enrollments, invariants
from db.dead import Which
from db.enrollments import Enrollment
from providers.fake_crm import FakeCrm
from schemas.enums import EnrollmentStatus, StopReason
from schemas.jobs import ClassifyMail, FillCampaigns, PruneHistory, SendStep, UpsertContacts
from tests.factories import LEASE
from tests.fix_crm import Telling
from tests.fix_dead import Morgue
from tests.fix_outreach import Outreach
from tests.workers.inbox import letter, receive
from workers import house
from workers.actor import registered
from workers.discarding import discard_all
from workers.letters import Left

Peek = Callable[..., list[tuple[Any, ...]]]
assert house


def _discard(database: Database, *ids: int) -> tuple[list[int], list[Left]]:
    ends = list(
        discard_all(database, Which(ids=list(ids) or None), operator="ann", reason="never",
                    batch_id=uuid4())
    )  # fmt: skip
    return [one for gone, _ in ends for one in gone], [one for _, left in ends for one in left]


@pytest.mark.system(69)
def test_a_discarded_letter_is_closed_for_good(
    database: Database, morgue: Morgue, peek: Peek
) -> None:
    letter_id = morgue.bury(FillCampaigns())
    assert _discard(database) == ([letter_id], [])
    assert peek("SELECT operator, action, resource_id, reason FROM outrider.audit_logs") == [
        ("ann", "discard", str(letter_id), "never")
    ]
    assert _discard(database, letter_id) == ([], [Left(letter_id, "was discarded")])
    assert morgue.replay(letter_id) == []
    with pytest.raises(psycopg.errors.CheckViolation, match="was discarded, and stays so"):
        peek("UPDATE outrider.dead_letters SET status = 'open', closed_at = NULL, closed_by = NULL")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.tenant(morgue.tenant) as tx:
        tx.run("DELETE FROM outrider.dead_letters")


def test_discarding_a_step_ends_its_sequence_and_only_that_one(
    outreach: Outreach, morgue: Morgue, peek: Peek
) -> None:
    outreach.campaign(outreach.mailbox())
    given_up, gone_on = outreach.enroll("ann@example.test"), outreach.enroll("bob@example.test")
    letters = [_letter_instead_of_job(outreach, morgue, one) for one in (given_up, gone_on)]
    with outreach.database.tenant(outreach.tenant) as tx:
        enrollments.stop(tx, gone_on.id, StopReason.REPLIED, by="test")
    assert _discard(outreach.database) == (letters, [])
    ended = outreach.enrollment(given_up.id)
    assert (ended.status, ended.stop_reason) == (EnrollmentStatus.STOPPED, StopReason.OPERATOR)
    assert outreach.enrollment(gone_on.id).stop_reason is StopReason.REPLIED


def _letter_instead_of_job(outreach: Outreach, morgue: Morgue, enrollment: Enrollment) -> int:
    step = outreach.steps(enrollment.id)[0]
    outreach.peek("DELETE FROM outrider.jobs WHERE payload ->> 'step_id' = %s", str(step.id))
    outreach.peek("DELETE FROM outrider.job_keys WHERE key LIKE %s", f"%{step.id}%")
    return morgue.bury(SendStep(step_id=step.id, epoch=step.epoch))


def test_discarding_a_batch_frees_its_leads_for_another(
    telling: Telling, morgue: Morgue, crm: FakeCrm
) -> None:
    telling.lead()
    [batch_id] = telling.collect()
    letter_id = morgue.bury(UpsertContacts(batch_id=batch_id))
    assert _discard(telling.database, letter_id) == ([letter_id], [])
    telling.upsert()  # the batch's own job finds nothing
    telling.tell()
    assert (len(crm.contacts), telling.outbox()) == (1, [])


def test_closed_letters_are_forgotten_with_their_deaths_but_not_what_others_rest_on(
    outreach: Outreach, morgue: Morgue, peek: Peek
) -> None:
    unread = receive(outreach, letter("Hello?"))
    peek("UPDATE outrider.mails SET matched_by = 'none'")
    opened, discarded, mail, replayed, waiting = (
        morgue.bury(job)
        for job in (FillCampaigns(), FillCampaigns(), ClassifyMail(mail_id=unread),
                    FillCampaigns(), FillCampaigns())
    )  # fmt: skip
    _discard(outreach.database, discarded, mail)
    [again, _] = morgue.replay(replayed, waiting)
    morgue.attempt(again)
    peek("""
        ALTER TABLE outrider.dead_letters DISABLE TRIGGER ALL;
        UPDATE outrider.dead_letters SET closed_at = closed_at - interval '91 days';
        ALTER TABLE outrider.dead_letters ENABLE TRIGGER ALL""")
    with outreach.database.hat("dispatcher") as tx:
        assert dead_ends.prune(tx, older_than=timedelta(days=100), limit=9) == 0
        assert dead_ends.prune(tx, older_than=timedelta(days=90), limit=1) == 1
    outreach.bench.do(registered()["house.prune_history"], PruneHistory())
    with outreach.database.hat("operator") as tx:
        kept = [one.id for one in dead.list_letters(tx, Which(), limit=9)]
        assert invariants.check(tx, lease=LEASE) == []
    assert kept == [waiting, mail, opened]
