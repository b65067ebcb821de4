"""`enrich_lead`: what it finds, from whom, how often it asks, and whom it never contradicts."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from db import Database, enrichments, leads
from db.leads import Lead
from providers.fake import FakeDomains, acme
from schemas.enrichments import DomainFacts
from schemas.enums import EmailStatus, JobOutcome, JobState, LeadStatus
from schemas.errors import JobError, Permanent, RateLimited, Transient
from schemas.jobs import EnrichLead
from tests.factories import capture, pick, tenant_called
from tests.fix_world import Bench
from workers.actor import registered

Peek = Callable[..., list[tuple[Any, ...]]]
ENRICH = registered(["lead.enrich"])["lead.enrich"]


@pytest.fixture
def lead_id(database: Database, tenant: UUID) -> UUID:
    """Ada of acme.test, as her webhook left her."""
    with database.tenant(tenant) as tx:
        return capture(tx, "ada@acme.test", title="CTO")


def enrich(bench: Bench, lead_id: UUID) -> int:
    return bench.do(ENRICH, EnrichLead(lead_id=lead_id))


def lead_of(bench: Bench, lead_id: UUID) -> Lead:
    with bench.database.tenant(bench.tenant) as tx:
        return leads.get(tx, lead_id)


def found(bench: Bench, lead_id: UUID) -> dict[str, Any]:
    with bench.database.tenant(bench.tenant) as tx:
        current = enrichments.find_current(tx, lead_id)
    assert current
    return current.fields


@pytest.mark.system(25)
def test_what_is_found_lands_with_its_source(bench: Bench, lead_id: UUID, peek: Peek) -> None:
    assert bench.state(enrich(bench, lead_id)) == (JobOutcome.DONE, 1)
    lead = lead_of(bench, lead_id)
    assert (lead.status, lead.company_name, lead.company_domain, lead.country) == (
        LeadStatus.ENRICHED, "Acme", "acme.test", "DE")  # fmt: skip
    fields = found(bench, lead_id)
    assert fields["title"] == {"value": "CTO", "source": "given"}
    assert fields["employee_count"] == {"value": 120, "source": "page"}
    assert fields["mail_operator"] == {"value": "google", "source": "dns"}
    assert fields["company_domain"] == {"value": "acme.test", "source": "address"}
    assert peek("SELECT name, employee_count FROM outrider.companies") == [("Acme", 120)]
    assert len(pick(bench.database, "lead.score")) == 1


@pytest.mark.system(25)
def test_each_field_names_its_source_and_a_verified_address_stays_verified(
    bench: Bench, lead_id: UUID, domains: FakeDomains, at: Callable[[datetime], None], peek: Peek
) -> None:
    """Provider payload lands with provenance per field; a later weaker source does not overwrite a
    verified mail
    """
    at(datetime(2031, 5, 1, tzinfo=UTC))
    peek("UPDATE outrider.leads SET email_status = 'verified'")
    enrich(bench, lead_id)
    assert {name: field["source"] for name, field in found(bench, lead_id).items()} == {
        "title": "given", "company_domain": "address", "mail_operator": "dns", "company_name": "page",
        "country": "page", "employee_count": "page", "hiring": "page", "website": "page"}  # fmt: skip
    domains.answer = lambda domain: DomainFacts(domain=domain, has_mx=False)
    at(datetime(2031, 6, 1, tzinfo=UTC))  # the month's look-up is less sure than whoever verified
    enrich(bench, lead_id)
    assert peek("SELECT facts ->> 'email_status' FROM outrider.enrichment_results WHERE is_current") == [
        ("invalid",)]  # fmt: skip
    lead = lead_of(bench, lead_id)
    assert (lead.email, lead.email_status) == ("ada@acme.test", EmailStatus.VERIFIED)
    assert lead.status is LeadStatus.ENRICHED


def test_a_second_run_asks_nobody_and_changes_nothing(
    bench: Bench, lead_id: UUID, domains: FakeDomains, peek: Peek
) -> None:
    enrich(bench, lead_id)
    before = found(bench, lead_id), lead_of(bench, lead_id)
    enrich(bench, lead_id)
    assert (found(bench, lead_id), lead_of(bench, lead_id)) == before
    assert domains.calls.total() == 1
    assert peek(
        "SELECT count(*), count(*) FILTER (WHERE is_current) FROM outrider.enrichment_results"
    ) == [(1, 1)]
    assert peek("SELECT count(*) FROM outrider.lead_status_transitions") == [(2,)]


def test_colleagues_share_one_look_and_the_next_month_asks_again(
    bench: Bench, database: Database, tenant: UUID, domains: FakeDomains,
    at: Callable[[datetime], None],
) -> None:  # fmt: skip
    at(datetime(2031, 5, 31, 23, tzinfo=UTC))
    with database.tenant(tenant) as tx:
        people = [capture(tx, f"{name}@acme.test") for name in ("ada", "bob", "eve")]
    for person in people:
        enrich(bench, person)
    assert list(domains.calls) == ["domain.look:acme.test||2031-05"]
    at(datetime(2031, 6, 1, 1, tzinfo=UTC))
    enrich(bench, people[0])
    assert domains.calls.total() == 2


@pytest.mark.system(25)
def test_what_a_person_told_us_is_never_overwritten(
    bench: Bench, database: Database, tenant: UUID, peek: Peek
) -> None:
    with database.tenant(tenant) as tx:
        lead_id = capture(tx, "ada@acme.test", company_name="Acme Labs", country="FR")
    peek("UPDATE outrider.leads SET email_status = 'verified'")
    enrich(bench, lead_id)
    lead = lead_of(bench, lead_id)
    assert (lead.company_name, lead.country, lead.email_status) == (
        "Acme Labs", "FR", EmailStatus.VERIFIED)  # fmt: skip
    assert found(bench, lead_id)["company_name"] == {"value": "Acme Labs", "source": "given"}


@pytest.mark.system(25)
def test_our_own_guess_never_turns_into_testimony(
    bench: Bench, lead_id: UUID, domains: FakeDomains, at: Callable[[datetime], None]
) -> None:
    """The page said DE in May; in June it says FR, and nobody ever told us either."""
    at(datetime(2031, 5, 1, tzinfo=UTC))
    enrich(bench, lead_id)
    assert found(bench, lead_id)["country"] == {"value": "DE", "source": "page"}
    page = acme("acme.test").page
    assert page
    changed = acme("acme.test").model_copy(
        update={"page": page.model_copy(update={"country": "FR"})}
    )
    domains.answer = lambda _: changed
    at(datetime(2031, 6, 1, tzinfo=UTC))
    enrich(bench, lead_id)
    assert found(bench, lead_id)["country"] == {"value": "FR", "source": "page"}
    assert lead_of(bench, lead_id).country == "FR"
    at(datetime(2031, 7, 1, tzinfo=UTC))
    enrich(bench, lead_id)
    assert found(bench, lead_id)["country"]["source"] == "page"
    domains.answer = lambda domain: DomainFacts(domain=domain, has_mx=True)  # the page is gone
    for month in (8, 9):
        at(datetime(2031, month, 1, tzinfo=UTC))
        enrich(bench, lead_id)
        assert "country" not in found(bench, lead_id)
    assert lead_of(bench, lead_id).country == "FR"


ERRORS: list[tuple[JobError, JobState | JobOutcome, int]] = [
    (Transient("resolver away"), JobState.DELAYED, 1),
    (RateLimited("proxy busy", retry_after=datetime.resolution), JobState.DELAYED, 0),
    (Permanent("proxy refuses us"), JobOutcome.DEAD, 1),
]


@pytest.mark.parametrize(("error", "state", "attempts"), ERRORS)
def test_a_look_up_that_fails_leaves_the_lead_as_it_was(
    bench: Bench, lead_id: UUID, domains: FakeDomains, peek: Peek, error: JobError,
    state: JobState | JobOutcome, attempts: int,
) -> None:  # fmt: skip
    domains.answer = lambda _: error
    job_id = enrich(bench, lead_id)
    assert bench.state(job_id) == (state, attempts)
    assert lead_of(bench, lead_id).status is LeadStatus.NEW
    assert peek("SELECT count(*) FROM outrider.enrichment_results") == [(0,)]
    domains.answer = acme
    again = enrich(bench, lead_id)
    assert bench.state(again) == (JobOutcome.DONE, 1)


def test_a_domain_that_is_not_there_is_a_conclusion(
    bench: Bench, lead_id: UUID, domains: FakeDomains
) -> None:
    domains.answer = lambda domain: DomainFacts(domain=domain, has_mx=False)
    assert bench.state(enrich(bench, lead_id)) == (JobOutcome.DONE, 1)
    assert lead_of(bench, lead_id).email_status is EmailStatus.INVALID


def test_a_private_address_asks_nobody(
    bench: Bench, database: Database, tenant: UUID, domains: FakeDomains
) -> None:
    with database.tenant(tenant) as tx:
        lead_id = capture(tx, "ada@gmail.com")
    assert bench.state(enrich(bench, lead_id)) == (JobOutcome.DONE, 1)
    assert domains.calls.total() == 0
    assert lead_of(bench, lead_id).status is LeadStatus.ENRICHED


@pytest.mark.parametrize("why", ["never", "deleted", "foreign"])
def test_a_lead_that_is_gone_is_a_dead_letter(
    bench: Bench, database: Database, lead_id: UUID, peek: Peek, why: str
) -> None:
    if why == "never":
        lead_id = uuid4()
    elif why == "deleted":
        peek("UPDATE outrider.leads SET deleted_at = now()")
    else:
        bench.tenant = tenant_called(database, "stranger")
    assert bench.state(enrich(bench, lead_id)) == (JobOutcome.DEAD, 1)


def test_a_lead_that_lost_its_address_is_a_dead_letter_and_no_bug(
    bench: Bench, lead_id: UUID, peek: Peek
) -> None:
    peek("UPDATE outrider.leads SET email = NULL, phone = '1'")
    assert bench.state(enrich(bench, lead_id)) == (JobOutcome.DEAD, 1)


@pytest.mark.system(3)
@pytest.mark.parametrize("status", ["scored", "converted", "unsubscribed", "bounced"])
def test_a_lead_that_is_further_on_learns_and_does_not_go_back(
    bench: Bench, lead_id: UUID, peek: Peek, sick: list[str], status: str
) -> None:
    sick.append("leads.unproven")
    peek("SET session_replication_role = replica")  # past the trigger that refuses most of these
    peek("UPDATE outrider.leads SET status = %s::outrider.lead_status", status)
    peek("UPDATE outrider.lead_status_transitions SET to_status = %s::outrider.lead_status", status)
    assert bench.state(enrich(bench, lead_id)) == (JobOutcome.DONE, 1)
    assert lead_of(bench, lead_id).status == status
    assert peek("SELECT count(*) FROM outrider.lead_status_transitions") == [(1,)]
