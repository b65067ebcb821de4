"""Dead letters as a command means them: in slices, one tenant each, and as today's code reads them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from uuid import UUID

from pydantic import ValidationError

from db import Database, Tx, dead_ends
from db.dead import DeadLetter, Which
from db.dead_ends import Meant, Standing
from schemas.base import Job
from schemas.errors import Permanent
from workers import edits
from workers.actor import registered
from workers.edits import Edit

SLICE = 200
"""Letters per transaction: what one slice did stays done, whatever becomes of the next."""


@dataclass(frozen=True, slots=True)
class Left:
    """A letter that a command leaves as it is, and why: "Dead letter 7 <because>." is a sentence."""

    letter_id: int
    because: str


@dataclass(frozen=True, slots=True)
class Slice:
    """Open letters of one tenant (None: the house), oldest first."""

    tenant_id: UUID | None
    ids: list[int]


@dataclass(frozen=True, slots=True)
class Selection:
    """What a command means: slices to work on, and named letters that it cannot work on."""

    slices: list[Slice] = field(default_factory=list[Slice])
    left: list[Left] = field(default_factory=list[Left])


def select(
    database: Database, which: Which, *, limit: int | None, orphans: bool = False, size: int = SLICE
) -> Selection:
    """The open letters that are meant; of a deleted tenant's only with `orphans`.

    A letter that was named and is not open is left, with the reason.
    """
    with database.hat("operator") as tx:
        meant = dead_ends.list_meant(tx, replace(which, status="open"), limit=limit)
        left = list(_not_open(tx, which, {one.id for one in meant}))
    mine = [one for one in meant if orphans or not one.orphaned]
    left += [
        Left(one.id, "belongs to a tenant that was deleted; discard it")
        for one in meant
        if one.orphaned and not orphans
    ]
    return Selection(list(_slices(mine, size)), left)


def _not_open(tx: Tx, which: Which, meant: set[int]) -> Iterator[Left]:
    named = [one for one in which.ids or [] if one not in meant]
    standing = {one.id: one for one in dead_ends.list_standing(tx, named)}
    for letter_id in named:
        known = standing.get(letter_id)
        yield Left(letter_id, why_not_open(known) if known else "does not exist")


def _slices(meant: Sequence[Meant], size: int) -> Iterator[Slice]:
    for start in range(0, len(meant), size):
        by_tenant = sorted(
            meant[start : start + size], key=lambda one: (str(one.tenant_id), one.id)
        )
        for tenant_id, group in groupby(by_tenant, key=lambda one: one.tenant_id):
            yield Slice(tenant_id, [one.id for one in group])


def gone_meanwhile(tx: Tx, ids: Sequence[int], locked: Sequence[DeadLetter]) -> list[Left]:
    """Why letters of a slice could not be locked: somebody else has them, or had them."""
    missing = set(ids) - {letter.id for letter in locked}
    return [Left(one.id, why_not_open(one)) for one in dead_ends.list_standing(tx, sorted(missing))]


def why_not_open(letter: Standing) -> str:
    """What became of a letter, as the end of a sentence about it."""
    match letter.status:
        case "replayed":
            return f"was replayed before, as job {letter.job_id}"
        case "discarded":
            return "was discarded"
        case _:
            return "is in the hands of another command, or does not fit the filters"


def read(letter: DeadLetter, changes: Sequence[Edit] = ()) -> Job:
    """The job that a letter asks for, by the current model. Raises Permanent, phrased as `Left`."""
    spec = registered().get(letter.actor)
    if spec is None:
        raise Permanent(f"is for {letter.actor!r}, and there is no such actor; discard it")
    if letter.version > spec.job.version:
        raise Permanent(
            f"has version {letter.version} of {letter.actor}, newer than this command's"
            f" ({spec.job.version}); use the command of the version that runs"
        )
    try:
        return spec.job.model_validate(edits.apply(letter.payload, changes))
    except ValidationError as error:
        raise Permanent(_problem(error)) from None


def _problem(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = "payload." + ".".join(str(part) for part in first["loc"])
    fix = f"--unset {where}" if first["type"] == "extra_forbidden" else f"--set {where}=VALUE"
    return f"cannot be read: {where}: {first['msg']}; mend it with {fix}"
