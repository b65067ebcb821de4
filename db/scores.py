"""Table `scores`: every score with its factors and input hash; one current per lead."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
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


@dataclass(frozen=True, slots=True)
class NewScore:
    """A verdict on a lead, and the job that reached it."""

    lead_id: UUID
    job_id: int | None
    model: str
    model_version: int
    score: int
    tier: LeadTier
    factors: list[dict[str, object]]
    inputs_hash: str


def record(tx: Tx, scores: Sequence[NewScore]) -> set[UUID]:
    """Make these the current scores of locked leads; returns the leads of whom one says something new.

    A score from unchanged inputs writes nothing.
    """
    rows = [asdict(score) | {"lead_id": str(score.lead_id)} for score in scores]
    new = tx.conn.execute(
        """
        WITH said AS MATERIALIZED (
            SELECT w.* FROM jsonb_to_recordset(%(scores)s) AS w (lead_id uuid, job_id bigint,
                   model text, model_version integer, score integer, tier text, factors jsonb,
                   inputs_hash text)
             WHERE NOT EXISTS (
                   SELECT FROM outrider.scores s
                    WHERE s.lead_id = w.lead_id AND s.is_current AND s.model = w.model
                      AND s.model_version = w.model_version AND s.inputs_hash = w.inputs_hash)
        ), before AS (
            UPDATE outrider.scores s SET is_current = false
              FROM said WHERE s.lead_id = said.lead_id AND s.is_current RETURNING s.lead_id
        )
        INSERT INTO outrider.scores (lead_id, job_id, model, model_version, score, tier, factors,
                                     inputs_hash)
        SELECT lead_id, coalesce(job_id, outrider.current_job_id()), model, model_version, score,
               tier::outrider.lead_tier, factors, inputs_hash
          FROM said WHERE (SELECT count(*) FROM before) >= 0   -- the old ones step back first
        RETURNING lead_id
        """,
        {"scores": Jsonb(rows)},
    ).fetchall()
    return {UUID(str(lead_id)) for (lead_id,) in new}


def count_by_tier(tx: Tx) -> list[TierCount]:
    """Current scores by tier, hottest first."""
    return tx.list(
        TierCount,
        """
        SELECT tier, count(*) AS leads FROM outrider.scores WHERE is_current
         GROUP BY tier ORDER BY tier
        """,
    )
