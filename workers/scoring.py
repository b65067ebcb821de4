"""Puts a number, a tier and the reasons for both on a lead. Pure: no call to the outside world."""

from datetime import timedelta

from db import enrichments, leads, scores
from schemas.enrichments import Enrichment
from schemas.enums import LeadStatus
from schemas.errors import NoSuchRow
from schemas.events import LeadScored
from schemas.jobs import ScoreLead
from schemas.scores import features, score
from workers.actor import actor
from workers.context import Context
from workers.retry import QUICK


@actor(ScoreLead, queue="scoring", retry=QUICK, limit=timedelta(seconds=30))
def score_lead(job: ScoreLead, ctx: Context) -> None:
    """Safe to run twice: unchanged inputs write nothing."""
    with ctx.finish() as tx:
        lead = leads.get_locked(tx, job.lead_id)
        known = enrichments.find_current(tx, lead.id)
        if known is None:
            raise NoSuchRow("enrichment result of lead", lead.id)
        found = Enrichment.model_validate({"fields": known.fields, **known.facts})
        verdict = score(features(lead, found))
        new = scores.record(
            tx,
            lead.id,
            model=verdict.model,
            model_version=verdict.model_version,
            score=verdict.points,
            tier=verdict.tier,
            factors=[factor.to_json() for factor in verdict.factors],
            inputs_hash=verdict.inputs_hash,
        )
        leads.set_score(tx, lead.id, score=verdict.points, tier=verdict.tier)
        leads.move(tx, lead, LeadStatus.SCORED, cause=job.name)
        ctx.emit(
            tx, LeadScored(lead_id=lead.id, tier=verdict.tier), key=f"{lead.id}:{ctx.claim.id}"
        )
    ctx.log.info("lead.scored", lead_id=str(lead.id), tier=verdict.tier, new=new)
