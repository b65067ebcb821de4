"""Table `outrider_secret.credentials`: sealed secrets, written by operators who cannot read them."""

from db.pool import Tx
from telemetry.secrets import Purpose


def add(tx: Tx, purpose: Purpose, *, sealed: bytes) -> None:
    """Keep a sealed secret for its owner; needs the operator's hat, which may insert and not look.

    `sealed` comes from `Keyring.seal` with the same purpose. One secret per owner and kind.
    """
    tx.run(
        """
        INSERT INTO outrider_secret.credentials (tenant_id, owner_type, owner_id, kind, sealed)
        VALUES (%(tenant)s, %(type)s, %(owner)s, %(kind)s, %(sealed)s)
        """,
        {
            "tenant": purpose.tenant_id,
            "type": purpose.owner_type,
            "owner": purpose.owner_id,
            "kind": purpose.kind,
            "sealed": sealed,
        },
    )
