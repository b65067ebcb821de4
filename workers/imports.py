"""Takes the rows of posted files, some slices per job, so that a large file lets others have their turn."""

from datetime import timedelta

from db import import_slices, imports
from db.import_slices import Slice
from schemas.base import Event
from schemas.events import ImportTaken, LeadCaptured, ListsChanged
from schemas.jobs import TakeImport
from workers.actor import actor
from workers.context import Context
from workers.retry import QUICK

_SLICES = 10
"""Slices of one job: a few seconds."""


def facts(part: Slice) -> list[tuple[Event, str]]:
    """What follows from a slice, to be said in its own transaction: a row is booked once, so this follows once.

    The keys are the slice's: who comes again further down, or mended, is looked at again.
    """
    captured = [(LeadCaptured(lead_id=one), f"import:{part.id}:{one}") for one in part.leads]
    listed = [(ListsChanged(), f"import:{part.id}")] if part.listed else []
    return [*captured, *listed]


@actor(TakeImport, queue="imports", retry=QUICK, limit=timedelta(minutes=5))
def take_import(job: TakeImport, ctx: Context) -> None:
    """Safe to run twice: what a slice took is booked with it, and so is what follows from it."""
    for _ in range(_SLICES):
        with ctx.transaction() as tx:
            part = import_slices.take(tx, job.import_id)
            ctx.emit_all(tx, facts(part))
        if not part.left:
            break
    with ctx.finish() as tx:
        now = imports.get(tx, job.import_id)
        ctx.emit(
            tx, ImportTaken(import_id=now.id, left=now.pending), key=f"{now.id}:{ctx.claim.id}"
        )
    ctx.log.info("import.taken", import_id=str(now.id), left=now.pending)
