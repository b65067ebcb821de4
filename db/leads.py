"""Tables `leads` and `lead_status_transitions`: one person per tenant and address."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from db.pool import Tx
from schemas.enums import EmailStatus, LeadStatus, LeadTier
from schemas.errors import NoSuchRow
from schemas.lead_states import may_move
from schemas.leads import LeadIn


@dataclass(frozen=True, slots=True)
class Captured:
    """Which lead a webhook was about, and whether we met it for the first time."""

    lead_id: UUID
    new: bool


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


def capture(tx: Tx, lead: LeadIn, *, source: str) -> Captured:
    """Meet a person: a new lead, or more about a known one (same address, whatever its case).

    What is said now replaces what was said before; what is left out stays. Idempotent.
    """
    captured = tx.one(
        Captured,
        """
        INSERT INTO outrider.leads AS l (
               email, full_name, first_name, last_name, title, phone, linkedin_url, company_name,
               company_domain, website, country, locale, timezone, source, attributes)
        VALUES (%(email)s, %(full_name)s, %(first_name)s, %(last_name)s, %(title)s, %(phone)s,
                %(linkedin_url)s, %(company_name)s, %(company_domain)s, %(website)s, %(country)s,
                %(locale)s, %(timezone)s, %(source)s, %(attributes)s)
        ON CONFLICT (tenant_id, email_norm) WHERE email_norm IS NOT NULL AND deleted_at IS NULL
        DO UPDATE SET
               full_name      = coalesce(excluded.full_name, l.full_name),
               first_name     = coalesce(excluded.first_name, l.first_name),
               last_name      = coalesce(excluded.last_name, l.last_name),
               title          = coalesce(excluded.title, l.title),
               phone          = coalesce(excluded.phone, l.phone),
               linkedin_url   = coalesce(excluded.linkedin_url, l.linkedin_url),
               company_name   = coalesce(excluded.company_name, l.company_name),
               company_domain = coalesce(excluded.company_domain, l.company_domain),
               website        = coalesce(excluded.website, l.website),
               country        = coalesce(excluded.country, l.country),
               locale         = coalesce(excluded.locale, l.locale),
               timezone       = coalesce(excluded.timezone, l.timezone),
               attributes     = l.attributes || excluded.attributes
        RETURNING id AS lead_id, xmax = 0 AS new
        """,
        {**lead.to_json(), "attributes": Jsonb(lead.attributes), "source": source},
    )
    if captured.new:
        _record_move(tx, captured.lead_id, None, LeadStatus.NEW, cause=source)
    return captured


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


def get_by_email(tx: Tx, email: str) -> Lead:
    """A lead by its address, whatever its case. Raises NoSuchRow."""
    lead = tx.find(
        Lead, _SELECT + " AND email_norm = outrider.norm_email(%(email)s)", {"email": email}
    )
    if lead is None:
        raise NoSuchRow("lead", email)
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


def set_score(tx: Tx, lead_id: UUID, *, score: int, tier: LeadTier) -> None:
    """Cache the current score on the lead."""
    tx.run(
        """
        UPDATE outrider.leads
           SET score = %(score)s, tier = %(tier)s::outrider.lead_tier, scored_at = outrider.now()
         WHERE id = %(id)s
        """,
        {"id": lead_id, "score": score, "tier": tier},
    )


def move(tx: Tx, lead: Lead, to: LeadStatus, *, cause: str) -> bool:
    """Move a locked lead along the funnel; False when the move is not allowed from where it is."""
    if not may_move(lead.status, to):
        return False
    tx.run(
        "UPDATE outrider.leads SET status = %(to)s::outrider.lead_status WHERE id = %(id)s",
        {"id": lead.id, "to": to},
    )
    _record_move(tx, lead.id, lead.status, to, cause=cause)
    return True


def _record_move(
    tx: Tx, lead_id: UUID, current: LeadStatus | None, to: LeadStatus, *, cause: str
) -> None:
    tx.run(
        """
        INSERT INTO outrider.lead_status_transitions (lead_id, from_status, to_status, cause)
        VALUES (%(id)s, %(from)s::outrider.lead_status, %(to)s::outrider.lead_status, %(cause)s)
        """,
        {"id": lead_id, "from": current, "to": to, "cause": cause},
    )
