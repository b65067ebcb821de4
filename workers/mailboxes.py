"""Reads mailboxes: what a server has and we have not is stored, and each mail is a fact of its own."""

from datetime import timedelta

from db import Tx, mailbox_cursors, mailboxes, mails
from db.lanes import LaneRule
from db.mailboxes import Mailbox
from providers.ports import Cursor, Fetched, MailServer
from schemas.errors import NeedsReauth, Permanent, Transient
from schemas.events import MailReceived
from schemas.jobs import ReadMailbox
from workers.actor import actor
from workers.context import Context
from workers.mail_servers import imap_of
from workers.retry import QUICK

PAGE = 50
_TRIES = 3
"""Attempts of one look; the next look comes by itself, so a dead letter would say nothing new."""


@actor(
    ReadMailbox,
    queue="mailboxes",
    retry=QUICK,
    limit=timedelta(minutes=5),
    rule=LaneRule(max_running=1, opens_after=5),
)
def read_mailbox(job: ReadMailbox, ctx: Context) -> None:
    """Safe to run twice and twice at once: a mail is stored by its bytes, with its cursor.

    Only a look that reached the folder's end moves `read_at`, so "no reply" and "not read yet" stay
    two answers. A mailbox that refuses us is paused with the server's words.
    """
    with ctx.transaction() as tx:
        mailbox = mailboxes.get(tx, job.mailbox_id)
        known = mailbox_cursors.find(tx, mailbox.id, mailbox.inbox_folder)
    cursor = Cursor(known.uid_validity, known.last_uid) if known else None
    try:
        server = _server(ctx, mailbox)
        page = _page(ctx, server, mailbox, cursor)
        while page.more:
            with ctx.transaction() as tx:
                _store(ctx, tx, mailbox, page, complete=False)
            page = _page(ctx, server, mailbox, page.cursor)
    except Permanent as refusal:
        _give_up(ctx, mailbox, refusal)
        return
    except Transient as trouble:
        _try_later(ctx, mailbox, trouble)
        return

    with ctx.finish() as tx:
        new = _store(ctx, tx, mailbox, page, complete=True)
    if new:
        ctx.log.info("mailbox.read", mailbox_id=str(mailbox.id), new=new)


def _server(ctx: Context, mailbox: Mailbox) -> MailServer:
    with ctx.transaction() as tx:
        return imap_of(tx, mailbox)


def _page(ctx: Context, server: MailServer, mailbox: Mailbox, after: Cursor | None) -> Fetched:
    return ctx.providers.reader.fetch(server, mailbox.inbox_folder, after, limit=PAGE)


def _store(ctx: Context, tx: Tx, mailbox: Mailbox, page: Fetched, *, complete: bool) -> int:
    """Mails, their facts and the cursor behind them, or none of it; how many mails were new."""
    folder = mailbox.inbox_folder
    new = mails.store_all(tx, mailbox.id, page.mails, f"imap:{folder}") if page.mails else []
    ctx.emit_all(tx, [(MailReceived(mail_id=mail_id), str(mail_id)) for mail_id in new])
    mailbox_cursors.advance(
        tx,
        mailbox.id,
        folder,
        uid_validity=page.cursor.uid_validity,
        last_uid=page.cursor.last_uid,
        complete=complete,
    )
    return len(new)


def _give_up(ctx: Context, mailbox: Mailbox, refusal: Permanent) -> None:
    """A person has to look at it; what is in the mailbox stays there, and will be read."""
    with ctx.finish() as tx:
        stop = mailboxes.need_reauth if isinstance(refusal, NeedsReauth) else mailboxes.pause
        paused = stop(tx, mailbox.id, str(refusal))
    ctx.log.error("mailbox.refused", mailbox_id=str(mailbox.id), reason=str(refusal), paused=paused)


def _try_later(ctx: Context, mailbox: Mailbox, trouble: Transient) -> None:
    """Soon, a few times; then at the next stir. Raises `trouble` for the former."""
    if ctx.claim.attempt < _TRIES:
        raise trouble
    with ctx.finish():
        pass
    ctx.log.warning("mailbox.unread", mailbox_id=str(mailbox.id), reason=str(trouble))
