"""Forget what was kept long enough: tenant by tenant, kind by kind, in slices that hold no lock for long."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from db import Database, retention, tenants
from schemas.retention import POLICIES

_SLICE = 500


@dataclass(frozen=True, slots=True)
class Term:
    """How long a tenant (None: the house) keeps a kind of thing; `days` None is for ever."""

    tenant_id: UUID | None
    what: str
    days: int | None
    set_by: str


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much of a kind was, or would be, forgotten."""

    tenant_id: UUID | None
    what: str
    rows: int


def terms(database: Database, tenant_id: UUID | None = None) -> list[Term]:
    """What holds for every tenant, deleted ones too, and the house; or for one tenant alone."""
    with database.hat("operator") as tx:
        said = {(rule.tenant_id, rule.what): rule for rule in retention.list_rules(tx)}
        meant = [tenant_id] if tenant_id else [*tenants.list_ids(tx), None]
    return [
        _term(one, policy.what, said.get((one, policy.what)) if one else None)
        for one in meant
        for policy in POLICIES.values()
        if one or policy.house
    ]


def _term(tenant_id: UUID | None, what: str, rule: retention.Rule | None) -> Term:
    if rule:
        return Term(tenant_id, what, rule.keep_days, rule.set_by)
    return Term(tenant_id, what, POLICIES[what].days, "the house")


def run(
    database: Database, tenant_id: UUID | None = None, *, dry_run: bool = False, size: int = _SLICE
) -> Iterator[Forgotten]:
    """Forget what is over its term, or only count it; yields each kind of which there was any.

    A slice is a transaction; whatever interrupts it, the next run goes on.
    """
    for term in terms(database, tenant_id):
        if term.days is None:
            continue
        age = timedelta(days=term.days)
        rows = _count(database, term, age) if dry_run else _forget(database, term, age, size)
        if rows:
            yield Forgotten(term.tenant_id, term.what, rows)


def _count(database: Database, term: Term, age: timedelta) -> int:
    with database.hat("operator") as tx:
        return retention.count(tx, term.what, term.tenant_id, age=age)


def _forget(database: Database, term: Term, age: timedelta, size: int) -> int:
    total, last = 0, size
    while last >= size:
        with database.hat("operator") as tx:
            last = retention.forget(tx, term.what, term.tenant_id, age=age, limit=size)
        total += last
    return total
