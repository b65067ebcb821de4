"""`score_lead`: one current score with reasons that add up, a new row only for new reasons."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from db import Database, leads
from schemas.enums import JobOutcome, LeadStatus
from schemas.jobs import EnrichLead, ScoreLead
from tests.factories import capture
from tests.fix_world import Bench
from workers.actor import registered

Peek = Callable[..., list[tuple[Any, ...]]]
ENRICH, SCORE = (registered()[name] for name in ("lead.enrich", "lead.score"))
ROWS = "SELECT score, tier::text, is_current, inputs_hash FROM outrider.scores ORDER BY id"


@pytest.fixture
def lead_id(bench: Bench, database: Database, tenant: UUID) -> UUID:
    """An enriched lead."""
    with database.tenant(tenant) as tx:
        lead_id = capture(tx, "ada@acme.test", title="Sales Manager")
    bench.do(ENRICH, EnrichLead(lead_id=lead_id))
    return lead_id


def score(bench: Bench, lead_id: UUID) -> int:
    return bench.do(SCORE, ScoreLead(lead_id=lead_id))


@pytest.mark.system(4)
def test_a_score_comes_with_reasons_that_add_up(bench: Bench, lead_id: UUID, peek: Peek) -> None:
    assert bench.state(score(bench, lead_id)) == (JobOutcome.DONE, 1)
    [(points, tier, factors)] = peek("SELECT score, tier::text, factors FROM outrider.scores")
    assert points == sum(factor["points"] for factor in factors)
    assert all(factor["because"] for factor in factors)
    assert peek("SELECT score, tier::text, status::text FROM outrider.leads") == [
        (points, tier, "scored")]  # fmt: skip


@pytest.mark.system(4)
def test_a_score_follows_from_its_inputs_and_is_written_when_they_change(
    bench: Bench, database: Database, tenant: UUID, lead_id: UUID, peek: Peek
) -> None:
    """Same inputs and model version give the same score, components and tier; a changed title
    rescoring writes a second row and flips is_current; an unchanged input hash writes
    nothing
    """
    with database.tenant(tenant) as tx:
        twin = capture(tx, "bob@acme.test", title="Sales Manager")
    bench.do(ENRICH, EnrichLead(lead_id=twin))
    for one in (lead_id, twin):
        score(bench, one)
    one, other = peek(
        "SELECT model, model_version, score, tier::text, factors, inputs_hash FROM outrider.scores"
    )
    assert one == other

    before = peek("SELECT * FROM outrider.scores ORDER BY id")
    for _ in range(2):
        assert bench.state(score(bench, lead_id)) == (JobOutcome.DONE, 1)
    assert peek("SELECT * FROM outrider.scores ORDER BY id") == before
    assert peek("SELECT count(*) FROM outrider.lead_status_transitions") == [(6,)]

    peek("UPDATE outrider.leads SET title = 'CEO' WHERE id = %s", lead_id)
    score(bench, lead_id)
    first, second = peek(
        "SELECT score, tier::text, is_current, inputs_hash FROM outrider.scores WHERE lead_id = %s ORDER BY id", lead_id)  # fmt: skip
    assert (first[2], second[2]) == (False, True)
    assert second[0] > first[0]
    assert second[3] != first[3]
    assert peek("SELECT score FROM outrider.leads WHERE id = %s", lead_id) == [(second[0],)]


@pytest.mark.system(4)
def test_a_title_that_changes_back_gives_the_first_score_again(
    bench: Bench, lead_id: UUID, peek: Peek
) -> None:
    for title in ("Sales Manager", "CEO", "Sales Manager"):
        peek("UPDATE outrider.leads SET title = %s", title)
        score(bench, lead_id)
    first, _, third = peek(ROWS)
    assert (third[0], third[1], third[3]) == (first[0], first[1], first[3])
    assert [row[2] for row in peek(ROWS)] == [False, False, True]


def test_a_lead_that_nobody_enriched_is_a_dead_letter(
    bench: Bench, database: Database, tenant: UUID, peek: Peek
) -> None:
    with database.tenant(tenant) as tx:
        bare = capture(tx, "bob@acme.test")
    assert bench.state(score(bench, bare)) == (JobOutcome.DEAD, 1)
    assert peek("SELECT error_class FROM outrider.dead_letters") == [("NoSuchRow",)]


def test_a_lead_that_is_gone_is_a_dead_letter(bench: Bench) -> None:
    assert bench.state(score(bench, uuid4())) == (JobOutcome.DEAD, 1)


@pytest.mark.system(3)
@pytest.mark.parametrize("status", [LeadStatus.IN_SEQUENCE, LeadStatus.UNSUBSCRIBED])
def test_a_lead_that_is_further_on_is_scored_and_does_not_move(
    bench: Bench, database: Database, lead_id: UUID, peek: Peek, status: LeadStatus
) -> None:
    score(bench, lead_id)
    with database.tenant(bench.tenant) as tx:
        assert leads.move(tx, leads.get_locked(tx, lead_id), status, cause="test")
    peek("UPDATE outrider.leads SET title = 'CEO'")
    assert bench.state(score(bench, lead_id)) == (JobOutcome.DONE, 1)
    assert len(peek(ROWS)) == 2
    with database.tenant(bench.tenant) as tx:
        assert leads.get(tx, lead_id).status is status
