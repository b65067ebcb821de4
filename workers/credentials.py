"""Wraps every tenant's secrets anew under the first master key, and never has one in the clear on disk.

A worker's hat reads in the tenant, an operator's hat writes, and neither can do both. Each batch is
a transaction that swaps bytes for bytes: killed anywhere, it is begun again; a secret that somebody
changes meanwhile stays as that one wrote it. Refuses to begin while a key is missing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from uuid import UUID

from db import Database, audit, credentials
from db.credentials import Credential
from telemetry.secrets import SETTING, BadKey, CannotOpen, Keyring

_BATCH = 100
_PASSES = 5
"""Looks for what was written under another key meanwhile; then somebody seals with an old setting."""


@dataclass(slots=True)
class Rotation:
    """What became of a rotation; `under`: secrets by the key that wraps them, at its end.

    `kept`: somebody wrote them meanwhile, more often than we looked. `broken`: the key is there and
    does not open them.
    """

    first: str
    dry_run: bool
    wrapped: int = 0
    kept: int = 0
    broken: list[str] = field(default_factory=list[str])
    under: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def is_whole(self) -> bool:
        """Whether the first key alone opens everything now."""
        return set(self.under) <= {self.first} and not self.broken


def rotate(
    database: Database,
    keyring: Keyring,
    *,
    operator: str,
    dry_run: bool = False,
    batch: int = _BATCH,
    told: Callable[[int], None] = lambda _done: None,
) -> Rotation:
    """Wrap what is not under the first key; audited, in batches. Idempotent.

    `told` hears after each batch how many are done. Raises BadKey, naming it, when a key is missing.
    """
    found = Rotation(keyring.first, dry_run)
    _refuse_without_keys(database, keyring)
    for _ in range(_PASSES):
        found.kept, found.broken = 0, []
        for mine in _batches(database, keyring.first, batch):
            _wrap(database, keyring, mine, found, operator)
            told(found.wrapped)
        if dry_run or not found.kept:
            break
    with database.hat("operator") as tx:
        found.under = credentials.count_by_key(tx)
    return found


def _refuse_without_keys(database: Database, keyring: Keyring) -> None:
    with database.hat("operator") as tx:
        under = credentials.count_by_key(tx)
    missing = {key: number for key, number in under.items() if key not in keyring.ids}
    if missing:
        named = ", ".join(f"{key} ({number} secrets)" for key, number in missing.items())
        raise BadKey(
            f"{SETTING} lacks a key that wraps secrets: {named}. Append it, comma-separated; "
            "nothing was changed."
        )


def _batches(database: Database, first: str, size: int) -> Iterator[list[Credential]]:
    """What is stale, by id and so each once, in pieces of one tenant each."""
    after: UUID | None = None
    while True:
        with database.hat("operator") as tx:
            page = credentials.list_stale(tx, first, after=after, limit=size)
        if not page:
            return
        after = page[-1].id
        by_tenant = sorted(page, key=lambda one: (one.tenant_id, one.id))
        for _, group in groupby(by_tenant, key=lambda one: one.tenant_id):
            yield list(group)


def _wrap(
    database: Database, keyring: Keyring, mine: Sequence[Credential], found: Rotation, operator: str
) -> None:
    tenant_id = mine[0].tenant_id
    with database.tenant(tenant_id) as tx:
        old = credentials.read_all(tx, [one.id for one in mine])
    swaps: list[tuple[UUID, bytes, bytes]] = []
    for one in mine:
        try:
            if one.id in old:
                swaps.append((one.id, old[one.id], keyring.rewrap(old[one.id], one.purpose)))
        except CannotOpen:
            found.broken.append(f"{one.owner_type} {one.owner_id} {one.kind}")
    if found.dry_run or not swaps:
        found.wrapped += len(swaps)
        return
    with database.hat("operator") as tx:
        done = credentials.rewrap(tx, swaps)
        audit.record(tx, tenant_id=tenant_id, operator=operator, action="secrets.rotate",
                     resource_type="credential", resource_id=f"key {found.first}", reason=None,
                     details={"wrapped": len(done), "first": str(swaps[0][0]), "last": str(swaps[-1][0])})  # fmt: skip
    found.wrapped += len(done)
    found.kept += len(swaps) - len(done)
