"""Table `enrollments`: one lead in one campaign. Every transition adds one to the epoch, the fence
that a send is claimed under; whatever was planned in an older epoch is void.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from db import campaigns, steps
from db.pool import Tx
from schemas.enums import EnrollmentStatus, StopReason
from schemas.errors import NoSuchRow


@dataclass(frozen=True, slots=True)
class NewEnrollment:
    """A lead about to enter a campaign, with the sender and the zone it keeps."""

    campaign_id: UUID
    sequence_id: UUID
    lead_id: UUID
    mailbox_id: UUID
    timezone: str
    zone_source: str
    token: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A lead that entered a campaign just now."""

    id: UUID
    lead_id: UUID


@dataclass(frozen=True, slots=True)
class Enrollment:
    """One lead in one campaign, as it stands."""

    id: UUID
    campaign_id: UUID
    sequence_id: UUID
    lead_id: UUID
    mailbox_id: UUID
    status: EnrollmentStatus
    epoch: int
    hold_reason: str | None
    resume_at: datetime | None
    stop_reason: StopReason | None
    stop_epoch: int | None
    timezone: str
    token: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", EnrollmentStatus(self.status))
        if self.stop_reason is not None:
            object.__setattr__(self, "stop_reason", StopReason(self.stop_reason))


_SELECT: LiteralString = """
        SELECT id, campaign_id, sequence_id, lead_id, mailbox_id, status, epoch, hold_reason,
               resume_at, stop_reason, stop_epoch, timezone, token
          FROM outrider.enrollments
"""


def add(tx: Tx, new: Sequence[NewEnrollment]) -> list[Enrolled]:
    """Enroll leads; those that are in this campaign, or live in another, are left out."""
    if not new:
        return []
    return tx.list(
        Enrolled,
        """
        INSERT INTO outrider.enrollments
               (campaign_id, sequence_id, lead_id, mailbox_id, timezone, zone_source, token)
        SELECT campaign_id, sequence_id, lead_id, mailbox_id, timezone, zone_source, token
          FROM jsonb_to_recordset(%(new)s) AS n (campaign_id uuid, sequence_id uuid, lead_id uuid,
               mailbox_id uuid, timezone text, zone_source text, token text)
            ON CONFLICT DO NOTHING
        RETURNING id, lead_id
        """,
        {"new": Jsonb([{name: str(value) for name, value in asdict(one).items()} for one in new])},
    )


def get(tx: Tx, enrollment_id: UUID) -> Enrollment:
    """An enrollment as it stands. Raises NoSuchRow."""
    return _get(tx, enrollment_id, _SELECT + " WHERE id = %(id)s")


def get_locked(tx: Tx, enrollment_id: UUID) -> Enrollment:
    """An enrollment that nobody claims, holds or stops until `tx` ends. Raises NoSuchRow."""
    return _get(tx, enrollment_id, _SELECT + " WHERE id = %(id)s FOR UPDATE")


def _get(tx: Tx, enrollment_id: UUID, query: LiteralString) -> Enrollment:
    found = tx.find(Enrollment, query, {"id": enrollment_id})
    if found is None:
        raise NoSuchRow("enrollment", enrollment_id)
    return found


def find_live_of_lead(tx: Tx, lead_id: UUID) -> Enrollment | None:
    """The one enrollment of a lead that has not ended, or None."""
    return tx.find(
        Enrollment,
        _SELECT + " WHERE lead_id = %(lead)s AND status IN ('active', 'held', 'paused')",
        {"lead": lead_id},
    )


def find_by_token(tx: Tx, token: str) -> Enrollment | None:
    """The enrollment whose mails carry this token in their way out, or None."""
    return tx.find(Enrollment, _SELECT + " WHERE token = %(token)s", {"token": token})


def hold(tx: Tx, enrollment_id: UUID, reason: str) -> bool:
    """Let nothing be sent until somebody decides; False when it is held already, or has ended.

    A claim that committed before is not called back; one that comes later is refused.
    """
    return bool(
        tx.run(
            """
            UPDATE outrider.enrollments
               SET status = 'held', hold_reason = %(reason)s, resume_at = NULL, epoch = epoch + 1
             WHERE id = %(id)s AND status IN ('active', 'paused')
            """,
            {"id": enrollment_id, "reason": reason},
        )
    )


def stop(tx: Tx, enrollment_id: UUID, reason: StopReason, by: str) -> bool:
    """End it for good and cancel what was planned; False, and no effect, when it was stopped before.

    `by` names who asked: an actor's name, "unsubscribe page", an operator. A completed one is
    stopped as well: it says why the conversation ended.
    """
    campaign_id = tx.value(
        """
        UPDATE outrider.enrollments
           SET status = 'stopped', stop_reason = %(reason)s::outrider.stop_reason,
               stopped_by = %(by)s, stop_epoch = epoch + 1, epoch = epoch + 1,
               hold_reason = NULL, resume_at = NULL, ended_at = coalesce(ended_at, outrider.now())
         WHERE id = %(id)s AND status <> 'stopped' RETURNING campaign_id
        """,
        {"id": enrollment_id, "reason": reason, "by": by},
    )
    if campaign_id is None:
        return False
    steps.cancel(tx, enrollment_id, f"stopped: {reason.value}")
    campaigns.close_if_done(tx, UUID(str(campaign_id)))
    return True


