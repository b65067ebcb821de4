"""How a campaign stands: its enrollments by status, its steps, who is held and why. Reads only."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pool import Tx
from schemas.enums import EnrollmentStatus, StepStatus, StopReason
from schemas.plans import PREFIX


@dataclass(frozen=True, slots=True)
class Count:
    """How many enrollments are in one status, by what stopped them."""

    status: EnrollmentStatus
    stop_reason: StopReason | None
    enrollments: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", EnrollmentStatus(self.status))
        if self.stop_reason is not None:
            object.__setattr__(self, "stop_reason", StopReason(self.stop_reason))


@dataclass(frozen=True, slots=True)
class StepCount:
    """How many leads one step of a sequence was planned for, by what became of it."""

    step_number: int
    status: StepStatus
    steps: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", StepStatus(self.status))


@dataclass(frozen=True, slots=True)
class OverPlan:
    """How many steps wait for the tenant's plan or its payment, and why."""

    because: str
    steps: int


@dataclass(frozen=True, slots=True)
class Held:
    """A conversation that waits for a decision."""

    enrollment_id: UUID
    lead_id: UUID
    reason: str
    since: datetime


def count_enrollments(tx: Tx, campaign_id: UUID) -> list[Count]:
    """Enrollments by status and stop reason."""
    return tx.list(
        Count,
        """
        SELECT status, stop_reason, count(*) AS enrollments FROM outrider.enrollments
         WHERE campaign_id = %(id)s GROUP BY status, stop_reason ORDER BY status, stop_reason
        """,
        {"id": campaign_id},
    )


def count_steps(tx: Tx, campaign_id: UUID) -> list[StepCount]:
    """Steps by number and status."""
    return tx.list(
        StepCount,
        """
        SELECT x.step_number, x.status, count(*) AS steps
          FROM outrider.step_executions x JOIN outrider.enrollments e ON e.id = x.enrollment_id
         WHERE e.campaign_id = %(id)s GROUP BY x.step_number, x.status
         ORDER BY x.step_number, x.status
        """,
        {"id": campaign_id},
    )


def list_held(tx: Tx, campaign_id: UUID, *, limit: int) -> list[Held]:
    """Conversations that wait for a decision, the oldest first."""
    return tx.list(
        Held,
        """
        SELECT id AS enrollment_id, lead_id, hold_reason AS reason, updated_at AS since
          FROM outrider.enrollments
         WHERE campaign_id = %(id)s AND status = 'held' ORDER BY updated_at, id LIMIT %(limit)s
        """,
        {"id": campaign_id, "limit": limit},
    )


def list_over_plan(tx: Tx, campaign_id: UUID) -> list[OverPlan]:
    """Planned steps that the tenant's plan does not cover now, by reason."""
    return tx.list(
        OverPlan,
        """
        SELECT split_part(x.because, ';', 1) AS because, count(*) AS steps
          FROM outrider.step_executions x JOIN outrider.enrollments e ON e.id = x.enrollment_id
         WHERE e.campaign_id = %(id)s AND e.status = 'active' AND x.status = 'scheduled'
           AND starts_with(x.because, %(prefix)s)
         GROUP BY 1 ORDER BY 2 DESC, 1
        """,
        {"id": campaign_id, "prefix": PREFIX},
    )


def next_due(tx: Tx, campaign_id: UUID) -> datetime | None:
    """When the next mail of the campaign is planned; None: none is."""
    moment = tx.value(
        """
        SELECT min(x.due_at) FROM outrider.step_executions x
          JOIN outrider.enrollments e ON e.id = x.enrollment_id
         WHERE e.campaign_id = %(id)s AND e.status = 'active' AND x.status = 'scheduled'
        """,
        {"id": campaign_id},
    )
    return moment if isinstance(moment, datetime) else None


def find_lead(tx: Tx, email: str) -> UUID | None:
    """The tenant's lead with this address, whatever its case, or None."""
    found = tx.value(
        """
        SELECT id FROM outrider.leads
         WHERE email_norm = outrider.norm_email(%(email)s) AND deleted_at IS NULL
        """,
        {"email": email},
    )
    return None if found is None else UUID(str(found))


def find_enrollment(tx: Tx, campaign_id: UUID, lead_id: UUID) -> UUID | None:
    """A lead's enrollment in a campaign, however it stands, or None."""
    found = tx.value(
        """
        SELECT id FROM outrider.enrollments
         WHERE campaign_id = %(campaign)s AND lead_id = %(lead)s
        """,
        {"campaign": campaign_id, "lead": lead_id},
    )
    return None if found is None else UUID(str(found))
