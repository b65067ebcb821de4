"""Table `crm_connections`: a tenant's CRMs and their state. Knows no token."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from db.pool import Tx
from schemas.enums import CrmStatus, LeadStatus
from schemas.errors import NoSuchRow


@dataclass(frozen=True, slots=True)
class Connection:
    """A connected CRM; `push_on`: the funnel states in which it starts to hear of a lead."""

    id: UUID
    tenant_id: UUID
    provider: str
    base_url: str
    status: CrmStatus
    status_reason: str | None
    push_on: Sequence[LeadStatus]

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", CrmStatus(self.status))
        object.__setattr__(self, "push_on", tuple(LeadStatus(one) for one in self.push_on))


_SELECT: LiteralString = """
        SELECT id, tenant_id, provider, base_url, status, status_reason, push_on::text[] AS push_on
          FROM outrider.crm_connections WHERE deleted_at IS NULL
"""


def new_id(tx: Tx) -> UUID:
    """An id for a connection to come: its token is sealed to it before it exists."""
    made = tx.value("SELECT outrider.uuid_v7()")
    assert isinstance(made, UUID)
    return made


def add(tx: Tx, connection_id: UUID, *, provider: str, base_url: str) -> bool:
    """Make a connection of the tenant; False when it has one to this provider already."""
    return bool(
        tx.run(
            """
            INSERT INTO outrider.crm_connections (id, provider, base_url)
            VALUES (%(id)s, %(provider)s, %(base_url)s) ON CONFLICT DO NOTHING
            """,
            {"id": connection_id, "provider": provider, "base_url": base_url},
        )
    )


def reconnect(tx: Tx, connection_id: UUID, *, base_url: str) -> None:
    """A connection works again, at this address; what waited for it goes on."""
    tx.run(
        """
        UPDATE outrider.crm_connections
           SET status = 'connected', status_reason = NULL, base_url = %(base_url)s
         WHERE id = %(id)s AND deleted_at IS NULL
        """,
        {"id": connection_id, "base_url": base_url},
    )


def find(tx: Tx, connection_id: UUID) -> Connection | None:
    """A connection, None when it is gone."""
    return tx.find(Connection, _SELECT + " AND id = %(id)s", {"id": connection_id})


def find_by_provider(tx: Tx, provider: str) -> Connection | None:
    """The tenant's connection to a provider, None when it has none."""
    return tx.find(Connection, _SELECT + " AND provider = %(provider)s", {"provider": provider})


def get_by_provider(tx: Tx, provider: str) -> Connection:
    """As `find_by_provider`. Raises NoSuchRow."""
    found = find_by_provider(tx, provider)
    if found is None:
        raise NoSuchRow("connection to", provider)
    return found


def list_connected(tx: Tx) -> list[Connection]:
    """The tenant's connections that may be used, by id."""
    return tx.list(Connection, _SELECT + " AND status = 'connected' ORDER BY id")


def need_reauth(tx: Tx, connection_id: UUID, reason: str) -> bool:
    """Use a connection no more until somebody connects it again; False when that was so already."""
    return bool(
        tx.run(
            """
            UPDATE outrider.crm_connections
               SET status = 'needs_reauth', status_reason = %(reason)s
             WHERE id = %(id)s AND status = 'connected'
            """,
            {"id": connection_id, "reason": reason},
        )
    )
