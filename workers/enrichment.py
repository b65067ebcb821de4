"""Finds out what is publicly known about a lead: address, mail domain, the company's own home page."""

from dataclasses import replace
from datetime import timedelta

from db import Tx, clock, companies, enrichments, leads, people, plans
from db.leads import Lead
from schemas.addresses import facts
from schemas.enrichments import DomainFacts, Enrichment, Question, conclude, question
from schemas.enums import EffectClass, LeadStatus, Meter
from schemas.errors import NoSuchRow, OverPlan, Permanent, Transient
from schemas.events import LeadEnriched
from schemas.jobs import EnrichLead
from workers.actor import actor
from workers.context import Context
from workers.effects import Effect, perform
from workers.quotas import WAIT, demand, unspend
from workers.retry import PATIENT

_SURE = 3
"""Attempts after which an unreachable site is believed to be one."""


@actor(EnrichLead, queue="enrichment", retry=PATIENT, limit=timedelta(seconds=60))
def enrich_lead(job: EnrichLead, ctx: Context) -> None:
    """Safe to run twice: one look per domain and month, paid once; one result per lead and set of facts."""
    try:
        with ctx.transaction() as tx:
            lead = leads.get(tx, job.lead_id)
            if hindered := plans.hindrance(tx, lead.id):
                raise OverPlan(hindered, retry_after=WAIT)
            ours = _ours(tx, lead)
            month = f"{clock.read(tx):%Y-%m}"
    except NoSuchRow:
        _leave_alone(ctx, job)
        return

    # No transaction is open while the outside world thinks.
    if lead.email is None and lead.linkedin_url is None:
        raise Permanent("The lead has no e-mail address and no profile to start from.")
    address = facts(lead.email or "")
    told = replace(lead, **dict.fromkeys(ours))
    asked = question(told, address)
    look = _look(ctx, asked, month) if asked else None
    found = conclude(told, address, perform(ctx, look) if look else None)

    with ctx.finish() as tx:
        lead = leads.get_locked(tx, job.lead_id)
        ours = _ours(tx, lead)
        new = enrichments.record(
            tx,
            lead.id,
            fingerprint=found.fingerprint(),
            fields={name: fact.to_json() for name, fact in found.fields.items()},
            facts=found.model_dump(mode="json", exclude={"fields"}),
            effect_keys=[look.key] if look else [],
        )
        _project(tx, lead, found, ours)
        leads.move(tx, lead, LeadStatus.ENRICHED, cause=job.name)
        ctx.emit(tx, LeadEnriched(lead_id=lead.id), key=f"{lead.id}:{ctx.claim.id}")
    ctx.log.info("lead.enriched", lead_id=str(lead.id), new=new)


def _leave_alone(ctx: Context, job: EnrichLead) -> None:
    """There is nothing to find out about who was erased; any other lead that is not there is a fault."""
    with ctx.finish() as tx:
        if not people.is_erased(tx, job.lead_id):
            raise NoSuchRow("lead", job.lead_id)
    ctx.log.info("lead.left_alone", lead_id=str(job.lead_id))


def _look(ctx: Context, asked: Question, month: str) -> Effect[DomainFacts]:
    """One look per question and month of business time, whoever asks."""
    key = f"domain.look:{asked.domain}|{asked.site or ''}|{month}"
    return Effect(
        key=key,
        kind=EffectClass.REPEATABLE,
        answer=DomainFacts,
        call=lambda: _patiently(ctx, asked, key),
        guard=lambda tx: demand(ctx, tx, Meter.LOOKUPS, 1, key=key),
        undo=lambda tx, error: unspend(ctx, tx, Meter.LOOKUPS, error, key=key),
    )


def _patiently(ctx: Context, asked: Question, key: str) -> DomainFacts:
    """A site that does not answer is a fact at the third attempt; before, it may have been us."""
    found = ctx.providers.domains.look(asked.domain, asked.site, key=key)
    if found.page_state == "unreachable" and ctx.claim.attempt < _SURE:
        raise Transient(found.page_reason or "The site does not answer.")
    return found


def _ours(tx: Tx, lead: Lead) -> list[str]:
    """Fields whose value we filled in ourselves, so that a guess never turns into testimony."""
    findings = enrichments.list_findings(tx, lead.id)
    return [f.field for f in findings if getattr(lead, f.field, None) == f.value]


def _project(tx: Tx, lead: Lead, found: Enrichment, ours: list[str]) -> None:
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
    blank = {n: word for n, word in words.items() if n in ours or getattr(lead, n, None) is None}
    leads.fill_blanks(
        tx, lead.id, fields=blank, email_status=found.email_status, company_id=company_id
    )
