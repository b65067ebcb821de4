"""Table `integrations` and view `connections`: what a tenant connected, and its state. Knows no secret."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from db.pool import Tx
from schemas.enums import IntegrationStatus
from schemas.errors import NoSuchRow


@dataclass(frozen=True, slots=True)
class Integration:
    """A connected account; `last_error` is that of its latest check, None when it passed."""

    id: UUID
    tenant_id: UUID
    provider: str
    category: str
    external_account: str
    base_url: str
    status: IntegrationStatus
    status_reason: str | None
    last_checked_at: datetime | None
    last_error: str | None
    metadata: Mapping[str, object] = field(default_factory=dict[str, object])

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", IntegrationStatus(self.status))

    @property
    def lane(self) -> str:
        """The line in which its own work waits."""
        return f"integration:{self.id}"


@dataclass(frozen=True, slots=True)
class Connection:
    """Anything connected, whichever table it has: a mailbox, a CRM, an account of a vendor."""

    id: UUID
    kind: str
    provider: str
    category: str
    account: str
    status: IntegrationStatus
    status_reason: str | None
    last_checked_at: datetime | None
    last_error: str | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", IntegrationStatus(self.status))


_SELECT: LiteralString = """
        SELECT id, tenant_id, provider, category, external_account, base_url, status, status_reason,
               last_checked_at, last_error, metadata
          FROM outrider.integrations WHERE deleted_at IS NULL
"""


def find(tx: Tx, provider: str, account: str | None = None) -> Integration | None:
    """The tenant's account at a provider, None when it has none.

    Without `account`: one that works before one that does not, and then the oldest.
    """
    return tx.find(
        Integration,
        _SELECT
        + """
           AND provider = %(provider)s
           AND (%(account)s::text IS NULL OR external_account = %(account)s)
         ORDER BY status <> 'connected', id LIMIT 1
        """,
        {"provider": provider, "account": account},
    )


def find_by_id(tx: Tx, integration_id: UUID) -> Integration | None:
    """One by its id, None when it is gone."""
    return tx.find(Integration, _SELECT + " AND id = %(id)s", {"id": integration_id})


def get(tx: Tx, provider: str, account: str | None = None) -> Integration:
    """As `find`. Raises NoSuchRow."""
    found = find(tx, provider, account)
    if found is None:
        raise NoSuchRow(
            "integration with", provider if account is None else f"{provider} {account}"
        )
    return found


def list_checkable(tx: Tx) -> list[UUID]:
    """The tenant's integrations that a check can say something new about, by id."""
    rows = tx.conn.execute(
        """
        SELECT id FROM outrider.integrations
         WHERE deleted_at IS NULL AND status IN ('connected', 'needs_reauth', 'error') ORDER BY id
        """
    ).fetchall()
    return [UUID(str(one)) for (one,) in rows]


def list_tenants(tx: Tx) -> list[UUID]:
    """Tenants with integrations that can be checked. Needs the operator's hat."""
    rows = tx.conn.execute(
        """
        SELECT DISTINCT i.tenant_id
          FROM outrider.integrations i JOIN outrider.tenants t ON t.id = i.tenant_id
         WHERE i.deleted_at IS NULL AND i.status IN ('connected', 'needs_reauth', 'error')
           AND t.deleted_at IS NULL ORDER BY i.tenant_id
        """
    ).fetchall()
    return [UUID(str(one)) for (one,) in rows]


def list_connections(tx: Tx) -> list[Connection]:
    """Everything that the tenant has connected, by category, provider and account."""
    return tx.list(
        Connection,
        """
        SELECT id, kind, provider, category, account, status, status_reason, last_checked_at, last_error
          FROM outrider.connections ORDER BY category, provider, account
        """,
    )


def new_id(tx: Tx) -> UUID:
    """An id for an integration to come: its secret is sealed to it before it exists."""
    made = tx.value("SELECT outrider.uuid_v7()")
    assert isinstance(made, UUID)
    return made


def put(
    tx: Tx, integration_id: UUID, *, provider: str, category: str, account: str, base_url: str,
    metadata: Mapping[str, object],
) -> None:  # fmt: skip
    """Make an integration that was just checked, or connect it again at this address."""
    tx.run(
        """
        INSERT INTO outrider.integrations AS i
               (id, provider, category, external_account, base_url, metadata, status, last_checked_at)
        VALUES (%(id)s, %(provider)s, %(category)s, %(account)s, %(base_url)s, %(metadata)s,
                'connected', outrider.now())
            ON CONFLICT (id) DO UPDATE
           SET base_url = excluded.base_url, metadata = i.metadata || excluded.metadata,
               status = 'connected', status_reason = NULL, last_error = NULL,
               last_checked_at = excluded.last_checked_at
        """,
        {"id": integration_id, "provider": provider, "category": category, "account": account,
         "base_url": base_url, "metadata": Jsonb(dict(metadata))},
    )  # fmt: skip


def record_check(
    tx: Tx, integration_id: UUID, status: IntegrationStatus, *, error: str | None
) -> None:
    """What a check found; `error` None: it works. One that was disconnected meanwhile stays so."""
    tx.run(
        """
        UPDATE outrider.integrations
           SET status = %(status)s::outrider.integration_status, last_error = %(error)s,
               status_reason = CASE WHEN %(status)s <> 'connected' THEN %(error)s END,
               last_checked_at = outrider.now()
         WHERE id = %(id)s AND deleted_at IS NULL AND status NOT IN ('disconnected', 'disabled')
        """,
        {"id": integration_id, "status": status.value, "error": error},
    )


def disconnect(tx: Tx, integration_id: UUID, *, reason: str) -> None:
    """Use it no more; its secret is destroyed by whoever may."""
    tx.run(
        """
        UPDATE outrider.integrations SET status = 'disconnected', status_reason = %(reason)s
         WHERE id = %(id)s AND deleted_at IS NULL
        """,
        {"id": integration_id, "reason": reason},
    )


def wake(tx: Tx, provider: str) -> None:
    """Let the tenant's jobs go on that waited for this provider.

    First in its transaction, as `lanes.block` and for the same reason.
    """
    waits = {"waits": f"Unconnected: {provider}: "}
    tx.run("SELECT pg_advisory_xact_lock(7362004)")
    tx.run(
        """
        UPDATE outrider.lanes SET blocked_until = NULL, blocked_because = NULL, failures = 0
         WHERE tenant_id = outrider.current_tenant_id() AND key <> ''
           AND starts_with(blocked_because, %(waits)s)
        """,
        waits,
    )
    tx.run(
        """
        UPDATE outrider.jobs SET retry_at = clock_timestamp()
         WHERE tenant_id = outrider.current_tenant_id() AND state = 'delayed'
           AND retry_at > clock_timestamp() AND starts_with(last_error, %(waits)s)
        """,
        waits,
    )
