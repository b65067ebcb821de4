"""`dead replay --dry-run`: what each letter would become, and why. Postgres refuses it any change."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from db import Database, Tx, dead, dead_ends, pauses
from db.dead import DeadLetter, Which
from db.pauses import Pause
from schemas.errors import NoSuchRow, Permanent
from workers import foresight, letters
from workers.edits import Edit
from workers.foresight import Ending, Foresight, Omen


@dataclass(frozen=True, slots=True)
class Forecast:
    """A letter, what its replay would do and why, and where its job would be after one attempt."""

    letter_id: int
    actor: str | None
    tenant_id: UUID | None
    omen: Omen
    because: str
    ends: Ending | None
    """None: there would be no job."""


def forecast_all(
    database: Database, which: Which, *, edits: Sequence[Edit] = (), limit: int | None = None
) -> Iterator[list[Forecast]]:
    """What `replay_all` of the same letters would bring about now, slice by slice."""
    meant = letters.select(database, which, limit=limit)
    with database.hat("operator") as tx:
        standing = pauses.list_standing(tx)
    if meant.left:
        yield [
            Forecast(left.letter_id, None, None, Omen.NOTHING, f"it {left.because}", None)
            for left in meant.left
        ]
    for part in meant.slices:
        with database.tenant(part.tenant_id) as tx:
            dead_ends.look_only(tx)
            found = dead.list_letters(tx, Which(ids=part.ids), limit=len(part.ids))
            yield [_forecast(tx, letter, edits, standing) for letter in reversed(found)]


def _forecast(
    tx: Tx, letter: DeadLetter, edits: Sequence[Edit], standing: Sequence[Pause]
) -> Forecast:
    seen, ends = _foresee(tx, letter, edits, standing)
    return Forecast(letter.id, letter.actor, letter.tenant_id, seen.omen, seen.because, ends)


def _foresee(
    tx: Tx, letter: DeadLetter, edits: Sequence[Edit], standing: Sequence[Pause]
) -> tuple[Foresight, Ending | None]:
    try:
        job = letters.read(letter, edits)
    except Permanent as problem:
        return Foresight(Omen.FAILS, f"it {problem}"), None
    for pause in standing:
        if letter.actor == pause.actor or (pause.tenant_id and letter.tenant_id == pause.tenant_id):
            return Foresight(Omen.WAITS, f"paused: {pause.reason}"), Ending.OPEN
    foresee = foresight.of(type(job))
    try:
        seen = (
            foresee(tx, job, letter.tenant_id) if foresee else _by_effects(tx, letter.effect_keys)
        )
    except NoSuchRow as missing:
        omen = Omen.BLOCKED if missing.noun == "lead" else Omen.FAILS
        return Foresight(omen, f"deleted: {missing}"), Ending.DEAD
    except Permanent as problem:
        return Foresight(Omen.FAILS, str(problem)), Ending.DEAD
    return seen, seen.ends


def _by_effects(tx: Tx, keys: Sequence[str]) -> Foresight:
    """Of an actor that nobody foresees: the worst of what its calls have come to."""
    seen = [foresight.by_effect(tx, key) for key in keys]
    order = (Omen.BLOCKED, Omen.WAITS, Omen.RUNS, Omen.SETTLES)
    return min(
        seen,
        key=lambda one: order.index(one.omen),
        default=Foresight(Omen.RUNS, "it had no effect"),
    )
