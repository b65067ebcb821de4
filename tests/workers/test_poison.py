"""A job that kills its process ends in the dead letters, and takes nobody with it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest

from db import Database, claims
from tests.factories import LIMIT, Toy, enqueue, pick, promote, session, sweep

Peek = Callable[..., list[tuple[Any, ...]]]
RUNS = timedelta(seconds=1)


class Poison(Toy):
    """Kills the process it runs in, just before its neighbours are done."""

    name: ClassVar[str] = "toy.poison"


def together(database: Database, tenant: UUID, peek: Peek) -> dict[int, int]:
    """What one process runs side by side, with its tokens: all that is due before the first ends."""
    peek("""
        UPDATE outrider.jobs SET retry_at = retry_at - (
            SELECT min(retry_at) FROM outrider.jobs WHERE state = 'delayed') + clock_timestamp() - %s
         WHERE state = 'delayed'
           AND NOT EXISTS (SELECT 1 FROM outrider.jobs WHERE state = 'ready')""", RUNS)  # fmt: skip
    promote(database)
    mine = session(database)
    claimed: list[claims.Claim] = []
    for actor in (Toy.name, Poison.name):
        ids = pick(database, actor)
        with database.tenant(tenant) as tx:
            claimed += claims.claim(tx, ids, actor=actor, session_id=mine, limit=LIMIT)
    return {claim.id: claim.token for claim in claimed}


@pytest.mark.parametrize("poisons", [1, 2])
def test_the_neighbours_of_a_poison_job_outlive_it(
    database: Database, tenant: UUID, peek: Peek, poisons: int
) -> None:
    innocent = set(enqueue(database, tenant, *[Toy(number=n) for n in range(6)]))
    poison = set(enqueue(database, tenant, *[Poison() for _ in range(poisons)]))
    for _ in range(60):
        running = together(database, tenant, peek)
        if running.keys() & poison:
            sweep(database, lease=timedelta(0))  # none of them got to its end
        else:
            with database.tenant(tenant) as tx:
                claims.complete_all(tx, list(running.items()))
        if peek("SELECT count(*) FROM outrider.jobs") == [(0,)]:
            break
    letters = peek("SELECT job_id, attempts FROM outrider.dead_letters")
    assert set(letters) == {(job_id, Poison.attempts) for job_id in poison}
    done = peek("SELECT job_id FROM outrider.job_log WHERE outcome = 'done'")
    assert {job_id for (job_id,) in done} == innocent
