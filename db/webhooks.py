"""Tables `webhook_sources` and `webhook_events`: who may knock, and what they said, raw and once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from db.pool import Tx
from db.tenants import NameTaken, check_slug
from schemas.errors import NoSuchRow

Takes: TypeAlias = Literal["leads", "mails", "imports"]
"""What a source may post."""


@dataclass(frozen=True, slots=True)
class Source:
    """An address that events may be posted to."""

    id: UUID
    tenant_id: UUID
    slug: str
    takes: Takes
    mailbox_id: UUID | None
    revoked_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Door:
    """What the edge must know to check a signature: whose address, and the sealed secret."""

    tenant_id: UUID
    source_id: UUID
    verify: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """An event that came in before."""

    id: UUID
    lead_id: UUID | None
    mail_id: UUID | None = None


def add_source(
    tx: Tx, *, tenant_id: UUID, slug: str, takes: Takes = "leads", mailbox_id: UUID | None = None
) -> Source:
    """Open an address; slugs are unique across tenants. Needs the operator's hat.

    `mailbox_id` is whose mails a source posts, when it does not say so itself.

    Raises NameTaken, or Permanent for what is no slug.
    """
    check_slug(slug)
    source = tx.find(
        Source,
        """
        INSERT INTO outrider.webhook_sources (tenant_id, slug, takes, mailbox_id)
        VALUES (%(tenant)s, %(slug)s, %(takes)s, %(mailbox)s) ON CONFLICT (slug) DO NOTHING
        RETURNING id, tenant_id, slug, takes, mailbox_id, revoked_at, created_at
        """,
        {"tenant": tenant_id, "slug": slug, "takes": takes, "mailbox": mailbox_id},
    )
    if source is None:
        raise NameTaken(f"source: {slug!r} is taken; choose another name.")
    return source


def list_sources(tx: Tx, tenant_id: UUID) -> list[Source]:
    """The addresses of a tenant, by slug, revoked ones too."""
    return tx.list(
        Source,
        """
        SELECT id, tenant_id, slug, takes, mailbox_id, revoked_at, created_at
          FROM outrider.webhook_sources WHERE tenant_id = %(tenant)s ORDER BY slug
        """,
        {"tenant": tenant_id},
    )


def revoke(tx: Tx, tenant_id: UUID, slug: str) -> Source:
    """Close an address for good; it stays listed, and its name stays taken. Raises NoSuchRow.

    Needs the operator's hat. Idempotent: the moment of the first time stays.
    """
    source = tx.find(
        Source,
        """
        UPDATE outrider.webhook_sources SET revoked_at = coalesce(revoked_at, outrider.now())
         WHERE tenant_id = %(tenant)s AND slug = %(slug)s
        RETURNING id, tenant_id, slug, takes, mailbox_id, revoked_at, created_at
        """,
        {"tenant": tenant_id, "slug": slug},
    )
    if source is None:
        raise NoSuchRow("source", slug)
    return source


def find_door(tx: Tx, slug: str, takes: Takes = "leads") -> Door | None:
    """The door behind an address for leads or for mails, None when there is none or it is revoked.

    Needs the ingress hat, which can ask for one address at a time and list none.
    """
    return tx.find(
        Door,
        """
        SELECT tenant_id, source_id, verify, sealed
          FROM outrider.webhook_door(%(slug)s, %(takes)s)
        """,
        {"slug": slug, "takes": takes},
    )


def store(tx: Tx, *, source_id: UUID, external_id: str, body: bytes) -> UUID | None:
    """Keep a verified event as it came; None when the source sent this id before."""
    stored = tx.value(
        """
        INSERT INTO outrider.webhook_events (source_id, external_id, body)
        VALUES (%(source)s, %(external)s, %(body)s)
        ON CONFLICT (source_id, external_id) DO NOTHING RETURNING id
        """,
        {"source": source_id, "external": external_id, "body": body},
    )
    return stored if isinstance(stored, UUID) else None


def find_received(tx: Tx, *, source_id: UUID, external_id: str) -> Received | None:
    """What `store` kept when this id came first; None when it never did."""
    return tx.find(
        Received,
        """
        SELECT id, lead_id, mail_id FROM outrider.webhook_events
         WHERE source_id = %(source)s AND external_id = %(external)s
        """,
        {"source": source_id, "external": external_id},
    )


def attach_lead(tx: Tx, event_id: UUID, lead_id: UUID) -> None:
    """Say which person an event was about; of one who was erased, nothing that was said is kept."""
    tx.run(
        """
        UPDATE outrider.webhook_events e
           SET lead_id = %(lead)s, body = CASE WHEN EXISTS (
               SELECT 1 FROM outrider.leads l WHERE l.id = %(lead)s AND l.erased_at IS NOT NULL)
               THEN '' ELSE e.body END
         WHERE e.id = %(id)s
        """,
        {"id": event_id, "lead": lead_id},
    )


def attach_mail(tx: Tx, event_id: UUID, mail_id: UUID) -> None:
    """Say which mail an event brought."""
    tx.run(
        "UPDATE outrider.webhook_events SET mail_id = %(mail)s WHERE id = %(id)s",
        {"id": event_id, "mail": mail_id},
    )


def mailbox_of(tx: Tx, source_id: UUID) -> UUID | None:
    """Whose mails a source posts, when that was said once for all."""
    found = tx.value(
        "SELECT mailbox_id FROM outrider.webhook_sources WHERE id = %(id)s", {"id": source_id}
    )
    return found if isinstance(found, UUID) else None
