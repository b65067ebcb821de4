"""Puts a number, a tier and the reasons for both on leads. Pure: no call to the outside world."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from db import Tx, enrichments, leads, scores
from db.leads import Lead
from schemas.enrichments import Enrichment
from schemas.enums import LeadStatus
from schemas.errors import NoSuchRow
from schemas.events import LeadScored
from schemas.jobs import ScoreLead
from schemas.scores import Score, features, score
from workers.actor import batched
from workers.context import Context
from workers.retry import QUICK


@batched(ScoreLead, queue="scoring", retry=QUICK, limit=timedelta(seconds=30), size=50)
def score_leads(jobs: Sequence[ScoreLead], ctx: Context) -> None:
    """Safe to run twice: unchanged inputs write nothing."""
    ids = {job.lead_id: claim.id for job, claim in zip(jobs, ctx.claims, strict=True)}
    with ctx.finish() as tx:
        found = {lead.id: lead for lead in leads.list_locked(tx, ids)}
        verdicts = _judge(tx, ids, found)
        new = scores.record(
            tx, [_row(lead_id, ids[lead_id], said) for lead_id, said in verdicts.items()]
        )
        leads.set_scores(tx, {lead_id: (v.points, v.tier) for lead_id, v in verdicts.items()})
        movers = {one: lead for one, lead in found.items()
                  if one in new or lead.status is not LeadStatus.SCORED}  # fmt: skip
        leads.move_all(tx, movers, LeadStatus.SCORED, cause=ctx.job.name, jobs=ids)
        ctx.emit_all(tx, [(LeadScored(lead_id=lead_id, tier=v.tier), f"{lead_id}:{ids[lead_id]}")
                          for lead_id, v in verdicts.items()])  # fmt: skip
    for lead_id, verdict in verdicts.items():
        ctx.log.info("lead.scored", lead_id=str(lead_id), tier=verdict.tier)
    ctx.log.info("leads.scored", leads=len(verdicts), new=len(new))


def _judge(tx: Tx, wanted: Mapping[UUID, int], found: Mapping[UUID, Lead]) -> dict[UUID, Score]:
    known = {result.lead_id: result for result in enrichments.list_current(tx, found)}
    for lead_id in wanted:
        if lead_id not in found:
            raise NoSuchRow("lead", lead_id)
        if lead_id not in known:
            raise NoSuchRow("enrichment result of lead", lead_id)
    return {
        lead_id: score(
            features(
                found[lead_id],
                Enrichment.model_validate({"fields": result.fields, **result.facts}),
            )
        )
        for lead_id, result in known.items()
    }


def _row(lead_id: UUID, job_id: int, verdict: Score) -> scores.NewScore:
    return scores.NewScore(
        lead_id=lead_id,
        job_id=job_id,
        model=verdict.model,
        model_version=verdict.model_version,
        score=verdict.points,
        tier=verdict.tier,
        factors=[factor.to_json() for factor in verdict.factors],
        inputs_hash=verdict.inputs_hash,
    )
