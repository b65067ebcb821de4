"""Table `scores`: every score with its factors and input hash; one current per lead."""

from dataclasses import dataclass
from uuid import UUID

from psycopg.types.json import Jsonb

from db.pool import Tx
from schemas.enums import LeadTier


@dataclass(frozen=True, slots=True)
class TierCount:
    """How many leads are in one tier."""

    tier: LeadTier
    leads: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "tier", LeadTier(self.tier))


def record(
    tx: Tx,
    lead_id: UUID,
    *,
    model: str,
    model_version: int,
    score: int,
    tier: LeadTier,
    factors: list[dict[str, object]],
    inputs_hash: str,
) -> bool:
    """Make this the current score of a locked lead; False, and no row, when the inputs did not change."""
    if _is_current(tx, lead_id, model, model_version, inputs_hash):
        return False
    tx.run(
        "UPDATE outrider.scores SET is_current = false WHERE lead_id = %(lead)s AND is_current",
        {"lead": lead_id},
    )
    tx.run(
        """
        INSERT INTO outrider.scores
               (lead_id, model, model_version, score, tier, factors, inputs_hash)
        VALUES (%(lead)s, %(model)s, %(version)s, %(score)s, %(tier)s::outrider.lead_tier,
                %(factors)s, %(hash)s)
        """,
        {
            "lead": lead_id,
            "model": model,
            "version": model_version,
            "score": score,
            "tier": tier,
            "factors": Jsonb(factors),
            "hash": inputs_hash,
        },
    )
    return True


def _is_current(tx: Tx, lead_id: UUID, model: str, version: int, inputs_hash: str) -> bool:
    return (
        tx.value(
            """
            SELECT 1 FROM outrider.scores
             WHERE lead_id = %(lead)s AND is_current AND model = %(model)s
               AND model_version = %(version)s AND inputs_hash = %(hash)s
            """,
            {"lead": lead_id, "model": model, "version": version, "hash": inputs_hash},
        )
        is not None
    )


def count_by_tier(tx: Tx) -> list[TierCount]:
    """Current scores by tier, hottest first."""
    return tx.list(
        TierCount,
        """
        SELECT tier, count(*) AS leads FROM outrider.scores WHERE is_current
         GROUP BY tier ORDER BY tier
        """,
    )
