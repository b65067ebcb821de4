"""Table `support_sessions`: an operator reads one tenant, for a reason and a while. Never writes it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from db.pool import Tx
from schemas.errors import NoSuchRow, Permanent

LONGEST = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Session:
    """One session, and how often its operator's statements have read a table of the tenant."""

    id: UUID
    tenant_id: UUID
    tenant: str
    operator: str
    reason: str
    started_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    live: bool
    reads: int


@dataclass(frozen=True, slots=True)
class SeenLead:
    """A person as support sees them."""

    id: UUID
    email: str | None
    full_name: str | None
    title: str | None
    company_name: str | None
    status: str
    score: int | None
    tier: str | None
    created_at: datetime


def open_session(
    tx: Tx, *, tenant_id: UUID, operator_id: UUID, reason: str, lasts: timedelta
) -> Session:
    """Let an operator read a tenant from now on; needs the operator's hat.

    Raises Permanent for somebody who is no operator, and for a time of none or over eight hours.
    """
    if not timedelta(0) < lasts <= LONGEST:
        raise Permanent("minutes: a support session lasts at least 1 and at most 480.")
    opened = tx.value(
        """
        INSERT INTO outrider.support_sessions (tenant_id, operator_id, reason, expires_at)
        SELECT %(tenant)s, u.id, %(reason)s, outrider.now() + %(lasts)s FROM outrider.users u
         WHERE u.id = %(operator)s AND u.is_operator AND u.deleted_at IS NULL RETURNING id
        """,
        {"tenant": tenant_id, "operator": operator_id, "reason": reason, "lasts": lasts},
    )
    if not isinstance(opened, UUID):
        raise Permanent("operator: this person is none; see `outrider users operator`.")
    return get(tx, opened)


def end(tx: Tx, session_id: UUID) -> Session:
    """Nothing can be read under it any more; returns it as it was before. Raises NoSuchRow."""
    session = get(tx, session_id)
    tx.run(
        """
        UPDATE outrider.support_sessions SET ended_at = outrider.now()
         WHERE id = %(id)s AND ended_at IS NULL
        """,
        {"id": session_id},
    )
    return session


_SELECT: LiteralString = """
        SELECT s.id, s.tenant_id, t.slug AS tenant, u.email AS operator, s.reason, s.started_at, s.expires_at, s.ended_at,
               s.ended_at IS NULL AND s.expires_at > outrider.now() AS live,
               (SELECT count(*) FROM outrider.audit_logs a
                 WHERE a.tenant_id = s.tenant_id AND a.action = 'support_read'
                   AND a.details ->> 'session' = s.id::text) AS reads
          FROM outrider.support_sessions s JOIN outrider.tenants t ON t.id = s.tenant_id
          JOIN outrider.users u ON u.id = s.operator_id
"""


def get(tx: Tx, session_id: UUID) -> Session:
    """A session, live or over. Raises NoSuchRow."""
    session = tx.find(Session, _SELECT + " WHERE s.id = %(id)s", {"id": session_id})
    if session is None:
        raise NoSuchRow("support session", session_id)
    return session


def list_sessions(tx: Tx, *, tenant_id: UUID | None, over: bool, limit: int) -> list[Session]:
    """Live sessions (`over`: those of the past as well), the newest first; None is every tenant."""
    return tx.list(
        Session,
        _SELECT
        + """
         WHERE (%(tenant)s::uuid IS NULL OR s.tenant_id = %(tenant)s)
           AND (%(over)s OR s.ended_at IS NULL AND s.expires_at > outrider.now())
         ORDER BY s.started_at DESC, s.id DESC LIMIT %(limit)s
        """,
        {"tenant": tenant_id, "over": over, "limit": limit},
    )


def may_read(tx: Tx, tenant_id: UUID) -> bool:
    """Whether whoever signed in may read the tenant; itself a read, and in the trail as one."""
    return bool(
        tx.value("SELECT count(*) FROM outrider.tenants WHERE id = %(id)s", {"id": tenant_id})
    )


def read_leads(tx: Tx, tenant_id: UUID, *, email: str | None, limit: int) -> list[SeenLead]:
    """Leads of a tenant that whoever signed in may read, the newest first; needs the client's hat.

    Under a support session the database writes each call into the trail.
    """
    return tx.list(
        SeenLead,
        """
        SELECT id, email, full_name, title, company_name, status::text, score, tier::text, created_at
          FROM outrider.leads
         WHERE tenant_id = %(tenant)s AND deleted_at IS NULL
           AND (%(email)s::text IS NULL OR email_norm = outrider.norm_email(%(email)s))
         ORDER BY created_at DESC, id DESC LIMIT %(limit)s
        """,
        {"tenant": tenant_id, "email": email, "limit": limit},
    )
