"""What a batch of leads is to a CRM: what is said of each, and what follows from each answer.

Refuses to lose a change: only the version that was read is confirmed, and an answer that was kept
by an earlier attempt counts for what that attempt said.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from uuid import UUID

from db import Tx, credentials, crm_connections, crm_links, crm_log, crm_mappings, crm_outbox
from db.crm_connections import Connection
from db.crm_links import Link
from db.crm_log import Entry
from db.crm_outbox import Waiting
from providers.ports import Crm, CrmAccount
from schemas import crm_fields
from schemas.contacts import Contact, Outcome, Push, Pushes
from schemas.crm_fields import LOCAL, Fact, FieldMapping
from schemas.errors import NeedsReauth
from telemetry.secrets import Purpose, Sealed

_TRIES = 10
"""Refusals that pass, one batch after the other, before a lead is given up until it changes."""


@dataclass(frozen=True, slots=True)
class Told:
    """A lead of a batch and all that we have to say about it; `email` None: it has no address."""

    row: Waiting
    email: str | None
    said: dict[str, str]
    hash: str

    @property
    def key(self) -> str:
        return str(self.row.lead_id)

    @property
    def is_news(self) -> bool:
        """Whether the CRM has not accepted just this before."""
        return (
            self.email is not None and not self.row.deleted and self.hash != self.row.payload_hash
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as it was read, in one look."""

    id: UUID
    connection: Connection
    mappings: Sequence[FieldMapping]
    leads: Sequence[Told]

    @property
    def effect_key(self) -> str:
        """What the ledger calls the telling of it."""
        return f"crm:{self.connection.id}:{self.id}"

    def news(self) -> list[Told]:
        """The leads that are sent."""
        return [told for told in self.leads if told.is_news]


def find(tx: Tx, batch_id: UUID) -> Batch | None:
    """A batch with all there is to say; None when it is through. Raises BadMapping."""
    rows = crm_outbox.list_batch(tx, batch_id)
    connection = crm_connections.find(tx, rows[0].connection_id) if rows else None
    if connection is None:
        return None
    mappings = crm_mappings.list_of(tx, connection.id)
    return Batch(batch_id, connection, mappings, [_told(row, mappings) for row in rows])


def _told(row: Waiting, mappings: Sequence[FieldMapping]) -> Told:
    known = {field.name: getattr(row, field.name) for field in fields(row) if field.name in LOCAL}
    facts: dict[str, Fact] = {
        **known,
        "status": crm_fields.status_now(row.status, row.suppressed).value,
    }
    said = crm_fields.say(facts, mappings)
    email = row.email.strip().lower() if row.email else None
    return Told(row, email, said, crm_fields.hash_of(email or "", said))


def account(tx: Tx, connection: Connection) -> CrmAccount:
    """Where and as whom the CRM is spoken to. Raises NeedsReauth when there is no token."""
    purpose = token_of(connection.tenant_id, connection.id)
    box = credentials.find(tx, purpose)
    if box is None:
        raise NeedsReauth("token: there is none; give one with `outrider crm connect`.")
    return CrmAccount(connection.base_url, Sealed(box, purpose))


def token_of(tenant_id: UUID, connection_id: UUID) -> Purpose:
    """What a connection's token is sealed for."""
    return Purpose(tenant_id, "crm_connection", connection_id, "access_token")


def push(crm: Crm, account: CrmAccount, batch: Batch) -> Pushes:
    """Tell the CRM, after asking it where we fill only what is empty. Raises as the port does."""
    news = batch.news()
    contacts = [
        _contact(told, batch.mappings, remote) for told, remote in _asked(crm, account, batch)
    ]
    outcomes = crm.upsert(account, contacts) if contacts else []
    return Pushes(
        pushes=tuple(
            Push(
                lead_id=told.row.lead_id,
                version=told.row.version,
                hash=told.hash,
                fields=tuple(sorted(contact.properties)),
                outcome=outcome,
            )
            for told, contact, outcome in zip(news, contacts, outcomes, strict=True)
        )
    )


def _asked(crm: Crm, account: CrmAccount, batch: Batch) -> Iterator[tuple[Told, dict[str, str]]]:
    careful = crm_fields.only_if_empty(batch.mappings)
    emails = [told.email for told in batch.news() if told.email and careful & set(told.said)]
    known = crm.read(account, emails, sorted(careful)) if emails else []
    remote = {contact.email: contact.properties for contact in known}
    for told in batch.news():
        yield told, remote.get(told.email or "", {})


def _contact(told: Told, mappings: Sequence[FieldMapping], remote: dict[str, str]) -> Contact:
    assert told.email
    chosen = crm_fields.choose(told.said, mappings, remote)
    return Contact(key=told.key, email=told.email, properties=chosen)


def apply(tx: Tx, batch: Batch, answer: Pushes) -> list[Entry]:
    """Write what became of each lead: log, links, and what leaves the outbox; the lines written."""
    pushes = {push.lead_id: push for push in answer.pushes}
    entries: list[Entry] = []
    told: dict[UUID, int] = {}
    again: list[UUID] = []
    for lead in batch.leads:
        row, push = lead.row, pushes.get(lead.row.lead_id)
        if push:
            entries.append(_entry(push))
            if push.outcome.again and row.tries + 1 < _TRIES:
                again.append(row.lead_id)
            else:
                told[row.lead_id] = push.version
        elif not lead.is_news:
            entries += _silent(lead)
            told[row.lead_id] = row.version
    links = {p.outcome.remote_id: _link(p) for p in answer.pushes if p.outcome.remote_id}
    entries = [_once(entry, links) for entry in entries]
    crm_links.record(tx, batch.connection.id, list(links.values()))
    crm_log.add_all(tx, batch.connection.id, batch.id, entries)
    crm_outbox.settle(tx, batch.id, told=told, refused=again)
    return entries


def _once(entry: Entry, links: Mapping[str, Link]) -> Entry:
    """A contact is one lead's: another that the CRM took for the same one is told to a person."""
    link = links.get(entry.remote_id or "")
    if link is None or link.lead_id == entry.lead_id:
        return entry
    text = f"The CRM takes this lead and lead {link.lead_id} for one contact; merge them."
    return replace(entry, outcome="failed", error_code="same_contact", error=text)


def _link(push: Push) -> Link:
    assert push.outcome.remote_id
    return Link(push.lead_id, push.outcome.remote_id, push.hash)


def _entry(push: Push) -> Entry:
    outcome: Outcome = push.outcome
    return Entry(
        push.lead_id,
        outcome.state,
        remote_id=outcome.remote_id,
        error_code=outcome.error_code,
        error=outcome.error,
        fields=push.fields,
    )


def _silent(lead: Told) -> list[Entry]:
    """What is logged of a lead that was not sent; a deleted one is nobody's business any more."""
    if lead.row.deleted:
        return []
    if lead.email is None:
        text = "email: the lead has no address, and a CRM's contact is found by it."
        return [Entry(lead.row.lead_id, "failed", error_code="no_address", error=text)]
    return [Entry(lead.row.lead_id, "unchanged")]
