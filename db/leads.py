"""Tables `leads` and `lead_status_transitions`: people as they stand, and how they move."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from db import activities, captures
from db.pool import Tx
from schemas.enums import ActivityKind, EmailStatus, LeadStatus, LeadTier
from schemas.errors import NoSuchRow
from schemas.lead_states import is_past, may_move

Captured = captures.Captured
capture = captures.capture


@dataclass(frozen=True, slots=True)
class Lead:
    """What the actors need to know about a person."""

    id: UUID
    email: str | None
    email_status: EmailStatus
    full_name: str | None
    first_name: str | None
    last_name: str | None
    title: str | None
    phone: str | None
    linkedin_url: str | None
    company_name: str | None
    company_domain: str | None
    website: str | None
    country: str | None
    locale: str | None
    timezone: str | None
    source: str
    status: LeadStatus
    score: int | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "email_status", EmailStatus(self.email_status))
        object.__setattr__(self, "status", LeadStatus(self.status))


_SELECT: LiteralString = """
        SELECT id, email, email_status, full_name, first_name, last_name, title, phone,
               linkedin_url, company_name, company_domain, website, country, locale, timezone, source,
               status, score
          FROM outrider.leads WHERE deleted_at IS NULL
"""


def get(tx: Tx, lead_id: UUID) -> Lead:
    """A lead as it stands. Raises NoSuchRow."""
    return _get(tx, lead_id, _SELECT + " AND id = %(id)s")


def get_locked(tx: Tx, lead_id: UUID) -> Lead:
    """A lead, locked against other actors until the transaction ends. Raises NoSuchRow."""
    return _get(tx, lead_id, _SELECT + " AND id = %(id)s FOR UPDATE")


def list_locked(tx: Tx, ids: Collection[UUID]) -> list[Lead]:
    """Those leads that are there, locked in one order, so that two who lock many never deadlock."""
    return tx.list(
        Lead, _SELECT + " AND id = ANY(%(ids)s) ORDER BY id FOR UPDATE", {"ids": list(ids)}
    )


def get_by_email(tx: Tx, email: str) -> Lead:
    """A lead by its address, whatever its case. Raises NoSuchRow."""
    lead = tx.find(
        Lead, _SELECT + " AND email_norm = outrider.norm_email(%(email)s)", {"email": email}
    )
    if lead is None:
        raise NoSuchRow("lead", email)
    return lead


def get_by_name(tx: Tx, name: str) -> Lead:
    """A lead as a person names it: by address, by LinkedIn profile, or by id. Raises NoSuchRow."""
    if "@" in name:
        return get_by_email(tx, name)
    try:
        return get(tx, UUID(name))
    except ValueError:
        lead = tx.find(
            Lead,
            _SELECT + " AND linkedin_norm = outrider.norm_linkedin(%(name)s) ORDER BY id LIMIT 1",
            {"name": name},
        )
    if lead is None:
        raise NoSuchRow("lead", name)
    return lead


def _get(tx: Tx, lead_id: UUID, query: LiteralString) -> Lead:
    lead = tx.find(Lead, query, {"id": lead_id})
    if lead is None:
        raise NoSuchRow("lead", lead_id)
    return lead


def list_all(tx: Tx) -> list[Lead]:
    """Every lead of the tenant, by address."""
    return tx.list(Lead, _SELECT + " ORDER BY email_norm")


def fill_blanks(
    tx: Tx,
    lead_id: UUID,
    *,
    fields: Mapping[str, str],
    email_status: EmailStatus,
    company_id: UUID | None,
) -> None:
    """Project an enrichment onto a locked lead; `fields` leaves out what a person told us."""
    tx.run(
        """
        UPDATE outrider.leads SET
               company_name   = coalesce(%(company_name)s, company_name),
               company_domain = coalesce(%(company_domain)s, company_domain),
               website        = coalesce(%(website)s, website),
               country        = coalesce(%(country)s, country),
               locale         = coalesce(%(locale)s, locale),
               company_id     = coalesce(%(company)s, company_id),
               email_status   = CASE WHEN email_status IN ('verified', 'guessed', 'catch_all')
                                     THEN email_status ELSE %(email_status)s::outrider.email_status END,
               enriched_at    = outrider.now()
         WHERE id = %(id)s
        """,
        {
            "id": lead_id,
            "company": company_id,
            "email_status": email_status,
            **{
                name: fields.get(name)
                for name in ("company_name", "company_domain", "website", "country", "locale")
            },
        },
    )


def set_scores(tx: Tx, scores: Mapping[UUID, tuple[int, LeadTier]]) -> None:
    """Cache the current scores on locked leads."""
    tx.run(
        """
        UPDATE outrider.leads l
           SET score = s.score, tier = s.tier::outrider.lead_tier, scored_at = outrider.now()
          FROM unnest(%(ids)s::uuid[], %(scores)s::integer[], %(tiers)s::text[])
               AS s (id, score, tier)
         WHERE l.id = s.id
        """,
        {
            "ids": list(scores),
            "scores": [score for score, _ in scores.values()],
            "tiers": [tier.value for _, tier in scores.values()],
        },
    )


def move(tx: Tx, lead: Lead, to: LeadStatus, *, cause: str) -> bool:
    """Move a locked lead along the funnel; False when the move is not allowed from where it is."""
    return bool(move_all(tx, {lead.id: lead}, to, cause=cause))


def move_all(
    tx: Tx,
    leads: Mapping[UUID, Lead],
    to: LeadStatus,
    *,
    cause: str,
    jobs: Mapping[UUID, int] | None = None,
) -> int:
    """Move those locked leads that may; returns how many. `jobs`: whose deed each move is, by lead.

    Without `jobs` it is the transaction's own job. A lead that is there or beyond stays, and that is
    no news; any other refusal is part of the lead's story, and a warning after the commit.
    """
    movers = [lead for lead in leads.values() if may_move(lead.status, to)]
    for lead in leads.values():
        if not may_move(lead.status, to) and not is_past(lead.status, to):
            _refuse(tx, lead, to, cause=cause)
    return write_moves(tx, movers, to, cause=cause, jobs=jobs) if movers else 0


def write_moves(
    tx: Tx,
    movers: Sequence[Lead],
    to: LeadStatus,
    *,
    cause: str,
    jobs: Mapping[UUID, int] | None = None,
) -> int:
    """The status and its line of history in one statement; who calls it has judged the move."""
    return tx.run(
        """
        WITH moved AS (
            UPDATE outrider.leads l SET status = %(to)s::outrider.lead_status
              FROM unnest(%(ids)s::uuid[], %(froms)s::text[], %(jobs)s::bigint[])
                   AS m (id, from_status, job_id)
             WHERE l.id = m.id RETURNING l.id, m.from_status, m.job_id
        )
        INSERT INTO outrider.lead_status_transitions (lead_id, from_status, to_status, cause, job_id)
        SELECT id, from_status::outrider.lead_status, %(to)s::outrider.lead_status, %(cause)s,
               coalesce(job_id, outrider.current_job_id())
          FROM moved
        """,
        {
            "to": to,
            "cause": cause,
            "ids": [lead.id for lead in movers],
            "froms": [lead.status.value for lead in movers],
            "jobs": [jobs[lead.id] if jobs else None for lead in movers],
        },
    )


def _refuse(tx: Tx, lead: Lead, to: LeadStatus, *, cause: str) -> None:
    words = f"{lead.status.value} → {to.value} was asked for by {cause}, and is no move"
    activities.record(tx, [lead.id], ActivityKind.REFUSED, words)
    facts = {"lead_id": str(lead.id), "before": lead.status.value, "to": to.value, "cause": cause}
    tx.notes.append(("lead.move_refused", facts))
