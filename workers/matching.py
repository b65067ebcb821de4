"""Whose mail is this? By Message-ID first, then by token, then by sender and mailbox; never by what it says.

Reads only. Refuses to take a mail of ours for an answer, and to look beyond ninety days by address alone.
"""

import re
from dataclasses import dataclass
from uuid import UUID

from db import Tx, enrollments, mailboxes, messages
from db.mails import Mail
from db.messages import Outbound
from schemas import machines
from schemas.bounces import read as read_bounce
from schemas.enums import MailMatch, ReplyAuthor
from schemas.inbound import Inbound

_TOKEN = re.compile(r"unsubscribe-([A-Za-z0-9_-]{8,128})")


@dataclass(frozen=True, slots=True)
class Match:
    """How a mail was matched; `proves` is a mail of ours that was sent, since this one names it."""

    how: MailMatch
    enrollment_id: UUID | None = None
    lead_id: UUID | None = None
    mailbox_id: UUID | None = None
    proves: Outbound | None = None


def match(tx: Tx, mail: Mail, inbound: Inbound) -> Match:
    """Whose mail this is, or `MailMatch.NONE`. A colleague's answer is the conversation's too."""
    own = messages.find_by_rfc_id(tx, [inbound.message_id]) if inbound.message_id else None
    if own or (inbound.from_email and mailboxes.find_by_email(tx, inbound.from_email)):
        return Match(MailMatch.OWN, proves=own)
    mailbox_id = mail.mailbox_id or _mailbox(tx, inbound)
    return (
        _by_reference(tx, inbound, mailbox_id)
        or _by_token(tx, inbound, mailbox_id)
        or _by_address(tx, inbound, mailbox_id)
        or Match(MailMatch.NONE, mailbox_id=mailbox_id)
    )


def _mailbox(tx: Tx, inbound: Inbound) -> UUID | None:
    """The mailbox that a mail was written to, when the source did not say."""
    for address in inbound.to[:20]:
        if found := mailboxes.find_by_email(tx, address):
            return found.id
    return None


def _by_reference(tx: Tx, inbound: Inbound, mailbox_id: UUID | None) -> Match | None:
    for how, ids in (
        (MailMatch.REFERENCE, [*inbound.in_reply_to, *inbound.references]),
        (MailMatch.RETURNED, [*inbound.returned_ids]),
    ):
        if ids and (found := messages.find_by_rfc_id(tx, ids)):
            return _of(how, found, mailbox_id, proves=found)
    return None


def _by_token(tx: Tx, inbound: Inbound, mailbox_id: UUID | None) -> Match | None:
    told = _TOKEN.search(inbound.subject)
    found = enrollments.find_by_token(tx, told[1]) if told else None
    return found and Match(MailMatch.TOKEN, found.id, found.lead_id, mailbox_id or found.mailbox_id)


def _by_address(tx: Tx, inbound: Inbound, mailbox_id: UUID | None) -> Match | None:
    """Our last mail to whoever wrote this, or to whom a report says that it did not reach."""
    if mailbox_id is None:
        return None
    reports = machines.authorship(inbound, ()).author is ReplyAuthor.BOUNCE
    named = read_bounce(inbound).recipients if reports else (inbound.from_email,)
    for address in filter(None, named):
        if found := messages.find_last_outbound_to(tx, address, mailbox_id):
            return _of(MailMatch.ADDRESS, found, mailbox_id, proves=None)
    return None


def _of(
    how: MailMatch, found: Outbound, mailbox_id: UUID | None, *, proves: Outbound | None
) -> Match:
    return Match(how, found.enrollment_id, found.lead_id, mailbox_id or found.mailbox_id, proves)
