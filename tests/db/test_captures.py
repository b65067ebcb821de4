"""Who is known already: by address, then by LinkedIn profile; and what is kept of what was said."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from db import Database, Tx, captures, leads, timelines
from db.captures import Captured
from schemas.enums import LeadStatus
from schemas.leads import LeadIn

ADA = "https://www.linkedin.com/in/Ada/?trk=share"


def meet(tx: Tx, way: str = "webhook:web", **said: str) -> Captured:
    return captures.capture(tx, LeadIn.model_validate(said), source=way)


def sources(tx: Tx, lead_id: UUID) -> tuple[object, ...] | None:
    query = "SELECT source, sources FROM outrider.leads WHERE id = %s"
    return tx.conn.execute(query, (lead_id,)).fetchone()


def twins(tx: Tx, lead_id: UUID) -> list[str]:
    return [line.text for line in timelines.of_lead(tx, lead_id) if line.what == "twin"]


def test_the_first_source_stays_and_later_ones_are_remembered(
    database: Database, tenant: UUID
) -> None:
    with database.tenant(tenant) as tx:
        lead_id = meet(tx, email="ada@acme.test", source="zoominfo").lead_id
        for one in ("apollo", "clearbit", "apollo", "zoominfo"):
            assert meet(tx, email="ADA@acme.test", source=one) == Captured(lead_id, new=False)
        meet(tx, email="ada@acme.test")
        assert sources(tx, lead_id) == ("zoominfo", ["zoominfo", "apollo", "clearbit", "webhook:web"])  # fmt: skip


def test_a_person_without_an_address_is_known_by_the_profile(
    database: Database, tenant: UUID
) -> None:
    with database.tenant(tenant) as tx:
        ada = meet(tx, linkedin_url=ADA, full_name="Ada")
        assert ada.new
        again = meet(tx, linkedin_url="https://uk.linkedin.com/in/ada", title="Countess")
        assert again == Captured(ada.lead_id, new=False)
        assert (leads.get(tx, ada.lead_id).title, leads.get(tx, ada.lead_id).full_name) == ("Countess", "Ada")  # fmt: skip
        # The address comes later, and is hers.
        assert meet(tx, email="ada@acme.test", linkedin_url=ADA) == Captured(ada.lead_id, new=False)
        assert leads.get(tx, ada.lead_id).email == "ada@acme.test"
        assert meet(tx, linkedin_url=ADA) == Captured(ada.lead_id, new=False)
        assert twins(tx, ada.lead_id) == []


def test_two_addresses_with_one_profile_stay_two_leads_and_both_say_so(
    database: Database, tenant: UUID
) -> None:
    with database.tenant(tenant) as tx:
        one = meet(tx, email="ada@acme.test", linkedin_url=ADA).lead_id
        two = meet(tx, email="ada@home.test", linkedin_url=ADA)
        assert two.new
        meet(tx, email="ada@home.test", linkedin_url=ADA)
        assert meet(tx, linkedin_url=ADA).lead_id == one  # the oldest
        assert twins(tx, one) == [f"has the profile of lead {two.lead_id}"]
        assert twins(tx, two.lead_id) == [f"has the profile of lead {one}"]


def test_a_profile_without_an_address_and_an_address_of_another_lead_are_not_merged(
    database: Database, tenant: UUID
) -> None:
    with database.tenant(tenant) as tx:
        bare = meet(tx, linkedin_url=ADA).lead_id
        known = meet(tx, email="ada@acme.test").lead_id
        assert meet(tx, email="ada@acme.test", linkedin_url=ADA).lead_id == known
        assert leads.get(tx, bare).email is None
        assert twins(tx, bare) == [f"has the profile of lead {known}"]


def test_one_profile_that_comes_from_eight_at_once_is_one_lead(
    database: Database, tenant: UUID
) -> None:
    def once(_: int) -> Captured:
        with database.tenant(tenant) as tx:
            return meet(tx, linkedin_url=ADA)

    with ThreadPoolExecutor(8) as pool:
        met = list(pool.map(once, range(8)))
    assert len({one.lead_id for one in met}) == 1
    assert sum(one.new for one in met) == 1


@pytest.mark.parametrize("said", [{}, {"email": ""}, {"linkedin_url": ""}, {"phone": "+44 1234"}])
def test_somebody_who_can_be_reached_by_nothing_is_refused(said: dict[str, str]) -> None:
    with pytest.raises(
        ValueError, match=r"email\n.*is required; send the person's e-mail address, or"
    ):
        LeadIn.model_validate(said)


def test_a_new_lead_is_new(database: Database, tenant: UUID) -> None:
    with database.tenant(tenant) as tx:
        lead_id = meet(tx, linkedin_url=ADA).lead_id
        assert leads.get_by_name(tx, "linkedin.com/in/ada").id == lead_id
        assert leads.get_by_name(tx, str(lead_id)).status is LeadStatus.NEW
