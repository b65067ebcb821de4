"""Finds out what is publicly known about a lead: address, mail domain, the company's own home page."""

from dataclasses import replace
from datetime import timedelta

from db import Tx, clock, companies, enrichments, leads
from db.leads import Lead
from schemas.addresses import facts
from schemas.enrichments import DomainFacts, Enrichment, Question, conclude, question
from schemas.enums import EffectClass, LeadStatus
from schemas.events import LeadEnriched
from schemas.jobs import EnrichLead
from workers.actor import actor
from workers.context import Context
from workers.effects import Effect, perform
from workers.retry import PATIENT


@actor(EnrichLead, queue="enrichment", retry=PATIENT, limit=timedelta(seconds=60))
def enrich_lead(job: EnrichLead, ctx: Context) -> None:
    """Safe to run twice: one look per domain and month, one result per lead and set of facts."""
    with ctx.transaction() as tx:
        lead = leads.get(tx, job.lead_id)
        known = enrichments.find_current(tx, lead.id)
        month = f"{clock.read(tx):%Y-%m}"

    # No transaction is open while the outside world thinks.
    address = facts(lead.email)
    told = _as_told(lead, known)
    asked = question(told, address)
    look = _look(ctx, asked, month) if asked else None
    found = conclude(told, address, perform(ctx, look) if look else None)

    with ctx.finish() as tx:
        lead = leads.get_locked(tx, job.lead_id)
        new = enrichments.record(
            tx,
            lead.id,
            fingerprint=found.fingerprint(),
            fields={name: fact.to_json() for name, fact in found.fields.items()},
            facts=found.model_dump(mode="json", exclude={"fields"}),
            effect_keys=[look.key] if look else [],
        )
        _project(tx, lead, found)
        leads.move(tx, lead, LeadStatus.ENRICHED, cause=job.name)
        ctx.emit(tx, LeadEnriched(lead_id=lead.id), key=f"{lead.id}:{ctx.claim.id}")
    ctx.log.info("lead.enriched", lead_id=str(lead.id), new=new)


def _look(ctx: Context, asked: Question, month: str) -> Effect[DomainFacts]:
    """One look per question and month of business time, whoever asks."""
    key = f"domain.look:{asked.domain}|{asked.site or ''}|{month}"
    return Effect(
        key=key,
        kind=EffectClass.REPEATABLE,
        answer=DomainFacts,
        call=lambda: ctx.providers.domains.look(asked.domain, asked.site, key=key),
    )


def _as_told(lead: Lead, known: enrichments.Enrichment | None) -> Lead:
    """The lead without what we filled in ourselves, so that a guess never turns into testimony."""
    if known is None:
        return lead
    earlier = Enrichment.model_validate({"fields": known.fields, **known.facts}).found()
    ours = {name: None for name, fact in earlier.items() if getattr(lead, name, None) == fact.value}
    return replace(lead, **ours)


def _project(tx: Tx, lead: Lead, found: Enrichment) -> None:
    known = {name: fact.value for name, fact in found.fields.items()}
    words = {name: value for name, value in known.items() if isinstance(value, str)}
    company_id = None
    if "company_domain" in words:
        employees, tools = known.get("employee_count"), known.get("technologies")
        company_id = companies.record(
            tx,
            domain=words["company_domain"],
            name=words.get("company_name", words["company_domain"]),
            employee_count=employees if isinstance(employees, int) else None,
            country=words.get("country"),
            linkedin_url=words.get("company_linkedin_url"),
            technologies=tools if isinstance(tools, tuple) else (),
        )
    leads.fill_blanks(
        tx, lead.id, fields=words, email_status=found.email_status, company_id=company_id
    )
