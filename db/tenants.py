"""Table `tenants`: the organisations that share the fleet. Refuses a name twice."""

import re
import zoneinfo
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pool import Tx
from schemas.errors import NoSuchRow, Permanent

_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


_LONGEST_NAME = 200


class NameTaken(Permanent):
    """Somebody else has this name already; nothing was written."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """One organisation; its slug is what people type."""

    id: UUID
    name: str
    slug: str
    timezone: str
    created_at: datetime


def add(tx: Tx, *, name: str, slug: str, timezone: str = "UTC") -> Tenant:
    """Create a tenant; needs the operator's hat.

    Raises NameTaken for a slug in use, Permanent for one that is no slug, an empty name, or a time
    zone that the tz database does not know.
    """
    check_slug(slug)
    if not 0 < len(name.strip()) <= _LONGEST_NAME:
        raise Permanent(f"name: a tenant's has 1 to {_LONGEST_NAME} characters.")
    try:
        zoneinfo.ZoneInfo(timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise Permanent(f"timezone: {timezone!r} is no IANA zone; try Europe/Berlin.") from None
    tenant = tx.find(
        Tenant,
        """
        INSERT INTO outrider.tenants (name, slug, timezone)
        VALUES (%(name)s, %(slug)s, %(zone)s) ON CONFLICT (slug) DO NOTHING
        RETURNING id, name, slug, timezone, created_at
        """,
        {"name": name.strip(), "slug": slug, "zone": timezone},
    )
    if tenant is None:
        raise NameTaken(f"slug: a tenant is called {slug!r} already.")
    return tenant


def get_by_slug(tx: Tx, slug: str) -> Tenant:
    """A live tenant by its slug. Raises NoSuchRow."""
    tenant = find_by_slug(tx, slug)
    if tenant is None:
        raise NoSuchRow("tenant", slug)
    return tenant


def find_by_slug(tx: Tx, slug: str) -> Tenant | None:
    """A tenant by its short name; None when there is none, or it was deleted."""
    return tx.find(
        Tenant,
        """
        SELECT id, name, slug, timezone, created_at
          FROM outrider.tenants WHERE slug = %(slug)s AND deleted_at IS NULL
        """,
        {"slug": slug},
    )


def list_all(tx: Tx) -> list[Tenant]:
    """Every tenant that was not deleted, by slug."""
    return tx.list(
        Tenant,
        """
        SELECT id, name, slug, timezone, created_at
          FROM outrider.tenants WHERE deleted_at IS NULL ORDER BY slug
        """,
    )


def list_ids(tx: Tx) -> list[UUID]:
    """Every tenant there ever was and still has rows, deleted ones too, in order."""
    rows = tx.conn.execute("SELECT id FROM outrider.tenants ORDER BY id").fetchall()
    return [UUID(str(tenant_id)) for (tenant_id,) in rows]


def check_slug(slug: str) -> None:
    """Raise Permanent unless this can be a short name: a-z, 0-9 and inner hyphens, 63 at most."""
    if not _SLUG.fullmatch(slug):
        raise Permanent(f"slug: {slug!r} may have a-z, 0-9 and inner hyphens, 63 at most.")
