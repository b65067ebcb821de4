"""A lead's way through the funnel, and what an actor gets that asks for a way that is none."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from db import Database, activities, leads
from pipelines.engine import emit
from schemas.enums import JobOutcome, JobState, LeadStatus
from schemas.events import LeadCaptured
from schemas.jobs import FillCampaigns, ScoreLead
from tests.factories import capture
from tests.fix_outreach import Outreach
from tests.fix_world import Bench, Fleet, Said, spec, until
from workers import process
from workers.actor import registered
from workers.context import Context

Peek = Callable[..., list[tuple[Any, ...]]]
PATH = "SELECT from_status::text, to_status::text FROM outrider.lead_status_transitions WHERE lead_id = %s ORDER BY id"


@pytest.mark.system(3)
def test_a_lead_runs_through_the_funnel_and_no_actor_jumps(
    outreach: Outreach, fleet: Callable[..., Fleet], said: Said, peek: Peek
) -> None:
    """A new lead runs new -> enriched -> scored -> in_sequence with one transition row each; an illegal jump (new -> converted by the scorer) is refused and logged."""
    outreach.campaign(outreach.mailbox(), min_score=1)
    fleet([registered()[name] for name in process.actor_names()])
    with outreach.database.tenant(outreach.tenant) as tx:
        ada = capture(tx, "ada@acme.test", full_name="Ada Lovelace", title="CTO", country="DE")
        emit(tx, LeadCaptured(lead_id=ada), key="web:1")
    until(lambda: outreach.status_of(ada) is LeadStatus.SCORED)
    until(lambda: peek("SELECT 1 FROM outrider.jobs WHERE actor = %s", FillCampaigns.name))
    [(due_at,)] = peek("SELECT due_at FROM outrider.jobs WHERE actor = %s", FillCampaigns.name)
    assert isinstance(due_at, datetime)
    outreach.at(due_at)
    until(lambda: outreach.status_of(ada) is LeadStatus.IN_SEQUENCE)
    way = [(None, "new"), ("new", "enriched"), ("enriched", "scored"), ("scored", "in_sequence")]
    assert peek(PATH, ada) == way

    def jump(job: ScoreLead, ctx: Context) -> None:
        with ctx.finish() as tx:
            lead = leads.get_locked(tx, job.lead_id)
            assert not leads.move(tx, lead, LeadStatus.CONVERTED, cause=ctx.job.name)

    with outreach.database.tenant(outreach.tenant) as tx:
        eve = capture(tx, "eve@acme.test")
    job_id = outreach.bench.do(spec(ScoreLead, jump), ScoreLead(lead_id=eve))
    assert outreach.bench.state(job_id) == (JobOutcome.DONE, 1)
    assert outreach.status_of(eve) is LeadStatus.NEW
    assert peek(PATH, eve) == [(None, "new")]
    [line] = [one for one in said if one["event"] == "lead.move_refused"]
    assert line["log_level"] == "warning"
    assert {"lead_id": str(eve), "before": "new", "to": "converted", "cause": "lead.score",
            "job_id": job_id}.items() <= line.items()  # fmt: skip
    with outreach.database.tenant(outreach.tenant) as tx:
        [refused] = activities.list_refused(tx, limit=10)
    assert (refused.lead_id, refused.job_id) == (eve, job_id)
    assert refused.text == "new → converted was asked for by lead.score, and is no move"


def test_a_jump_past_our_functions_is_refused_by_the_database(
    bench: Bench, database: Database, tenant: UUID, peek: Peek, said: Said
) -> None:
    with database.tenant(tenant) as tx:
        eve = capture(tx, "eve@acme.test")

    def force(job: ScoreLead, ctx: Context) -> None:
        with ctx.finish() as tx:
            tx.run("UPDATE outrider.leads SET status = 'converted' WHERE id = %(id)s", {"id": eve})

    job_id = bench.do(spec(ScoreLead, force), ScoreLead(lead_id=eve))
    assert bench.state(job_id)[0] is JobState.DELAYED
    assert peek("SELECT status::text FROM outrider.leads") == [("new",)]
    assert peek(PATH, eve) == [(None, "new")]
    assert "may not move from new to converted" in str(said)


@pytest.mark.parametrize(
    ("way", "to", "heard"),
    [
        (["enriched", "scored"], LeadStatus.ENRICHED, False),  # found out once more: no news
        (["enriched", "scored"], LeadStatus.CONTACTED, True),
        (["unsubscribed"], LeadStatus.SCORED, False),  # facts are gathered about anybody
        (["unsubscribed"], LeadStatus.IN_SEQUENCE, True),
        (["lost"], LeadStatus.LOST, False),
    ],
)
def test_what_is_no_news_is_not_reported(
    database: Database, tenant: UUID, said: Said, sick: list[str], way: Sequence[str],
    to: LeadStatus, *, heard: bool,
) -> None:  # fmt: skip
    sick.append("leads.unproven")
    with database.tenant(tenant) as tx:
        lead_id = capture(tx)
        for status in way:
            assert leads.move(tx, leads.get(tx, lead_id), LeadStatus(status), cause="test")
        assert not leads.move(tx, leads.get(tx, lead_id), to, cause="test")
    assert any(one["event"] == "lead.move_refused" for one in said) == heard
