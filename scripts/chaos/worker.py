"""A worker process whose actors are the chaos run's: `python -m scripts.chaos.worker`.

What the actors find in the world is a folder: the provider's record, and whether things are mended.
"""

import os
import signal
import sys
import time
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from db import Tx, chaos, jobs
from db.lanes import LaneRule
from schemas.base import Value
from schemas.enums import EffectClass
from schemas.errors import Permanent, RateLimited, Transient
from schemas.settings import load
from scripts.chaos import work
from scripts.chaos.provider import Provider
from scripts.signals import on_signal
from telemetry import logs
from workers import cron
from workers.actor import actor
from workers.context import Context
from workers.effects import Effect, perform
from workers.process import serve
from workers.retry import Retry

_SOON = Retry(first=timedelta(milliseconds=200), longest=timedelta(seconds=2))
_MINUTE = timedelta(minutes=1)
_FEW = timedelta(milliseconds=300)
_WORLD: Final = Path(os.environ.get("OUTRIDER_CHAOS_FOLDER", "."))
_PROVIDER: Final = Provider(_WORLD)


class Receipt(Value):
    """The provider said yes."""

    key: str


class Stopped(Permanent):
    """Somebody stopped the chain before this step was called."""


@actor(work.Pure, queue=work.QUEUE, retry=_SOON, limit=_MINUTE, chunk=8)
def pure(job: work.Pure, ctx: Context) -> None:
    """Nothing to write."""


@actor(work.Write, queue=work.QUEUE, retry=_SOON, limit=_MINUTE, chunk=4)
def write(job: work.Write, ctx: Context) -> None:
    """Pure: the fence is enough."""
    _done(ctx, job)


@actor(work.Step, queue=work.QUEUE, retry=_SOON, limit=_MINUTE)
def step(job: work.Step, ctx: Context) -> None:
    """Unrepeatable with evidence; its consequence commits with it."""
    try:
        _call(ctx, f"chain:{job.chain}:{job.step}", job, EffectClass.UNREPEATABLE, evidence=True,
              guard=partial(_refuse_stopped, chain=job.chain))  # fmt: skip
    except Stopped:
        with ctx.finish() as tx:
            chaos.add_deed(tx, job_id=ctx.claim.id, kind="chaos.stopped", number=job.number)
        return
    with ctx.finish() as tx:
        child = _next_step(tx, job)
        chaos.add_deed(tx, job_id=ctx.claim.id, kind=job.name, number=job.number, child=child)


def _refuse_stopped(tx: Tx, *, chain: int) -> None:
    if chaos.is_stopped(tx, chain):
        raise Stopped("The chain was stopped.")


def _next_step(tx: Tx, job: work.Step) -> int | None:
    if job.step == job.length:
        return None
    after = job.model_copy(update={"step": job.step + 1, "number": job.number + 1})
    made = jobs.add(tx, [jobs.NewJob(after, jobs.Unique(f"step:{job.chain}:{after.step}"))])
    return made[0] if made else None


@actor(work.Send, queue=work.QUEUE, retry=_SOON, limit=_MINUTE)
def send(job: work.Send, ctx: Context) -> None:
    """Unrepeatable, and nowhere to look."""
    _call(ctx, f"send:{job.number}", job, EffectClass.UNREPEATABLE)
    _done(ctx, job)


@actor(work.Prove, queue=work.QUEUE, retry=_SOON, limit=_MINUTE)
def prove(job: work.Prove, ctx: Context) -> None:
    """Unrepeatable with evidence; one answer in twenty is lost."""
    _call(ctx, f"prove:{job.number}", job, EffectClass.UNREPEATABLE, evidence=True, loses=True)
    _done(ctx, job)


@actor(work.Again, queue=work.QUEUE, retry=_SOON, limit=_MINUTE)
def again(job: work.Again, ctx: Context) -> None:
    """Repeatable; one answer in twenty is lost."""
    _call(ctx, f"again:{job.number}", job, EffectClass.REPEATABLE, loses=True)
    _done(ctx, job)


@actor(work.Flaky, queue=work.QUEUE, retry=_SOON, limit=_MINUTE)
def flaky(job: work.Flaky, ctx: Context) -> None:
    """Pure; the third attempt works."""
    if ctx.claim.attempt < 3:
        raise Transient("Not yet.")
    _done(ctx, job)


@actor(work.Limited, queue=work.QUEUE, retry=_SOON, limit=_MINUTE)
def limited(job: work.Limited, ctx: Context) -> None:
    """Pure; whoever asks within the same tenth of a second is told to wait."""
    if int(time.monotonic() * 10) % 4 == 0:
        raise RateLimited("Too many.", retry_after=_FEW)
    _done(ctx, job)


@actor(work.Slow, queue=work.QUEUE, retry=_SOON, limit=_MINUTE)
def slow(job: work.Slow, ctx: Context) -> None:
    """Pure; sleeps in short naps, so that an interruption is heard."""
    until = time.monotonic() + job.seconds
    while time.monotonic() < until:
        time.sleep(0.05)
    _done(ctx, job)


