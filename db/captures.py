"""How a person becomes a lead, once: by address, then by LinkedIn profile. Refuses to merge two leads."""

from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from db import activities
from db.pool import Tx
from schemas.enums import ActivityKind
from schemas.leads import LeadIn


@dataclass(frozen=True, slots=True)
class Captured:
    """Which lead a webhook was about, and whether we met it for the first time."""

    lead_id: UUID
    new: bool


_SAID: LiteralString = """
               full_name      = coalesce(%(full_name)s, l.full_name),
               first_name     = coalesce(%(first_name)s, l.first_name),
               last_name      = coalesce(%(last_name)s, l.last_name),
               title          = coalesce(%(title)s, l.title),
               phone          = coalesce(%(phone)s, l.phone),
               linkedin_url   = coalesce(%(linkedin_url)s, l.linkedin_url),
               company_name   = coalesce(%(company_name)s, l.company_name),
               company_domain = coalesce(%(company_domain)s, l.company_domain),
               website        = coalesce(%(website)s, l.website),
               country        = coalesce(%(country)s, l.country),
               locale         = coalesce(%(locale)s, l.locale),
               timezone       = coalesce(%(timezone)s, l.timezone),
               sources        = CASE WHEN %(source)s = ANY(l.sources || l.source) THEN l.sources
                                     ELSE l.sources || %(source)s::text END,
               attributes     = l.attributes || %(attributes)s
"""
_NEW: LiteralString = """
        INSERT INTO outrider.leads AS l (
               email, full_name, first_name, last_name, title, phone, linkedin_url, company_name,
               company_domain, website, country, locale, timezone, source, sources, attributes)
        VALUES (%(email)s, %(full_name)s, %(first_name)s, %(last_name)s, %(title)s, %(phone)s,
                %(linkedin_url)s, %(company_name)s, %(company_domain)s, %(website)s, %(country)s,
                %(locale)s, %(timezone)s, %(source)s, array[%(source)s]::text[], %(attributes)s)
"""
_BY_ADDRESS: LiteralString = (
    _NEW
    + """
        ON CONFLICT (tenant_id, email_norm) WHERE email_norm IS NOT NULL AND deleted_at IS NULL
        DO UPDATE SET
"""
    + _SAID
    + " RETURNING id AS lead_id, xmax = 0 AS new"
)
_BY_PROFILE: LiteralString = (
    _NEW
    + """
        ON CONFLICT (tenant_id, linkedin_norm)
           WHERE email_norm IS NULL AND linkedin_norm IS NOT NULL AND deleted_at IS NULL
        DO UPDATE SET
"""
    + _SAID
    + " RETURNING id AS lead_id, xmax = 0 AS new"
)


_RENEW: LiteralString = """
        UPDATE outrider.leads l SET
"""
_WHO_HAS_IT: LiteralString = """
         WHERE l.id = (SELECT k.id FROM outrider.leads k
                        WHERE k.linkedin_norm = outrider.norm_linkedin(%(linkedin_url)s)
                          AND k.tenant_id = outrider.current_tenant_id() AND k.deleted_at IS NULL
                        ORDER BY k.email_norm IS NOT NULL, k.created_at, k.id LIMIT 1 FOR UPDATE)
        RETURNING l.id AS lead_id, false AS new
"""


def capture(tx: Tx, lead: LeadIn, *, source: str) -> Captured:
    """Meet a person: a new lead, or more about a known one.

    Who is known: with an address, the lead that has it, whatever its case, or else one that has the
    profile and no address yet, which gets it; without, a lead with that profile, first the one that
    has no address, then the oldest. Two addresses with one profile stay two leads, and the story of
    both says so.

    What is said now replaces what was said before; what is left out stays. `source` is the way it
    came (`webhook:web`); the source that the document names goes before it. The first one stays,
    later ones are remembered in `sources`. Idempotent, but for the line in the lead's story.
    """
    said = {
        **lead.to_json(),
        "attributes": Jsonb(lead.attributes),
        "source": lead.source or source,
    }
    if lead.email is None:
        captured = _by_profile(tx, said)
    else:
        _give_address(tx, said)
        captured = tx.one(Captured, _BY_ADDRESS, said)
    if captured.new:
        tx.run(
            """
            INSERT INTO outrider.lead_status_transitions (lead_id, to_status, cause)
            VALUES (%(id)s, 'new', %(cause)s)
            """,
            {"id": captured.lead_id, "cause": source},
        )
    activities.record(tx, [captured.lead_id], ActivityKind.CAPTURED, f"told by {source}")
    _note_twins(tx, captured.lead_id)
    return captured


def _by_profile(tx: Tx, said: dict[str, object]) -> Captured:
    return tx.find(Captured, _RENEW + _SAID + _WHO_HAS_IT, said) or tx.one(
        Captured, _BY_PROFILE, said
    )


def _give_address(tx: Tx, said: dict[str, object]) -> None:
    """The lead that has this profile and no address yet gets this one, unless a lead has it already."""
    tx.run(
        """
        UPDATE outrider.leads l SET email = %(email)s
         WHERE l.linkedin_norm = outrider.norm_linkedin(%(linkedin_url)s)
           AND l.tenant_id = outrider.current_tenant_id()
           AND l.email_norm IS NULL AND l.deleted_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM outrider.leads k
                            WHERE k.tenant_id = outrider.current_tenant_id() AND k.deleted_at IS NULL
                              AND k.email_norm = outrider.norm_email(%(email)s))
        """,
        said,
    )


def _note_twins(tx: Tx, lead_id: UUID) -> None:
    """Write into both stories, once, that another lead has the same profile."""
    tx.run(
        """
        INSERT INTO outrider.activities (lead_id, kind, text)
        SELECT n.lead_id, 'twin', n.text
          FROM outrider.leads l
          JOIN outrider.leads o ON o.tenant_id = l.tenant_id AND o.linkedin_norm = l.linkedin_norm
           AND o.id <> l.id AND o.deleted_at IS NULL
         CROSS JOIN LATERAL (VALUES (l.id, 'has the profile of lead ' || o.id),
                                    (o.id, 'has the profile of lead ' || l.id)) AS n (lead_id, text)
         WHERE l.id = %(id)s AND NOT EXISTS (
               SELECT 1 FROM outrider.activities a
                WHERE a.lead_id = n.lead_id AND a.kind = 'twin' AND a.text = n.text)
        """,
        {"id": lead_id},
    )
