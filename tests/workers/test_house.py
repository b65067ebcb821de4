"""Housekeeping by the clock: a broken invariant is heard, old history is forgotten."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from db import Database
from providers.fake import world
from schemas.enums import JobOutcome
from schemas.jobs import CheckInvariants, PruneHistory
from tests.db.planted_rows import PLANTED as ROWS
from tests.factories import Toy, capture, claim, enqueue, pick, session, tenant_called
from tests.fix_world import Bench, Said, spec
from workers.actor import registered
from workers.attempt import Runner

Peek = Callable[..., list[tuple[Any, ...]]]
CHECK, PRUNE = (registered()[name] for name in ("house.check_invariants", "house.prune_history"))


def house(database: Database, bench: Bench) -> Bench:
    """The bench as the house itself, which is no tenant."""
    return Bench(database, bench.runner, None)  # pyright: ignore[reportArgumentType]


def test_a_healthy_house_says_nothing(database: Database, bench: Bench) -> None:
    job_id = house(database, bench).do(CHECK, CheckInvariants())
    assert house(database, bench).state(job_id) == (JobOutcome.DONE, 1)


def test_a_broken_invariant_is_named_and_becomes_a_dead_letter(
    database: Database, bench: Bench, sick: list[str], peek: Peek, said: Said
) -> None:
    sick.append("jobs.lost")
    peek("INSERT INTO outrider.job_keys (key, job_id) VALUES ('k', 7000)")
    job_id = house(database, bench).do(CHECK, CheckInvariants())
    assert house(database, bench).state(job_id) == (JobOutcome.DEAD, 1)
    assert peek("SELECT error_message FROM outrider.dead_letters") == [
        (
            "jobs.lost: job 7000 was enqueued under k and is neither alive nor in the log (1 in all).",
        )
    ]
    [line] = [line for line in said if line["event"] == "invariant.violated"]
    assert (line["invariant"], line["subject"]) == ("jobs.lost", "job 7000")


def test_old_history_of_every_tenant_is_forgotten_in_slices(
    database: Database, bench: Bench, tenant: UUID, peek: Peek
) -> None:
    peek(
        """
        INSERT INTO outrider.job_log (job_id, tenant_id, actor, outcome, attempt, enqueued_at, finished_at)
        SELECT -n, CASE WHEN n %% 2 = 0 THEN %s::uuid END, 'a', 'done', 1, now(),
               now() - make_interval(days => CASE WHEN n > 50 THEN 31 ELSE 29 END)
          FROM generate_series(1, 12050) n
        """,
        tenant,
    )
    for _ in range(2):  # the second time there is nothing left to forget
        job_id = house(database, bench).do(PRUNE, PruneHistory())
        assert house(database, bench).state(job_id) == (JobOutcome.DONE, 1)
        assert peek("SELECT count(*) FROM outrider.job_log WHERE job_id < 0") == [(50,)]


def test_a_day_that_is_over_for_thirty_days_goes_whole_and_the_days_to_come_are_made(
    database: Database, bench: Bench, peek: Peek, said: Said
) -> None:
    [(last,)] = peek(
        "SELECT part FROM outrider.job_log_parts() WHERE ends_at IS NOT NULL ORDER BY ends_at DESC LIMIT 1"
    )
    peek(f"DROP TABLE outrider.{last}")
    peek("""CREATE TABLE outrider.job_log_old PARTITION OF outrider.job_log
            FOR VALUES FROM ('2020-01-01') TO ('2020-01-02')""")
    peek("ALTER TABLE outrider.job_log_old ENABLE ROW LEVEL SECURITY")
    house(database, bench).do(PRUNE, PruneHistory())
    parts = {part for (part,) in peek("SELECT part FROM outrider.job_log_parts()")}
    assert last in parts
    assert "job_log_old" not in parts
    assert [line["days"] for line in said if line["event"] == "history.made"] == [1]
    assert [line["partition"] for line in said if line["event"] == "history.dropped"] == [
        "job_log_old"
    ]


def test_housekeeping_has_no_tenant_and_a_tenants_worker_cannot_do_it(
    database: Database, bench: Bench, tenant: UUID
) -> None:
    [job_id] = enqueue(database, None, PruneHistory())
    assert pick(database, "house.prune_history") == [job_id]
    assert claim(database, tenant, job_id, session_id=session(database)) is None
    runner = Runner(database, world(), lambda: session(database))
    runner.run(spec(Toy, lambda _job, _ctx: None), [job_id], tenant)
    assert house(database, bench).state(job_id)[1] == 0


def test_a_change_by_hand_wakes_the_collector_of_its_tenant_once(
    database: Database, bench: Bench, tenant: UUID, peek: Peek
) -> None:
    with database.tenant(tenant) as tx:
        capture(tx)
        tx.run(ROWS["outrider.crm_connections"], {"t": tenant})
        tx.run(ROWS["outrider.crm_outbox"], {"t": tenant})
    tenant_called(database, "nothing-waits")
    for _ in range(2):
        house(database, bench).do(registered()["house.nudge_crm"])
    assert peek("SELECT tenant_id FROM outrider.jobs WHERE actor = 'crm.collect'") == [(tenant,)]
