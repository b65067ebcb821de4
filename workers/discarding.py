"""Decide that dead letters are never done, and tidy up what waited for them. Nobody takes that back.

A sequence ends whose next mail is given up, the leads of a batch wait for another one; mail that
nobody read stays, and its letter with it, for it is what says so.
"""

import contextlib
from collections.abc import Iterator, Sequence
from uuid import UUID

from db import Database, Tx, audit, crm_outbox, dead_ends, effects, enrollments, messages, steps
from db.dead import DeadLetter, Which
from schemas.base import Job
from schemas.enums import EnrollmentStatus, MessageStatus, StepStatus, StopReason
from schemas.errors import Permanent
from schemas.jobs import ResumeEnrollment, SendStep, UpsertContacts
from workers import crm_batches, letters, touches
from workers.letters import Left


def discard_all(
    database: Database,
    which: Which,
    *,
    operator: str,
    reason: str,
    batch_id: UUID,
    limit: int | None = None,
) -> Iterator[tuple[list[int], list[Left]]]:
    """Discard each open letter that is meant, also of deleted tenants; audited, slice by slice.

    Yields the letters discarded and those left. Running it again finishes what was interrupted.
    """
    meant = letters.select(database, which, limit=limit, orphans=True)
    if meant.left:
        yield [], meant.left
    for part in meant.slices:
        with database.tenant(part.tenant_id) as tx:
            found = dead_ends.lock_open(tx, part.ids)
            left = letters.gone_meanwhile(tx, part.ids, found)
            ids = [letter.id for letter in found]
            dead_ends.mark_discarded(tx, ids, batch_id=batch_id, by=operator)
            _tidy(tx, found, operator)
            audit.record_all(tx, operator=operator, action="discard", resource_type="dead_letter",
                             resource_ids=ids, reason=reason, details={"batch": str(batch_id)})  # fmt: skip
        yield ids, left


def _tidy(tx: Tx, found: Sequence[DeadLetter], operator: str) -> None:
    ended: dict[UUID, int] = {}
    for letter in found:
        with contextlib.suppress(Permanent):  # what waited for it is gone, too, or it names nothing
            ended |= _waiting(tx, letters.read(letter), letter.tenant_id)
    for enrollment_id, epoch in sorted(ended.items()):  # in one order, as whoever stops several
        if enrollments.get_locked(tx, enrollment_id).epoch == epoch:
            enrollments.stop(tx, enrollment_id, StopReason.OPERATOR, by=operator)


def _waiting(tx: Tx, job: Job, tenant_id: UUID | None) -> dict[UUID, int]:
    """The sequence, with its epoch, that would wait for ever for this job; frees a batch at once."""
    match job:
        case SendStep():
            return _of_step(tx, job, tenant_id)
        case ResumeEnrollment():
            return _of_pause(tx, job)
        case UpsertContacts():
            _free(tx, job)
            return {}
        case _:
            return {}


def _of_step(tx: Tx, job: SendStep, tenant_id: UUID | None) -> dict[UUID, int]:
    """As `_waiting`; a mail that is out is written down."""
    step = steps.get(tx, job.step_id)
    enrollment = enrollments.get(tx, step.enrollment_id)
    sent = messages.find_by_effect(tx, touches.key_of(tenant_id, enrollment.id, step.step_number))
    if sent and sent.status is MessageStatus.SENT:
        steps.mark_sent(tx, step.id, message_id=sent.id, sent_at=sent.claimed_at)
    waits = step.status is StepStatus.SCHEDULED and step.epoch == enrollment.epoch == job.epoch
    waits = waits and enrollment.status is EnrollmentStatus.ACTIVE
    return {enrollment.id: enrollment.epoch} if waits else {}


def _of_pause(tx: Tx, job: ResumeEnrollment) -> dict[UUID, int]:
    enrollment = enrollments.get(tx, job.enrollment_id)
    waits = enrollment.status is EnrollmentStatus.PAUSED and enrollment.epoch == job.epoch
    return {enrollment.id: enrollment.epoch} if waits else {}


def _free(tx: Tx, job: UpsertContacts) -> None:
    batch = crm_batches.find(tx, job.batch_id)
    if batch:
        crm_outbox.settle(tx, batch.id, told={})
        effects.forsake(tx, batch.effect_key)
