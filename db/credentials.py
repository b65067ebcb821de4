"""Table `outrider_secret.credentials`: sealed secrets, written by operators who cannot read them."""

from typing import LiteralString

from db.pool import Tx
from telemetry.secrets import Purpose

_INSERT: LiteralString = """
        INSERT INTO outrider_secret.credentials (tenant_id, owner_type, owner_id, kind, sealed)
        VALUES (%(tenant)s, %(type)s, %(owner)s, %(kind)s, %(sealed)s)
"""


def add(tx: Tx, purpose: Purpose, *, sealed: bytes) -> None:
    """Keep a sealed secret for its owner; needs the operator's hat, which may insert and not look.

    `sealed` comes from `Keyring.seal` with the same purpose. One secret per owner and kind.
    """
    tx.run(_INSERT, {**_owner(purpose), "sealed": sealed})


def put(tx: Tx, purpose: Purpose, *, sealed: bytes) -> None:
    """As `add`, but a secret that the owner has is replaced."""
    tx.run(
        _INSERT + " ON CONFLICT (owner_type, owner_id, kind) DO UPDATE SET sealed = %(sealed)s",
        {**_owner(purpose), "sealed": sealed},
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


def _owner(purpose: Purpose) -> dict[str, object]:
    return {
        "tenant": purpose.tenant_id,
        "type": purpose.owner_type,
        "owner": purpose.owner_id,
        "kind": purpose.kind,
    }
