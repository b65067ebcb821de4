"""Pipelines as data: what follows, exactly once, and what can never be written."""

from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import UUID

import pytest

from db import Database, jobs
from pipelines import graph
from pipelines.dsl import BrokenPipeline, Pipeline, on
from pipelines.engine import PIPELINES, emit
from pipelines.lead_journey import LEAD_JOURNEY
from schemas.base import Event, Job
from schemas.enums import LeadTier
from schemas.events import EnrollmentPaused, LeadCaptured, LeadEnriched, LeadScored
from schemas.jobs import EnrichLead, ScoreLead
from tests.fix_world import Said
from workers.actor import registered
from workers.process import actor_names

LEAD = UUID(int=7)


class Opened(LeadCaptured):
    """A child of another fact."""

    name: ClassVar[str] = "toy.opened"
    times: int


class Follow(Job):
    name: ClassVar[str] = "toy.follow"
    lead_id: UUID


def test_a_captured_lead_is_enriched_and_an_enriched_one_scored() -> None:
    journey = LEAD_JOURNEY
    assert [c.job for c in journey.consequences(LeadCaptured(lead_id=LEAD))] == [
        EnrichLead(lead_id=LEAD)]  # fmt: skip
    assert [c.job for c in journey.consequences(LeadEnriched(lead_id=LEAD))] == [
        ScoreLead(lead_id=LEAD)]  # fmt: skip


def test_a_condition_and_a_wait_are_part_of_the_table() -> None:
    pipeline = Pipeline(
        "toy", on(Opened, then=Follow, when=lambda e: e.times > 1, after=timedelta(days=3))
    )
    assert list(pipeline.consequences(Opened(lead_id=LEAD, times=1))) == []
    [consequence] = pipeline.consequences(Opened(lead_id=LEAD, times=2))
    assert (consequence.job, consequence.after) == (Follow(lead_id=LEAD), timedelta(days=3))


def test_a_job_may_wait_for_the_moment_that_its_fact_names() -> None:
    class Booked(LeadCaptured):
        name: ClassVar[str] = "toy.booked"
        starts_at: datetime

    moment = datetime(2031, 3, 1, tzinfo=UTC)
    pipeline = Pipeline("toy", on(Booked, then=Follow, until="starts_at"))
    [consequence] = pipeline.consequences(Booked(lead_id=LEAD, starts_at=moment))
    assert consequence.due_at == moment
    with pytest.raises(BrokenPipeline, match=r"Follow needs \['ends_at'\], which Booked has not"):
        on(Booked, then=Follow, until="ends_at")


def test_a_line_waits_in_one_way() -> None:
    with pytest.raises(BrokenPipeline, match="Follow waits in two ways for LeadCaptured"):
        on(LeadCaptured, then=Follow, after=timedelta(days=1), gather=timedelta(0))


def test_facts_of_one_wait_gather_into_one_job(database: Database, tenant: UUID) -> None:
    with database.tenant(tenant) as tx:
        first = emit(tx, LeadScored(lead_id=LEAD, tier=LeadTier.HOT), key="1")
        assert len(first) == 1
        assert emit(tx, LeadScored(lead_id=UUID(int=8), tier=LeadTier.COLD), key="2") == []


def test_the_newest_fact_of_one_thing_takes_the_place_of_the_one_that_waits(
    database: Database, tenant: UUID
) -> None:
    def paused(who: UUID, epoch: int) -> list[int]:
        fact = EnrollmentPaused(
            enrollment_id=who, epoch=epoch, due_at=datetime(2031, 1, epoch, tzinfo=UTC)
        )
        with database.tenant(tenant) as tx:
            return emit(tx, fact, key=f"{who}:{epoch}")

    [first] = paused(LEAD, 1)
    assert paused(LEAD, 2) == []
    assert len(paused(UUID(int=8), 3)) == 1
    with database.tenant(tenant) as tx:
        row = jobs.find(tx, first)
    assert row
    assert row.due_at == datetime(2031, 1, 2, tzinfo=UTC)


def test_newest_names_a_field_and_does_not_gather() -> None:
    with pytest.raises(
        BrokenPipeline, match=r"Follow needs \['seat'\], which LeadCaptured has not"
    ):
        on(LeadCaptured, then=Follow, newest_per="seat")
    with pytest.raises(BrokenPipeline, match="none is newer"):
        on(LeadCaptured, then=Follow, gather=timedelta(0), newest_per="lead_id")


def test_a_child_of_a_fact_is_another_fact() -> None:
    pipeline = Pipeline("toy", on(LeadCaptured, then=Follow))
    assert list(pipeline.consequences(Opened(lead_id=LEAD, times=1))) == []


def test_a_job_that_needs_what_its_fact_has_not_is_refused_at_import() -> None:
    class Greedy(Job):
        name: ClassVar[str] = "toy.greedy"
        budget: int

    with pytest.raises(
        BrokenPipeline, match=r"Greedy needs \['budget'\], which LeadCaptured has not"
    ):
        on(LeadCaptured, then=Greedy)


def test_a_fact_makes_its_work_once_per_occurrence(database: Database, tenant: UUID) -> None:
    with database.tenant(tenant) as tx:
        assert len(emit(tx, LeadCaptured(lead_id=LEAD), key="web:1")) == 1
        assert emit(tx, LeadCaptured(lead_id=LEAD), key="web:1") == []
        assert len(emit(tx, LeadCaptured(lead_id=LEAD), key="web:2")) == 1
        assert tx.rings == {"lead.enrich"}


def test_a_fact_without_consequences_makes_none(database: Database, tenant: UUID) -> None:
    class Nothing(Event):
        name: ClassVar[str] = "toy.nothing"

    with database.tenant(tenant) as tx:
        assert emit(tx, Nothing(), key="k") == []


def test_every_job_of_a_pipeline_has_its_actor() -> None:
    assert actor_names()
    specs = registered()
    for pipeline in PIPELINES:
        for step in pipeline.steps:
            assert specs[step.job.name].job is step.job


def test_the_picture_shows_every_step_and_every_clock(said: Said) -> None:
    drawn = graph.mermaid()
    for pipeline in PIPELINES:
        for step in pipeline.steps:
            assert f"  {step.event.__name__}([{step.event.name}]) --" in drawn
            assert f"> {step.job.__name__}[{step.job.name}]" in drawn
    assert "lead.captured → lead.enrich" in graph.text()
    assert "*/10 * * * * UTC → house.check_invariants" in graph.text()
