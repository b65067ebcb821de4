"""What waits for a person, as counts: nobody in particular, and no words of anybody."""

from dataclasses import dataclass

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class Troubles:
    """What does not go on by itself."""

    dead_letters: int
    doubts: int
    paused_actors: int
    paused_tenants: int
    paused_mailboxes: int


def troubles(tx: Tx) -> Troubles:
    """Count what waits for a person, in all tenants. Needs the operator's hat."""
    return tx.one(
        Troubles,
        """
        SELECT (SELECT count(*) FROM outrider.dead_letters WHERE status = 'open') AS dead_letters,
               (SELECT count(*) FROM outrider.effects WHERE state = 'in_doubt') AS doubts,
               (SELECT count(*) FROM outrider.pauses WHERE actor IS NOT NULL) AS paused_actors,
               (SELECT count(*) FROM outrider.pauses WHERE tenant_id IS NOT NULL) AS paused_tenants,
               (SELECT count(*) FROM outrider.mailboxes
                 WHERE status = 'paused' AND deleted_at IS NULL) AS paused_mailboxes
        """,
    )
