"""Table `suppressions`: who must never be written to. Idempotent; forgets nobody by itself."""

from db.pool import Tx
from schemas.enums import SuppressionKind, SuppressionReason


def add(
    tx: Tx, kind: SuppressionKind, value: str, reason: SuppressionReason, source: str
) -> bool:  # fmt: skip
    """Never write to this address or domain again; False when that was so already.

    `source` says who asked: "unsubscribe page", "reply", "smtp", "operator", "import".
    """
    return bool(
        tx.run(
            """
            INSERT INTO outrider.suppressions (kind, value, value_hash, reason, source)
            VALUES (%(kind)s::outrider.suppression_kind, %(value)s,
                    outrider.suppression_hash(%(kind)s::outrider.suppression_kind, %(value)s),
                    %(reason)s::outrider.suppression_reason, %(source)s)
            ON CONFLICT DO NOTHING
            """,
            {"kind": kind, "value": value, "reason": reason, "source": source},
        )
    )


def because(tx: Tx, email: str) -> SuppressionReason | None:
    """Why this address must not be written to, by its own or its domain's entry; None: it may."""
    reason = tx.value("SELECT outrider.suppressed_because(%(email)s)", {"email": email})
    return SuppressionReason(str(reason)) if reason is not None else None


def release(tx: Tx, kind: SuppressionKind, value: str, *, by: str, note: str) -> bool:
    """End the tenant's own suppression of this value; False when there is none. The row stays."""
    return bool(
        tx.run(
            """
            UPDATE outrider.suppressions
               SET released_at = outrider.now(), released_by = %(by)s, release_note = %(note)s
             WHERE kind = %(kind)s::outrider.suppression_kind AND released_at IS NULL
               AND value_hash = outrider.suppression_hash(%(kind)s::outrider.suppression_kind, %(value)s)
            """,
            {"kind": kind, "value": value, "by": by, "note": note},
        )
    )