def stop_all_of_lead(tx: Tx, lead_id: UUID, reason: StopReason, by: str) -> int:
    """`stop` every enrollment of a lead that has not ended; returns how many there were."""
    live = tx.conn.execute(
        """
        SELECT id FROM outrider.enrollments
         WHERE lead_id = %(lead)s AND status IN ('active', 'held', 'paused') ORDER BY id FOR UPDATE
        """,
        {"lead": lead_id},
    ).fetchall()
    return sum(stop(tx, UUID(str(enrollment_id)), reason, by) for (enrollment_id,) in live)


def suppress_all_of(tx: Tx, lead_ids: Collection[UUID], because: str, by: str) -> int:
    """End what is under way to these leads, for nobody may write to them; returns how many.

    The step that waits is skipped, and says `suppressed: <because>`.
    """
    live = tx.conn.execute(
        """
        SELECT id FROM outrider.enrollments
         WHERE lead_id = ANY(%(leads)s) AND status IN ('active', 'held', 'paused')
         ORDER BY id FOR UPDATE
        """,
        {"leads": list(lead_ids)},
    ).fetchall()
    for enrollment_id in [UUID(str(one)) for (one,) in live]:
        steps.skip_waiting(tx, enrollment_id, f"suppressed: {because}")
        stop(tx, enrollment_id, StopReason.SUPPRESSED, by)
    return len(live)


def pause(tx: Tx, enrollment_id: UUID, until: datetime) -> int | None:
    """Wait until a moment of business time; the new epoch, or None when it has ended."""
    return _epoch(
        tx.value(
            """
            UPDATE outrider.enrollments
               SET status = 'paused', resume_at = %(until)s, hold_reason = NULL, epoch = epoch + 1
             WHERE id = %(id)s AND status IN ('active', 'held', 'paused') RETURNING epoch
            """,
            {"id": enrollment_id, "until": until},
        )
    )


def release(tx: Tx, enrollment_id: UUID) -> int | None:
    """Go on after a hold or a pause; the new epoch, or None when it neither was held nor paused.

    The caller plans the next step in the new epoch: without a plan nothing is sent.
    """
    return _epoch(
        tx.value(
            """
            UPDATE outrider.enrollments
               SET status = 'active', hold_reason = NULL, resume_at = NULL, epoch = epoch + 1
             WHERE id = %(id)s AND status IN ('held', 'paused') RETURNING epoch
            """,
            {"id": enrollment_id},
        )
    )


def complete(tx: Tx, enrollment_id: UUID) -> bool:
    """Every step is done; False when it is not active."""
    campaign_id = tx.value(
        """
        UPDATE outrider.enrollments
           SET status = 'completed', ended_at = outrider.now(), epoch = epoch + 1
         WHERE id = %(id)s AND status = 'active' RETURNING campaign_id
        """,
        {"id": enrollment_id},
    )
    if campaign_id is None:
        return False
    campaigns.close_if_done(tx, UUID(str(campaign_id)))
    return True


def absent_until(tx: Tx, enrollment_id: UUID) -> date | None:
    """The latest day of return that absence notices in this conversation gave."""
    day = tx.value(
        """
        SELECT max(return_date) FROM outrider.replies
         WHERE enrollment_id = %(id)s AND decision = 'pause'
        """,
        {"id": enrollment_id},
    )
    return day if isinstance(day, date) else None


def held_besides(tx: Tx, enrollment_id: UUID, reply_id: UUID) -> str | None:
    """What else than this reply keeps an enrollment held, in words; None: nothing does."""
    why = tx.value(
        """
        SELECT 'another mail is not decided yet'
          FROM outrider.messages m LEFT JOIN outrider.replies r ON r.mail_id = m.mail_id
         WHERE m.enrollment_id = %(id)s AND m.direction = 'inbound'
           AND (r.id IS NULL OR r.decision IS NULL OR r.decision = 'review')
           AND r.id IS DISTINCT FROM %(reply)s
         UNION ALL
        SELECT 'step ' || step_number || ' failed' FROM outrider.step_executions
         WHERE enrollment_id = %(id)s AND status = 'failed'
         LIMIT 1
        """,
        {"id": enrollment_id, "reply": reply_id},
    )
    return None if why is None else str(why)


def _epoch(value: object) -> int | None:
    return None if value is None else int(str(value))
