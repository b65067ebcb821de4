"""Table `effects`: calls to the outside world, keyed by business identity. Refuses a stale token."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from db.claims import LeaseLost
from db.pool import Tx
from schemas.enums import EffectClass, EffectState


@dataclass(frozen=True, slots=True)
class Effect:
    """One call, as far as the ledger knows it.

    `live`: its claimant still runs. `released`: its claimant said that nothing happened.
    """

    key: str
    state: EffectState
    job_id: int
    token: int
    calls: int
    response: dict[str, object] | None
    live: bool
    released: bool
    repeatable: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", EffectState(self.state))


@dataclass(frozen=True, slots=True)
class Known:
    """One line of the ledger."""

    key: str
    state: EffectState
    calls: int
    response: dict[str, object] | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", EffectState(self.state))


@dataclass(frozen=True, slots=True)
class Doubt:
    """A call that may or may not have happened, and why nobody knows."""

    key: str
    tenant_id: UUID
    job_id: int
    reason: str
    intent_at: datetime


_SELECT: LiteralString = """
        SELECT e.key, e.state, e.job_id, e.token, e.calls, e.response,
               EXISTS (SELECT 1 FROM outrider.jobs j WHERE j.id = e.job_id AND j.token = e.token) AS live,
               e.token = 0 AS released, e.class = 'repeatable' AS repeatable
          FROM outrider.effects e
         WHERE e.key = %(key)s AND e.tenant_id = outrider.current_tenant_id()
"""


def claim(tx: Tx, key: str, kind: EffectClass, *, job_id: int, token: int) -> bool:
    """Write the intent to call, before the call; False when the key is known already."""
    return bool(
        tx.run(
            """
            INSERT INTO outrider.effects (key, class, job_id, token)
            VALUES (%(key)s, %(class)s, %(job)s, %(token)s)
            ON CONFLICT DO NOTHING
            """,
            {"key": key, "class": kind, "job": job_id, "token": token},
        )
    )


def get_locked(tx: Tx, key: str) -> Effect:
    """The known effect under this key, locked until the transaction ends."""
    return tx.one(Effect, _SELECT + "FOR UPDATE OF e", {"key": key})


def find(tx: Tx, key: str) -> Effect | None:
    """As `get_locked`, without the lock; None for a call that nobody ever began."""
    return tx.find(Effect, _SELECT, {"key": key})


def take_over(tx: Tx, key: str, *, job_id: int, token: int) -> None:
    """Claim an intent whose claimant died, to call once more; the caller holds its lock."""
    tx.run(
        """
        UPDATE outrider.effects
           SET job_id = %(job)s, token = %(token)s, calls = calls + 1, state = 'intent',
               intent_at = clock_timestamp(), settled_at = NULL, reason = NULL
         WHERE key = %(key)s AND tenant_id = outrider.current_tenant_id() AND state <> 'done'
        """,
        {"key": key, "job": job_id, "token": token},
    )


def release(tx: Tx, key: str, *, token: int) -> bool:
    """Free an intent whose call certainly did not happen; False, and no effect, when it is not ours."""
    return bool(
        tx.run(
            """
            UPDATE outrider.effects SET token = 0
             WHERE key = %(key)s AND tenant_id = outrider.current_tenant_id()
               AND token = %(token)s AND state = 'intent'
            """,
            {"key": key, "token": token},
        )
    )


def settle(tx: Tx, key: str, *, token: int, response: dict[str, object]) -> None:
    """Write what the call answered, under the claim's token. Raises LeaseLost when it is stale."""
    settled = tx.value(
        """
        UPDATE outrider.effects
           SET state = 'done', response = %(response)s, settled_at = clock_timestamp(), reason = NULL
         WHERE key = %(key)s AND tenant_id = outrider.current_tenant_id()
           AND token = %(token)s AND state <> 'done'
        RETURNING job_id
        """,
        {"key": key, "token": token, "response": Jsonb(response)},
    )
    if settled is None:
        raise LeaseLost(token)


def prove(tx: Tx, key: str, *, job_id: int, token: int, response: dict[str, object]) -> None:
    """Settle by evidence a call whose end was unknown; it is not counted as a call. Idempotent."""
    tx.run(
        """
        UPDATE outrider.effects
           SET state = 'done', response = %(response)s, settled_at = clock_timestamp(), reason = NULL,
               job_id = %(job)s, token = %(token)s
         WHERE key = %(key)s AND tenant_id = outrider.current_tenant_id() AND state <> 'done'
        """,
        {"key": key, "job": job_id, "token": token, "response": Jsonb(response)},
    )


def doubt(tx: Tx, key: str, *, token: int, reason: str) -> bool:
    """Nobody knows whether the call happened: say so, and why; the first reason stays.

    `token` is the asking claim's. False when somebody does know by now: the call is settled,
    released, or in the hands of another live job.
    """
    return bool(
        tx.run(
            """
            UPDATE outrider.effects e
               SET state = 'in_doubt', reason = coalesce(e.reason, %(reason)s),
                   settled_at = coalesce(e.settled_at, clock_timestamp())
             WHERE e.key = %(key)s AND e.tenant_id = outrider.current_tenant_id()
               AND e.state <> 'done' AND e.token <> 0
               AND NOT EXISTS (SELECT 1 FROM outrider.jobs j
                                WHERE j.id = e.job_id AND j.token = e.token AND j.token <> %(token)s)
            """,
            {"key": key, "token": token, "reason": reason},
        )
    )


def forsake(tx: Tx, key: str) -> None:
    """Nobody waits for the end of a repeatable call that was begun; what it did, another may do again."""
    tx.run(
        """
        UPDATE outrider.effects SET token = 0
         WHERE key = %(key)s AND tenant_id = outrider.current_tenant_id()
           AND class = 'repeatable' AND state = 'intent'
        """,
        {"key": key},
    )


def disown(tx: Tx, key: str) -> bool:
    """Somebody knows that the call did not happen: whoever runs next makes it. False: not in doubt."""
    return bool(
        tx.run(
            """
            UPDATE outrider.effects SET state = 'intent', token = 0, settled_at = NULL, reason = NULL
             WHERE key = %(key)s AND tenant_id = outrider.current_tenant_id() AND state = 'in_doubt'
            """,
            {"key": key},
        )
    )


def list_doubts(tx: Tx, *, tenant_id: UUID | None, limit: int) -> list[Doubt]:
    """Calls whose end nobody knows, oldest first; None: of all tenants. Needs the operator's hat."""
    return tx.list(
        Doubt,
        """
        SELECT key, tenant_id, job_id, reason, intent_at FROM outrider.effects
         WHERE state = 'in_doubt' AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
         ORDER BY intent_at LIMIT %(limit)s
        """,
        {"tenant": tenant_id, "limit": limit},
    )


def list_all(tx: Tx) -> list[Known]:
    """Every effect of the tenant with its answer, by key."""
    return tx.list(Known, "SELECT key, state, calls, response FROM outrider.effects ORDER BY key")
