"""Table `companies`: the employer of leads, one per tenant and domain."""

from collections.abc import Sequence
from uuid import UUID

from db.pool import Tx


def record(
    tx: Tx,
    *,
    domain: str,
    name: str,
    employee_count: int | None,
    country: str | None,
    linkedin_url: str | None,
    technologies: Sequence[str],
) -> UUID:
    """Add a company, or what is new about a known one; returns its id. Idempotent."""
    return UUID(
        str(
            tx.value(
                """
                INSERT INTO outrider.companies AS c
                       (domain, name, employee_count, country, linkedin_url, technologies)
                VALUES (%(domain)s, %(name)s, %(employees)s, %(country)s, %(linkedin)s, %(tech)s)
                ON CONFLICT (tenant_id, domain_norm)
                      WHERE domain_norm IS NOT NULL AND deleted_at IS NULL
                DO UPDATE SET
                       employee_count = coalesce(excluded.employee_count, c.employee_count),
                       country        = coalesce(excluded.country, c.country),
                       linkedin_url   = coalesce(excluded.linkedin_url, c.linkedin_url),
                       technologies   = excluded.technologies
                RETURNING id
                """,
                {
                    "domain": domain,
                    "name": name,
                    "employees": employee_count,
                    "country": country,
                    "linkedin": linkedin_url,
                    "tech": list(technologies),
                },
            )
        )
    )
