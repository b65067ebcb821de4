"""When the CRM does not listen: nothing is lost, nothing loops, and somebody can see why."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from db import crm_connections, jobs
from providers.fake_crm import FakeCrm
from schemas.contacts import Contact, Outcome
from schemas.enums import JobOutcome, JobState
from schemas.errors import JobError, NeedsReauth, Permanent, RateLimited, Transient
from tests.fix_crm import Telling
from tests.fix_world import Bench
from workers.replay import replay

ADA = "ada@firm.example"


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Transient("The CRM hiccuped."), JobState.DELAYED),
        (RateLimited("Too fast.", retry_after=timedelta(minutes=1)), JobState.DELAYED),
        (ValueError("a bug"), JobState.DELAYED),
        (Permanent("base_url: not HubSpot."), JobOutcome.DEAD),
    ],
)
def test_trouble_loses_nothing(
    telling: Telling, crm: FakeCrm, error: Exception, state: JobState | JobOutcome
) -> None:
    lead_id = telling.lead()

    def trouble(_contacts: Sequence[Contact]) -> JobError | None:
        raise error

    crm.fail = trouble
    telling.collect()
    assert telling.upsert()[0] is state
    assert telling.outbox() == [(lead_id, 1, True, 0)], "it waits in its batch"
    assert telling.status() == ("connected", None)


def test_a_batch_that_died_is_told_when_it_is_replayed(telling: Telling, crm: FakeCrm) -> None:
    telling.lead()
    crm.fail = lambda _contacts: Permanent("base_url: not HubSpot.")
    telling.tell()
    telling.change(telling.outbox()[0][0], "changed since")
    assert telling.collect() == [], "an open dead letter has it"
    crm.fail = None
    [(letter,)] = telling.peek("SELECT id FROM outrider.dead_letters")
    replay(telling.database, letter, operator="test", reason="fixed")
    assert telling.upsert()[0] is JobOutcome.DONE
    assert (crm.contacts[ADA]["jobtitle"], telling.outbox()) == ("changed since", [])


def test_a_batch_whose_job_was_cancelled_is_collected_again(telling: Telling, crm: FakeCrm) -> None:
    telling.lead()
    [batch_id] = telling.collect()
    with telling.database.tenant(telling.tenant) as tx:
        [(job_id,)] = telling.peek("SELECT id FROM outrider.jobs WHERE actor = 'crm.upsert'")
        assert jobs.cancel(tx, job_id)
    [another] = telling.collect()
    assert another != batch_id
    telling.upsert()
    assert (list(crm.contacts), telling.outbox()) == ([ADA], [])


@pytest.mark.system(30)
def test_a_refused_token_stops_this_connection_alone_until_it_is_connected_again(
    telling: Telling, crm: FakeCrm
) -> None:
    lead_id = telling.lead()
    crm.fail = lambda _contacts: NeedsReauth("token: refused.")
    telling.collect()
    assert telling.upsert() == (JobOutcome.DONE, 1), "no retry can help"
    assert telling.status() == ("needs_reauth", "token: refused.")
    assert telling.outbox() == [(lead_id, 1, False, 0)], "nothing is lost"
    assert telling.collect() == []
    crm.fail = None
    telling.connect(crm, token="another")
    assert telling.status() == ("connected", None)
    assert telling.peek("SELECT 1 FROM outrider.jobs WHERE actor = 'crm.collect'"), "it wakes"
    telling.tell()
    assert (list(crm.contacts), telling.outbox()) == ([ADA], [])


def test_batches_that_wait_while_the_token_is_refused_come_back_too(
    telling: Telling, crm: FakeCrm
) -> None:
    telling.lead()
    telling.collect()
    with telling.database.tenant(telling.tenant) as tx:
        [connection] = crm_connections.list_connected(tx)
        assert crm_connections.need_reauth(tx, connection.id, "token: refused.")
        assert not crm_connections.need_reauth(tx, connection.id, "again")
    assert telling.upsert()[0] is JobOutcome.DONE
    assert crm.calls == []
    assert [batched for _, _, batched, _ in telling.outbox()] == [False]


class Picky(FakeCrm):
    """Refuses every contact for one reason."""

    def __init__(self, *, again: bool) -> None:
        super().__init__()
        self.again = again

    def _upsert(self, contact: Contact) -> Outcome:
        return Outcome(key=contact.key, state="failed", error_code="NO", error="No.", again=self.again)  # fmt: skip


def test_a_contact_that_the_crm_refuses_is_logged_and_leaves(telling: Telling) -> None:
    lead_id = telling.lead()
    told_by(telling, Picky(again=False))
    telling.tell()
    assert telling.log() == [(lead_id, "failed", "NO")]
    assert telling.outbox() == []
    telling.change(lead_id, "corrected")
    assert len(telling.outbox()) == 1, "until it changes"


def test_a_refusal_that_may_pass_is_tried_again_and_not_for_ever(telling: Telling) -> None:
    lead_id = telling.lead()
    told_by(telling, Picky(again=True))
    for tries in range(1, 10):
        telling.tell()
        assert telling.outbox() == [(lead_id, 1, False, tries)]
    telling.tell()
    assert telling.outbox() == []
    assert telling.log() == [(lead_id, "failed", "NO")] * 10


def told_by(telling: Telling, crm: FakeCrm) -> None:
    """Another CRM takes the place of the tenant's."""
    telling.bench.runner.providers = replace(telling.bench.runner.providers, crm=crm)


class Merging(FakeCrm):
    """Takes everybody for one contact, as a CRM does with two addresses of one person."""

    def _upsert(self, contact: Contact) -> Outcome:
        return Outcome(key=contact.key, state="updated", remote_id="7")


def test_two_leads_that_the_crm_takes_for_one_do_not_cost_the_batch(
    telling: Telling, bench: Bench
) -> None:
    bench.runner.providers = replace(bench.runner.providers, crm=Merging())
    for number in range(2):
        telling.lead(f"p{number}@firm.example")
    telling.tell()
    assert telling.outbox() == []
    assert sorted(code or "" for _, _, code in telling.log()) == ["", "same_contact"]
    assert telling.peek("SELECT count(*), min(remote_id) FROM outrider.crm_links") == [(1, "7")]


def test_a_call_that_was_begun_and_given_back_is_no_open_question(
    telling: Telling, crm: FakeCrm
) -> None:
    telling.lead()
    telling.collect()
    crm.fail = lambda _contacts: Transient("The answer was lost.")
    telling.upsert()
    telling.peek(
        "UPDATE outrider.effects SET token = 99 WHERE state = 'intent'"
    )  # as a crash leaves it
    with telling.database.tenant(telling.tenant) as tx:
        [connection] = crm_connections.list_connected(tx)
        assert crm_connections.need_reauth(tx, connection.id, "token: refused.")
    telling.end_backoff()
    assert telling.upsert()[0] is JobOutcome.DONE
    assert telling.peek("SELECT state::text, token FROM outrider.effects") == [("intent", 0)]
