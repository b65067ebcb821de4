"""Metering as actors do it: take, and let the first to reach 80 % of a month say so."""

from datetime import timedelta

from db import Tx, quotas
from db.quotas import Answer, Refused
from schemas.enums import Meter
from schemas.errors import JobError, OverPlan, Permanent, RateLimited
from schemas.events import UsageWarned
from workers.context import Context

WAIT = timedelta(hours=1)
"""How long until a job that its tenant's plan does not cover looks again, if nothing wakes it."""


def take(ctx: Context, tx: Tx, meter: Meter, quantity: int, *, key: str) -> Answer:
    """As `db.quotas.take`, last in `tx`: it may emit UsageWarned, which the job has to declare."""
    answer = quotas.take(tx, meter, quantity, key=key)
    if isinstance(answer, Refused) or not answer.warned:
        return answer
    assert answer.used is not None
    assert answer.allowed is not None
    warning = UsageWarned(meter=meter, used=answer.used, allowed=answer.allowed, month=answer.month)
    ctx.emit(tx, warning, key=f"{meter}:{answer.month}")
    return answer


def demand(ctx: Context, tx: Tx, meter: Meter, quantity: int, *, key: str) -> None:
    """As `take`. Raises OverPlan, with the reason, when the answer is no: the job waits."""
    answer = take(ctx, tx, meter, quantity, key=key)
    if isinstance(answer, Refused):
        raise OverPlan(answer.because, retry_after=WAIT)


def unspend(ctx: Context, tx: Tx, meter: Meter, error: JobError, *, key: str) -> None:
    """A call that will be tried again stays paid; one that failed for good costs nothing."""
    last = ctx.claim.attempt >= ctx.claim.max_attempts and not isinstance(error, RateLimited)
    if last or isinstance(error, Permanent):
        quotas.refund(tx, meter, key=key)
