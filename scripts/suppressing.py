"""What an operator's word about a list sets in motion: sequences end, leads leave and come back, the CRM hears.

All of it in the transaction that changes the list, but for the house's list, where each tenant has its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from db import Database, Tx, audit, enrollments, lead_returns, leads, suppressions, tenants
from pipelines.engine import emit
from schemas.enums import Channel, LeadStatus, SuppressionReason
from schemas.events import LeadMoved, ListsChanged
from schemas.suppressions import Listed
from scripts.session import whoami

_LEAVES = {
    SuppressionReason.UNSUBSCRIBE: LeadStatus.UNSUBSCRIBED,
    SuppressionReason.BOUNCE: LeadStatus.BOUNCED,
}


@dataclass(frozen=True, slots=True)
class Order:
    """Whom not to contact, why, on which channel, and until when (business time; None: for ever)."""

    listed: Sequence[Listed]
    because: SuppressionReason
    reason: str
    channel: Channel | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many entries are new or hold longer, and how many sequences ended by them."""

    new: int
    stopped: int


def suppress(tx: Tx, order: Order) -> Outcome:
    """Put values on the tenant's list and end what is under way to whom they mean. Idempotent."""
    # The order in which everybody locks: enrollments, leads, what the CRM is told, the news of it.
    stopped, moved = _end(tx, order)
    new = _add(tx, order)
    _audit(tx, "suppress", order.listed, order.reason)
    _tell(tx, moved)
    return Outcome(new, stopped)


def suppress_everywhere(database: Database, order: Order) -> Outcome:
    """Put values on the house's list, then end what is under way, tenant by tenant. Idempotent.

    The list holds for everybody at once; a sequence that is not ended yet meets it at the gate.
    """
    with database.hat("operator") as tx:
        new = _add(tx, order)
        everybody = tenants.list_all(tx)
        _audit(tx, "suppress everywhere", order.listed, order.reason)
    stopped = 0
    for tenant in everybody:
        with database.tenant(tenant.id) as tx:
            ended, moved = _end(tx, order)
            _tell(tx, moved)
        stopped += ended
    return Outcome(new, stopped)


def release(tx: Tx, listed: Listed, reason: str) -> list[UUID] | None:
    """Take a value off the tenant's list and bring back the leads that nothing else suppresses.

    The leads that came back; None when the value was on no list.
    """
    if not suppressions.release(tx, *listed, by=whoami(), note=reason):
        return None
    back = _bring_back(tx, listed)
    _audit(tx, "release", [listed], reason)
    _tell(tx, back)
    return list(back)


def release_everywhere(database: Database, listed: Listed, reason: str) -> list[UUID] | None:
    """`release` from the house's list, then bring back leads tenant by tenant."""
    with database.hat("operator") as tx:
        if not suppressions.release(tx, *listed, by=whoami(), note=reason):
            return None
        everybody = tenants.list_all(tx)
        _audit(tx, "release everywhere", [listed], reason)
    back: list[UUID] = []
    for tenant in everybody:
        with database.tenant(tenant.id) as tx:
            came = _bring_back(tx, listed)
            _tell(tx, came)
        back += came
    return back


def _add(tx: Tx, order: Order) -> int:
    return suppressions.add_all(tx, order.listed, order.because, "operator",
                                expires_at=order.until, channel=order.channel)  # fmt: skip


def _end(tx: Tx, order: Order) -> tuple[int, dict[UUID, LeadStatus]]:
    """How many sequences ended, and which leads left the funnel."""
    if order.channel not in {None, Channel.EMAIL}:
        return 0, {}
    about = suppressions.list_leads(tx, order.listed)
    stopped = enrollments.suppress_all_of(tx, about, order.because.value, by=whoami())
    to = _LEAVES.get(order.because) if order.until is None else None
    moved = {
        lead.id: to
        for lead in (leads.list_locked(tx, about) if to else [])
        if to and leads.move(tx, lead, to, cause=f"operator {whoami()}")
    }
    return stopped, moved


def _bring_back(tx: Tx, listed: Listed) -> dict[UUID, LeadStatus]:
    back: dict[UUID, LeadStatus] = {}
    for lead in lead_returns.list_candidates(tx, suppressions.list_leads(tx, [listed])):
        to = lead_returns.find_way_back(tx, lead)
        if to and lead_returns.put_back(tx, lead, to, cause=f"operator {whoami()}"):
            back[lead.id] = to
    return back


def _tell(tx: Tx, moved: Mapping[UUID, LeadStatus]) -> None:
    emit(tx, ListsChanged(), key=str(uuid4()))
    for lead_id, to in moved.items():
        emit(tx, LeadMoved(lead_id=lead_id, to=to), key=f"{lead_id}:{uuid4()}")


def _audit(tx: Tx, action: str, listed: Sequence[Listed], reason: str) -> None:
    kinds = sorted({kind.value for kind, _ in listed})
    # A domain or a company is nobody's; an address, a phone or a profile is a person's, and is not kept here.
    name = listed[0][1] if len(listed) == 1 and kinds[0] in {"domain", "company"} else "+".join(kinds)  # fmt: skip
    audit.record(tx, operator=whoami(), action=action, resource_type="suppression",
                 resource_id=name, reason=reason, details={"entries": len(listed)})  # fmt: skip
