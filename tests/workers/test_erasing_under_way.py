"""Somebody is forgotten while work about them is under way, or half done."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from db import Database, claims, messages
from db.claims import LeaseLost
from schemas.enums import JobOutcome
from schemas.errors import Unanswered
from schemas.jobs import EnrichLead
from tests.factories import capture, enqueue, start
from tests.fix_outreach import Outreach
from workers.erasing import erase

Peek = Callable[..., list[tuple[Any, ...]]]
ADA = "ada@x.test"


def forget(database: Database, tenant: UUID, *, patience: float = 5) -> Any:
    return erase(
        database, tenant, ADA, operator="ann", reason="asked", patience=timedelta(seconds=patience)
    )


def test_what_waits_is_cancelled_and_what_runs_on_is_cut_off(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    with database.tenant(tenant) as tx:
        lead_id = capture(tx, ADA)
    running = start(database, tenant, EnrichLead(lead_id=lead_id))
    enqueue(database, tenant, EnrichLead(lead_id=lead_id))
    done = forget(database, tenant, patience=0.1)
    assert (done.cancelled, done.fenced) == (1, 1)
    assert peek("SELECT count(*) FROM outrider.jobs") == [(0,)]
    with pytest.raises(LeaseLost), database.tenant(tenant) as tx:
        claims.complete(tx, running.id, running.token)


def test_what_runs_may_end_first(database: Database, tenant: UUID) -> None:
    with database.tenant(tenant) as tx:
        lead_id = capture(tx, ADA)
    running = start(database, tenant, EnrichLead(lead_id=lead_id))

    def end() -> None:
        with database.tenant(tenant) as tx:
            claims.complete(tx, running.id, running.token)

    timer = threading.Timer(0.3, end)
    timer.start()
    assert forget(database, tenant, patience=30).fenced == 0
    timer.join()


def test_a_mail_in_doubt_stays_in_doubt_and_names_nobody(outreach: Outreach, peek: Peek) -> None:
    enrollment = outreach.enroll(ADA, full_name="Ada Lovelace")
    outreach.sender.answer = lambda _: Unanswered("The line broke.")
    job_id = outreach.send(enrollment.id)
    assert peek("SELECT state::text FROM outrider.effects WHERE key LIKE 'email:%'") == [
        ("in_doubt",)
    ]
    done = forget(outreach.database, outreach.tenant)
    assert (done.doubts, done.stopped, done.cancelled) == (1, 1, 1)
    assert outreach.bench.state(job_id)[0] is JobOutcome.CANCELLED
    assert peek("SELECT state::text FROM outrider.effects WHERE key LIKE 'email:%'") == [
        ("in_doubt",)
    ]
    assert peek("SELECT status::text, to_address, subject, body_text FROM outrider.messages") == [
        ("sending", "", None, None)
    ]


def test_an_answer_to_an_old_mail_reaches_nobody_who_was_forgotten(
    outreach: Outreach, peek: Peek
) -> None:
    enrollment = outreach.enroll(ADA)
    outreach.send(enrollment.id)
    forget(outreach.database, outreach.tenant)
    with outreach.database.tenant(outreach.tenant) as tx:
        assert messages.find_last_outbound_to(tx, ADA, enrollment.mailbox_id) is None
    assert peek("SELECT * FROM outrider.unsubscribe_door(%s)", enrollment.token) == []


def test_an_erasure_that_broke_off_has_stopped_everything_and_goes_on_when_it_is_run_again(
    outreach: Outreach, peek: Peek
) -> None:
    enrollment = outreach.enroll(ADA)
    peek("ALTER TABLE outrider.campaigns ADD COLUMN note text")
    with pytest.raises(psycopg.errors.InvalidSchemaDefinition):
        forget(outreach.database, outreach.tenant)
    assert peek("SELECT status::text FROM outrider.enrollments") == [("stopped",)]
    assert peek("SELECT reason::text FROM outrider.suppressions") == [("erasure",)]
    assert peek("SELECT email, deleted_at IS NOT NULL FROM outrider.leads") == [(ADA, True)]
    peek("ALTER TABLE outrider.campaigns DROP COLUMN note")
    assert forget(outreach.database, outreach.tenant).leads == 1
    assert peek("SELECT email FROM outrider.leads WHERE id = %s", enrollment.lead_id) == [(None,)]
