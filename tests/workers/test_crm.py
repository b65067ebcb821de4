"""The CRM hears of every change, of each once, and nothing is lost when it does not listen."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from db import Database, crm_connections, crm_links, crm_outbox, leads, suppressions
from providers.fake_crm import FakeCrm
from schemas.contacts import Contact
from schemas.crm_fields import FieldMapping
from schemas.enums import JobOutcome, JobState, LeadStatus, SuppressionKind, SuppressionReason
from schemas.jobs import CollectContacts, UpsertContacts
from tests.factories import capture, tenant_called
from tests.fix_crm import Telling
from tests.fix_world import Said
from workers.actor import registered

ADA = "ada@firm.example"


def test_a_change_that_the_crm_is_to_hear_of_arrives_there_once(
    telling: Telling, crm: FakeCrm, said: Said
) -> None:
    lead_id = telling.lead(ADA, first_name="Ada", title="Countess")
    assert telling.outbox() == [(lead_id, 1, False, 0)]
    telling.collect()
    assert telling.upsert() == (JobOutcome.DONE, 1)
    assert crm.contacts[ADA]["firstname"] == "Ada"
    assert crm.contacts[ADA]["jobtitle"] == "Countess"
    assert crm.contacts[ADA]["hs_lead_status"] == "UNQUALIFIED"
    assert crm.contacts[ADA]["outrider_status"] == "lost"
    assert (telling.outbox(), telling.log()) == ([], [(lead_id, "created", None)])
    assert ADA not in str(said), "ids, not addresses"


def test_a_lead_before_anything_happened_is_not_the_crms_business(telling: Telling) -> None:
    with telling.database.tenant(telling.tenant) as tx:
        lead_id = capture(tx)
    telling.change(lead_id, "Countess")
    assert (telling.outbox(), telling.collect()) == ([], [])


def test_the_same_again_is_not_sent_and_says_so(telling: Telling, crm: FakeCrm) -> None:
    lead_id = telling.lead(title="A")
    telling.tell()
    telling.change(lead_id, "B")
    telling.change(lead_id, "A")
    telling.tell()
    assert len(crm.calls) == 1
    assert telling.log() == [(lead_id, "created", None), (lead_id, "unchanged", None)]
    assert telling.outbox() == []


@pytest.mark.parametrize("actor", ["crm.collect", "crm.upsert"])
def test_twice_is_once(telling: Telling, crm: FakeCrm, actor: str) -> None:
    telling.lead()
    [batch_id] = telling.collect()
    job = CollectContacts() if actor == "crm.collect" else UpsertContacts(batch_id=batch_id)
    telling.bench.do(registered()[actor], job)
    telling.bench.do(registered()[actor], job)
    assert telling.upsert()[0] is JobOutcome.DONE
    assert len(crm.calls) == 1
    assert len(telling.log()) == 1


def test_a_batch_that_nobody_knows_is_through(telling: Telling, crm: FakeCrm) -> None:
    job_id = telling.bench.do(registered()["crm.upsert"], UpsertContacts(batch_id=uuid4()))
    assert telling.bench.state(job_id) == (JobOutcome.DONE, 1)
    assert crm.calls == []


def test_batches_hold_at_most_a_hundred_and_each_has_one_job(
    telling: Telling, crm: FakeCrm
) -> None:
    for number in range(205):
        telling.lead(f"p{number}@firm.example")
    assert len(telling.collect()) == 3
    for _ in range(3):
        telling.upsert()
    assert sorted(len(call) for call in crm.calls) == [5, 100, 100]
    assert (len(crm.contacts), telling.outbox()) == (205, [])


def test_a_change_while_the_batch_is_on_its_way_is_told_afterwards(
    telling: Telling, crm: FakeCrm
) -> None:
    lead_id = telling.lead(title="Old")

    def meanwhile(_contacts: Sequence[Contact]) -> None:
        if len(crm.calls) == 1:
            telling.change(lead_id, "New")

    crm.fail = meanwhile
    telling.map_only(FieldMapping(local_field="title", remote_field="jobtitle"))
    telling.tell()
    assert crm.contacts[ADA]["jobtitle"] == "Old"
    assert telling.outbox() == [(lead_id, 2, False, 0)], "free again"
    assert telling.peek("SELECT 1 FROM outrider.jobs WHERE actor = 'crm.collect'"), "and awaited"
    telling.tell()
    assert crm.contacts[ADA]["jobtitle"] == "New"
    assert telling.outbox() == []


def test_an_answer_that_was_kept_counts_for_what_was_said_then(
    telling: Telling, crm: FakeCrm, peek: Callable[..., list[tuple[Any, ...]]]
) -> None:
    """Killed between the answer and the end of the job, and the lead changes before the next try."""
    telling.map_only(FieldMapping(local_field="title", remote_field="jobtitle"))
    lead_id = telling.lead(title="Old")
    telling.collect()
    peek(
        """
        CREATE FUNCTION pg_temp.broken() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'killed here'; END $$
        """
    )
    peek(
        "CREATE TRIGGER broken BEFORE INSERT ON outrider.crm_log EXECUTE FUNCTION pg_temp.broken()"
    )
    assert telling.upsert()[0] is JobState.DELAYED
    peek("DROP TRIGGER broken ON outrider.crm_log")
    telling.change(lead_id, "New")
    telling.end_backoff()
    assert telling.upsert()[0] is JobOutcome.DONE
    assert len(crm.calls) == 1, "the kept answer was enough"
    assert telling.outbox() == [(lead_id, 2, False, 0)], "the change was not in it"
    telling.tell()
    assert crm.contacts[ADA]["jobtitle"] == "New"


def test_who_unsubscribed_or_is_suppressed_is_so_in_the_crm(telling: Telling, crm: FakeCrm) -> None:
    telling.lead("one@firm.example", to=LeadStatus.UNSUBSCRIBED)
    telling.lead("two@firm.example")
    telling.tell()
    assert crm.contacts["one@firm.example"]["outrider_status"] == "unsubscribed"
    assert crm.contacts["two@firm.example"]["outrider_status"] == "lost"
    with telling.database.tenant(telling.tenant) as tx:
        suppressions.add(tx, SuppressionKind.EMAIL, "Two@firm.example", SuppressionReason.MANUAL, "operator")  # fmt: skip
    telling.tell()
    assert crm.contacts["two@firm.example"]["outrider_status"] == "unsubscribed"


def test_a_deleted_lead_is_never_pushed(telling: Telling, crm: FakeCrm) -> None:
    lead_id = telling.lead()
    telling.peek("UPDATE outrider.leads SET deleted_at = outrider.now() WHERE id = %s", lead_id)
    telling.tell()
    assert (crm.contacts, telling.outbox(), telling.log()) == ({}, [], [])


def test_a_lead_without_an_address_is_logged_with_the_reason(
    telling: Telling, crm: FakeCrm
) -> None:
    lead_id = telling.lead()
    telling.peek("UPDATE outrider.leads SET email = NULL, phone = '1' WHERE id = %s", lead_id)
    telling.tell()
    assert telling.log() == [(lead_id, "failed", "no_address")]
    assert (crm.contacts, telling.outbox()) == ({}, [])


def test_a_person_met_anew_takes_over_the_contact(telling: Telling, crm: FakeCrm) -> None:
    first = telling.lead()
    telling.tell()
    telling.peek("UPDATE outrider.leads SET deleted_at = outrider.now() WHERE id = %s", first)
    second = telling.lead()
    telling.tell()
    assert telling.peek("SELECT lead_id FROM outrider.crm_links") == [(second,)]


def test_collectors_at_once_put_no_lead_into_two_batches(telling: Telling, sick: list[str]) -> None:
    sick.append("crm.stranded")  # batches without a job, for nobody collects by hand
    for number in range(3):
        telling.lead(f"p{number}@firm.example")
    with telling.database.tenant(telling.tenant) as one, telling.database.tenant(telling.tenant) as two:  # fmt: skip
        [connection] = crm_connections.list_connected(one)
        assert crm_outbox.collect(one, connection.id, limit=2)
        assert crm_outbox.collect(two, connection.id)
        assert crm_outbox.collect(two, connection.id) is None


def test_one_tenants_crm_hears_nothing_of_anothers_leads(
    telling: Telling, database: Database, crm: FakeCrm
) -> None:
    with database.tenant(tenant_called(database, "other")) as tx:
        lead = leads.get_locked(tx, capture(tx))
        leads.move(tx, lead, LeadStatus.LOST, cause="test")
    telling.tell()
    assert (crm.contacts, telling.outbox()) == ({}, [])


def test_forgetting_what_was_told_sends_it_again(telling: Telling, crm: FakeCrm) -> None:
    telling.lead()
    telling.tell()
    with telling.database.tenant(telling.tenant) as tx:
        connection = crm_connections.get_by_provider(tx, "hubspot")
        crm_links.forget(tx, connection.id)
        assert crm_outbox.queue_all(tx, connection.id) == 1
    telling.tell()
    assert len(crm.calls) == 2
    assert isinstance(connection.id, UUID)