@actor(work.Later, queue=work.QUEUE, retry=_SOON, limit=_MINUTE, chunk=4)
def later(job: work.Later, ctx: Context) -> None:
    """Pure."""
    _done(ctx, job)


@actor(work.Single, queue=work.QUEUE, retry=_SOON, limit=_MINUTE)
def single(job: work.Single, ctx: Context) -> None:
    """Pure."""
    time.sleep(0.02)
    _done(ctx, job)


@actor(work.Once, queue=work.QUEUE, retry=_SOON, limit=_MINUTE)
def once(job: work.Once, ctx: Context) -> None:
    """Pure."""
    _done(ctx, job)


@actor(
    work.Capped,
    queue=work.QUEUE,
    retry=_SOON,
    limit=_MINUTE,
    rule=LaneRule(max_running=work.PLACES),
)
def capped(job: work.Capped, ctx: Context) -> None:
    """Pure; long enough to meet its neighbours."""
    time.sleep(0.03)
    _done(ctx, job)


@actor(
    work.Paced,
    queue=work.QUEUE,
    retry=_SOON,
    limit=_MINUTE,
    rule=LaneRule(rate_every=work.PACE, burst=work.BURST),
)
def paced(job: work.Paced, ctx: Context) -> None:
    """Pure; its start is told to the provider, whose clock is the judge's."""
    _PROVIDER.note("paced", number=job.number, job_id=ctx.claim.id)
    _done(ctx, job)


@actor(work.Withdrawn, queue=work.QUEUE, retry=_SOON, limit=_MINUTE)
def withdrawn(job: work.Withdrawn, ctx: Context) -> None:
    """Pure; some run before they are withdrawn."""
    _done(ctx, job)


@actor(work.Refused, queue=work.QUEUE, retry=_SOON, limit=_MINUTE)
def refused(_job: work.Refused, _ctx: Context) -> None:
    """Permanent."""
    raise Permanent("number: nobody wants this one.")


@actor(work.Bug, queue=work.QUEUE, retry=_SOON, limit=_MINUTE)
def bug(job: work.Bug, ctx: Context) -> None:
    """A mistake of ours, until it is mended."""
    if not _mended():
        raise ZeroDivisionError
    _done(ctx, job)


@actor(work.Regret, queue=work.QUEUE, retry=_SOON, limit=_MINUTE)
def regret(job: work.Regret, ctx: Context) -> None:
    """Unrepeatable, and cannot go on after it; a replay must find the call done."""
    _call(ctx, f"regret:{job.number}", job, EffectClass.UNREPEATABLE)
    if not _mended():
        raise Permanent("number: what comes after the call is refused.")
    _done(ctx, job)


@actor(work.Killer, queue=work.QUEUE, retry=_SOON, limit=_MINUTE)
def killer(job: work.Killer, ctx: Context) -> None:
    """Dies, and takes its neighbours along."""
    if not _mended():
        os.kill(os.getpid(), signal.SIGKILL)
    _done(ctx, job)


@actor(work.Poisoned, queue=work.QUEUE, retry=_SOON, limit=_MINUTE)
def poisoned(job: work.Poisoned, ctx: Context) -> None:
    """Never reached: its payload does not parse."""
    _done(ctx, job)


@actor(work.Tick, queue=work.QUEUE, retry=_SOON, limit=_MINUTE)
def tick(job: work.Tick, ctx: Context) -> None:
    """Of the house."""
    with ctx.finish() as tx:
        chaos.add_deed(tx, job_id=ctx.claim.id, kind=job.name, number=0)


def _done(ctx: Context, job: work.Chaotic) -> None:
    with ctx.finish() as tx:
        chaos.add_deed(tx, job_id=ctx.claim.id, kind=job.name, number=job.number)


def _mended() -> bool:
    return (_WORLD / "mended").exists()


def _call(
    ctx: Context,
    key: str,
    job: work.Chaotic,
    kind: EffectClass,
    *,
    evidence: bool = False,
    loses: bool = False,
    guard: partial[None] | None = None,
) -> None:
    def call() -> Receipt:
        _PROVIDER.accept(key, number=job.number, job_id=ctx.claim.id, loses=loses)
        return Receipt(key=key)

    def look() -> Receipt | None:
        return Receipt(key=key) if _PROVIDER.knows(key) else None

    perform(ctx, Effect(key, kind, Receipt, call, look if evidence else None, guard))


def main() -> int:
    """Serve until SIGTERM; returns the exit code."""
    ours = {"SCHEDULES": (work.TICKING,)}  # the house's own know actors that are not here
    for name, lines in ours.items():
        setattr(cron, name, lines)
    stop = on_signal()
    settings = load()
    logs.configure("json", "warning")
    return serve(settings, only=[work.QUEUE], stop=stop)


if __name__ == "__main__":
    sys.exit(main())
