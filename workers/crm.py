"""Tells the customer's CRM about leads, in batches. Refuses to tell the same thing twice on purpose."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from db import Tx, crm_connections, crm_links, crm_outbox, effects
from db.lanes import LaneRule
from schemas.contacts import Pushes
from schemas.enums import CrmStatus, EffectClass
from schemas.errors import NeedsReauth
from schemas.events import ContactsCollected, ContactsLeft
from schemas.jobs import CollectContacts, UpsertContacts
from workers import crm_batches
from workers.actor import actor
from workers.context import Context
from workers.crm_batches import Batch
from workers.effects import Effect, perform
from workers.retry import PATIENT, QUICK

_AT_ONCE = 50
"""Batches of one job: a portal that is told everything anew is told in several goes."""


@actor(CollectContacts, queue="crm", retry=QUICK, limit=timedelta(seconds=60))
def collect_contacts(job: CollectContacts, ctx: Context) -> None:
    """Safe to run twice: a row is in one batch at a time, and its batch has one job."""
    del job
    with ctx.finish() as tx:
        freed = crm_outbox.free_orphans(tx)
        batches = list(islice(_batches(tx), _AT_ONCE))
        ctx.emit_all(tx, [(batch, str(batch.batch_id)) for batch in batches])
        if len(batches) == _AT_ONCE:
            ctx.emit(tx, ContactsLeft(), key=str(batches[-1].batch_id))
    ctx.log.info("contacts.collected", batches=len(batches), freed=freed)


def _batches(tx: Tx) -> Iterator[ContactsCollected]:
    for connection in crm_connections.list_connected(tx):
        while batch_id := crm_outbox.collect(tx, connection.id):
            yield ContactsCollected(batch_id=batch_id, connection_id=connection.id)


@actor(
    UpsertContacts,
    queue="crm",
    retry=PATIENT,
    limit=timedelta(seconds=60),
    rule=LaneRule(max_running=2, opens_after=5),
)
def upsert_contacts(job: UpsertContacts, ctx: Context) -> None:
    """Safe to run twice: one answer per batch, applied in the transaction that ends the job."""
    with ctx.transaction() as tx:
        batch = crm_batches.find(tx, job.batch_id)
    if batch is None:
        ctx.log.info("contacts.told_before", batch_id=str(job.batch_id))
        return
    if batch.connection.status is not CrmStatus.CONNECTED:
        _give_back(ctx, batch)
        return
    try:
        answer = perform(ctx, _effect(ctx, batch))
    except NeedsReauth as refused:
        _give_back(ctx, batch, refused)
        return

    with ctx.finish() as tx:
        entries = crm_batches.apply(tx, batch, answer)
        if crm_outbox.anybody_waits(tx, batch.connection.id):
            ctx.emit(tx, ContactsLeft(), key=str(batch.id))
    counts = Counter(entry.outcome for entry in entries)
    ctx.log.info("contacts.told", batch_id=str(batch.id), **counts)


def _effect(ctx: Context, batch: Batch) -> Effect[Pushes]:
    """The batch as one call; what it said is kept with the answer, for it may have changed since."""
    news = [told.row.lead_id for told in batch.news()]

    def call() -> Pushes:
        with ctx.transaction() as tx:
            account = crm_batches.account(tx, batch.connection)
        return crm_batches.push(ctx.providers.crm, account, batch)

    return Effect(
        key=batch.effect_key,
        kind=EffectClass.REPEATABLE,
        answer=Pushes,
        call=call,
        guard=lambda tx: crm_links.forget(tx, batch.connection.id, news),
    )


def _give_back(ctx: Context, batch: Batch, refused: NeedsReauth | None = None) -> None:
    """Nobody can be told now: the leads wait, outside any batch, for the connection to work again."""
    with ctx.finish() as tx:
        if refused:
            crm_connections.need_reauth(tx, batch.connection.id, str(refused))
        crm_outbox.settle(tx, batch.id, told={})
        effects.forsake(
            tx, batch.effect_key
        )  # a call that was begun before may be made by another batch
    ctx.log.warning(
        "connection.unusable",
        connection_id=str(batch.connection.id),
        reason=str(refused or batch.connection.status_reason),
    )
