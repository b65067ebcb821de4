"""Table `outrider_secret.credentials`: sealed secrets, written by operators who cannot read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from db.pool import Tx
from telemetry.secrets import Purpose

_INSERT: LiteralString = """
        INSERT INTO outrider_secret.credentials
               (tenant_id, owner_type, owner_id, kind, sealed, expires_at)
        VALUES (%(tenant)s, %(type)s, %(owner)s, %(kind)s, %(sealed)s, %(expires)s)
"""


@dataclass(frozen=True, slots=True)
class Credential:
    """What may be known of a secret: whose it is, what wraps it, since when. `days`: its age."""

    id: UUID
    tenant_id: UUID
    tenant: str
    owner_type: str
    owner_id: UUID
    kind: str
    version: str
    key_id: str
    given_at: datetime
    wrapped_at: datetime | None
    expires_at: datetime | None
    days: int

    @property
    def purpose(self) -> Purpose:
        """What it is sealed for."""
        return Purpose(self.tenant_id, self.owner_type, self.owner_id, self.kind)


_SELECT: LiteralString = """
        SELECT c.id, c.tenant_id, t.slug AS tenant, c.owner_type, c.owner_id, c.kind, c.version,
               c.key_id, coalesce(c.given_at, c.created_at) AS given_at, c.wrapped_at, c.expires_at,
               extract(day FROM outrider.now() - coalesce(c.given_at, c.created_at))::integer AS days
          FROM outrider_secret.credentials c JOIN outrider.tenants t ON t.id = c.tenant_id
"""


def add(tx: Tx, purpose: Purpose, *, sealed: bytes, expires_at: datetime | None = None) -> None:
    """Keep a sealed secret for its owner; needs the operator's hat, which may insert and not look.

    `sealed` comes from `Keyring.seal` with the same purpose. One secret per owner and kind.
    """
    tx.run(_INSERT, {**_owner(purpose), "sealed": sealed, "expires": expires_at})


def put(tx: Tx, purpose: Purpose, *, sealed: bytes, expires_at: datetime | None = None) -> None:
    """As `add`, but a secret that the owner has is replaced."""
    tx.run(
        _INSERT
        + """
            ON CONFLICT (owner_type, owner_id, kind) DO UPDATE
           SET sealed = %(sealed)s, expires_at = %(expires)s, given_at = outrider.now()
        """,
        {**_owner(purpose), "sealed": sealed, "expires": expires_at},
    )


def remove(tx: Tx, purpose: Purpose) -> bool:
    """Destroy a secret; False when there is none. Needs the operator's hat."""
    return bool(
        tx.run(
            """
            DELETE FROM outrider_secret.credentials
             WHERE tenant_id = %(tenant)s AND owner_type = %(type)s AND owner_id = %(owner)s
               AND kind = %(kind)s
            """,
            _owner(purpose),
        )
    )


def find(tx: Tx, purpose: Purpose) -> bytes | None:
    """The sealed secret of an owner of the transaction's tenant, None when there is none.

    Needs a worker's transaction; nobody else may look.
    """
    found = tx.value(
        """
        SELECT sealed FROM outrider_secret.credentials
         WHERE tenant_id = %(tenant)s AND owner_type = %(type)s AND owner_id = %(owner)s
           AND kind = %(kind)s
        """,
        _owner(purpose),
    )
    return found if isinstance(found, bytes) else None


def expires_at(tx: Tx, purpose: Purpose) -> datetime | None:
    """When a secret ends, None when nobody said that it does; as `find`."""
    found = tx.value(
        """
        SELECT expires_at FROM outrider_secret.credentials
         WHERE tenant_id = %(tenant)s AND owner_type = %(type)s AND owner_id = %(owner)s
           AND kind = %(kind)s
        """,
        _owner(purpose),
    )
    return found if isinstance(found, datetime) else None


def list_all(tx: Tx, tenant_id: UUID | None = None) -> list[Credential]:
    """What there is, oldest first, of one tenant or of all. Needs the operator's hat."""
    return tx.list(
        Credential,
        _SELECT
        + """
         WHERE %(tenant)s::uuid IS NULL OR c.tenant_id = %(tenant)s
         ORDER BY given_at, c.id
        """,
        {"tenant": tenant_id},
    )


def list_stale(tx: Tx, first: str, *, after: UUID | None, limit: int) -> list[Credential]:
    """Secrets whose id comes after `after` and that are not wrapped by the key `first`, by id.

    Needs the operator's hat.
    """
    return tx.list(
        Credential,
        _SELECT
        + """
         WHERE (c.key_id <> %(first)s OR c.version <> '02')
           AND (%(after)s::uuid IS NULL OR c.id > %(after)s)
         ORDER BY c.id LIMIT %(limit)s
        """,
        {"first": first, "after": after, "limit": limit},
    )


def count_by_key(tx: Tx) -> dict[str, int]:
    """How many secrets each master key wraps, by its id. Needs the operator's hat."""
    rows = tx.conn.execute(
        "SELECT key_id, count(*) FROM outrider_secret.credentials GROUP BY key_id ORDER BY key_id"
    ).fetchall()
    return {str(key_id): int(str(number)) for key_id, number in rows}


def read_all(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """The sealed secrets of these ids that belong to the transaction's tenant; as `find`."""
    rows = tx.conn.execute(
        "SELECT id, sealed FROM outrider_secret.credentials WHERE id = ANY (%s::uuid[])",
        (list(ids),),
    ).fetchall()
    return {UUID(str(one)): sealed for one, sealed in rows if isinstance(sealed, bytes)}


def rewrap(tx: Tx, swaps: Sequence[tuple[UUID, bytes, bytes]]) -> set[UUID]:
    """Write (id, old, new) wherever the old bytes still stand; the ids that were. Operator's hat."""
    rows = tx.conn.execute(
        "SELECT outrider.rewrap_credentials(%s::uuid[], %s::bytea[], %s::bytea[])",
        ([one for one, _, _ in swaps], [old for _, old, _ in swaps], [new for _, _, new in swaps]),
    ).fetchall()
    return {UUID(str(one)) for (one,) in rows}


def _owner(purpose: Purpose) -> dict[str, object]:
    return {
        "tenant": purpose.tenant_id,
        "type": purpose.owner_type,
        "owner": purpose.owner_id,
        "kind": purpose.kind,
    }
