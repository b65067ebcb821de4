"""A person settles a doubt about a call, as sure as evidence would. Refuses what is not in doubt."""

from uuid import UUID

from db import Database, Tx, audit, claims, effects, mailbox_days, messages, quotas
from schemas.enums import EffectState, Meter
from schemas.errors import Permanent
from schemas.mails import Accepted


def settle(
    database: Database, tenant_id: UUID, key: str, *, happened: bool, operator: str, reason: str
) -> None:
    """Say whether a call happened; its job goes on at once, and makes the call only if it did not.

    Audited. Raises Permanent when the effect is not in doubt, or is no mail.
    """
    with database.tenant(tenant_id) as tx:
        if not key.startswith("email:"):
            raise Permanent(f"key: {key!r} is no mail; only mails can be in doubt.")
        try:
            known = effects.get_locked(tx, key)
        except LookupError:
            raise Permanent(f"key: this tenant has no effect {key!r}.") from None
        if known.state is not EffectState.IN_DOUBT:
            raise Permanent(f"key: {key!r} is {known.state}, not in doubt.")
        if happened:
            answer = Accepted(answer=f"Settled by {operator}: {reason}")
            effects.prove(
                tx, key, job_id=known.job_id, token=known.token, response=answer.to_json()
            )
            messages.settle_sent(tx, key)
        else:
            effects.disown(tx, key)
            _unsend(tx, key, f"Settled by {operator}: {reason}")
        claims.unpark(tx, effect_key=key)
        audit.record(tx, operator=operator, action="settle", resource_type="effect",
                     resource_id=key, reason=f"happened: {happened}; {reason}")  # fmt: skip


def _unsend(tx: Tx, key: str, reason: str) -> None:
    failed = messages.fail(tx, key, reason)
    if failed and failed.mailbox_id:
        mailbox_days.give_back(tx, failed.mailbox_id, failed.day)
        quotas.refund(tx, Meter.MAILS, key=key)
