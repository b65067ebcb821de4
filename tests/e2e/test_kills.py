"""SIGKILL at every named point of the runtime: the work is done, and done once."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from db import Database, dead, effects
from pipelines.engine import emit
from providers.standins.companies import company
from schemas.enums import EffectState
from schemas.events import LeadCaptured
from tests.e2e.conftest import Crew
from tests.e2e.toys import Killer, Send
from tests.factories import capture, enqueue
from tests.fix_world import until
from workers.faults import POINTS

pytestmark = pytest.mark.e2e
Peek = Callable[..., list[tuple[Any, ...]]]
HOST = next(
    host for host in (f"firm{n}.example" for n in range(50))
    if (company(host, 1).page, company(host, 1).mail) == ("fine", "mx")
)  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
def test_a_lead_is_enriched_and_scored_once_wherever_its_worker_dies(
    crew: Crew, web: Callable[[str], int], database: Database, tenant: UUID, peek: Peek, point: str
) -> None:
    with database.tenant(tenant) as tx:
        lead_id = capture(tx, f"ada@{HOST}", title="CTO")
        emit(tx, LeadCaptured(lead_id=lead_id), key="web:1")
    crew.dies(crew.start("enrichment", "scoring", OUTRIDER_FAULTS=f"{point}@1"))
    crew.start("enrichment", "scoring")
    until(lambda: peek("SELECT 1 FROM outrider.job_log WHERE actor = 'lead.score'"), seconds=30)
    assert peek("SELECT count(*) FROM outrider.enrichment_results") == [(1,)]
    assert peek("SELECT count(*) FROM outrider.scores") == [(1,)]
    assert peek("SELECT to_status FROM outrider.lead_status_transitions ORDER BY id") == [
        ("new",), ("enriched",), ("scored",)]  # fmt: skip
    assert peek("SELECT actor, outcome FROM outrider.job_log ORDER BY job_id") == [
        ("lead.enrich", "done"), ("lead.score", "done")]  # fmt: skip
    # A repeatable call whose answer was lost is made again; no other point repeats one.
    assert web(HOST) == (2 if point == "effect.after_call" else 1)


@pytest.mark.parametrize("point", POINTS)
def test_an_unrepeatable_call_is_made_once_or_its_doubt_is_visible(
    crew: Crew, database: Database, tenant: UUID, peek: Peek, point: str
) -> None:
    enqueue(database, tenant, Send(number=1))
    crew.dies(crew.start("toys", OUTRIDER_FAULTS=f"{point}@1"))
    crew.start("toys")
    doubtful = point.startswith("effect.")
    ended = (
        "SELECT 1 FROM outrider.jobs WHERE state = 'parked'"
        if doubtful
        else "SELECT 1 FROM outrider.job_log"
    )
    until(lambda: peek(ended), seconds=30)
    assert crew.diary() == ([] if point == "effect.after_intent" else ["sent 1"])
    with database.tenant(tenant) as tx:
        [effect] = effects.list_all(tx)
    assert effect.state is (EffectState.IN_DOUBT if doubtful else EffectState.DONE)
    assert effect.calls == 1


@pytest.mark.system(69)
def test_a_job_that_kills_its_process_ends_in_the_dead_letters(
    crew: Crew, database: Database, tenant: UUID
) -> None:
    [job_id] = enqueue(database, tenant, Killer())
    for _ in range(Killer.attempts):
        crew.dies(crew.start("toys"))
    crew.start("toys")

    def letters() -> list[dead.DeadLetter]:
        with database.tenant(tenant) as tx:
            return dead.list_letters(tx, dead.Which(tenant_id=tenant, status="open"), limit=5)

    until(letters, seconds=20)
    [letter] = letters()
    assert (letter.job_id, letter.attempts, letter.error_class) == (job_id, 2, "WorkerLost")
    assert crew.diary() == ["killed"] * 2
