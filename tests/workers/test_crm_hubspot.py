"""The actors and HubSpot's stand-in together: what is in the CRM, counted from its own records."""

from collections.abc import Callable
from typing import Any

import pytest

from schemas.crm_fields import FieldMapping
from schemas.enums import JobOutcome, JobState
from tests.fix_crm import Portal, Telling

Told = Callable[..., tuple[Telling, Portal]]


def until_told(telling: Telling) -> None:
    """Collect and push until nothing waits, as the fleet would with patience."""
    for _ in range(40):
        if not telling.outbox():
            return
        telling.collect()
        while telling.peek("SELECT 1 FROM outrider.jobs WHERE actor = 'crm.upsert'"):
            telling.end_backoff()
            telling.upsert()
    raise AssertionError(telling.outbox())


@pytest.mark.system(12)
def test_a_contact_is_there_exactly_once_though_the_answer_was_lost(told: Told) -> None:
    telling, there = told(lost=1)
    lead_id = telling.lead("ada@firm.example", first_name="Ada", title="Countess")
    telling.collect()
    assert telling.upsert()[0] is JobState.DELAYED
    assert list(there.contacts()) == ["ada@firm.example"], "it was carried out"
    assert telling.log() == [], "and nobody told us"
    there.api.traps = there.api.traps.model_copy(update={"lost": 0})
    there.api._springs.traps = there.api.traps
    telling.end_backoff()
    assert telling.upsert()[0] is JobOutcome.DONE
    assert [line["was_new"] for line in there.lines()].count(True) == 1
    assert len(there.contacts()) == 1
    assert (telling.log(), telling.outbox()) == ([(lead_id, "updated", None)], [])
    links = telling.peek("SELECT remote_id FROM outrider.crm_links")
    assert links == [(there.api.store.contacts["ada@firm.example"].id,)]


@pytest.mark.system(12)
def test_a_field_that_is_only_filled_keeps_what_a_person_wrote(told: Told) -> None:
    telling, there = told()
    theirs = {"firstname": "Augusta", "phone": ""}
    seed(there, "ada@firm.example", theirs)
    telling.lead("ada@firm.example", first_name="Ada", phone="+44 1")
    telling.tell()
    known = there.contacts()["ada@firm.example"]
    assert (known["firstname"], known["phone"]) == ("Augusta", "+44 1")
    assert known["outrider_status"] == "lost"


def seed(there: Portal, email: str, properties: dict[str, str]) -> None:
    """A contact that was in the CRM before us."""
    from providers.standins.hubspot_store import Input

    there.api.store.upsert(Input(id=email, idProperty="email", properties=properties))


def test_a_change_that_was_lost_and_taken_back_is_told_again(told: Told) -> None:
    """What the contact holds is unknown after a lost answer; the old hash must not say otherwise."""
    telling, there = told()
    lead_id = telling.lead("ada@firm.example")
    telling.map_title()
    telling.change(lead_id, "Old")
    telling.tell()
    springs: Any = there.api._springs
    springs.traps = springs.traps.model_copy(update={"lost": 1})
    telling.change(lead_id, "New")
    telling.tell()
    assert there.contacts()["ada@firm.example"]["jobtitle"] == "New"
    springs.traps = springs.traps.model_copy(update={"lost": 0})
    telling.change(lead_id, "Old")
    until_told(telling)
    assert there.contacts()["ada@firm.example"]["jobtitle"] == "Old"


def test_with_every_trap_on_each_lead_is_one_contact_and_every_change_arrives(told: Told) -> None:
    telling, there = told(lost=4, throttle=6, broken=7, partial=3, missing=5)
    telling.map_title()
    people = {telling.lead(f"p{n}@firm.example", title="first"): n for n in range(130)}
    until_told(telling)
    for lead_id, n in people.items():
        if n % 3 == 0:
            telling.change(lead_id, "second")
    until_told(telling)
    titles = {email: known["jobtitle"] for email, known in there.contacts().items()}
    assert titles == {
        f"p{n}@firm.example": "second" if n % 3 == 0 else "first" for n in people.values()
    }
    assert [line["was_new"] for line in there.lines()].count(True) == 130
    links = dict(telling.peek("SELECT lead_id, remote_id FROM outrider.crm_links"))
    assert links == {
        lead_id: there.api.store.contacts[f"p{n}@firm.example"].id for lead_id, n in people.items()
    }


def test_a_bad_value_costs_its_own_lead_and_no_other(told: Told) -> None:
    telling, there = told()
    telling.map_only(FieldMapping(local_field="title", remote_field="hs_lead_status"))
    bad = telling.lead("bad@firm.example", title="thrilled")
    good = telling.lead("good@firm.example")
    telling.tell()
    assert sorted(telling.log()) == sorted(
        [(bad, "failed", "INVALID_OPTION"), (good, "created", None)]
    )
    assert (list(there.contacts()), telling.outbox()) == (["good@firm.example"], [])


def test_a_revoked_token_is_seen_at_the_first_call(told: Told) -> None:
    telling, there = told()
    telling.lead("ada@firm.example")
    there.api.token = "rotated"
    telling.tell()
    status, reason = telling.status()
    assert status == "needs_reauth"
    assert "outrider crm connect" in reason
    assert len(telling.outbox()) == 1
