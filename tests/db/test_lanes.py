"""Whose turn it is: fairness, weights, limits, rates, pauses and circuits, as the pick sees them."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import Database, claims, dead, dispatch, jobs, lane_orders
from db.jobs import NewJob
from tests.factories import LEASE, tenant_called
from tests.fix_lanes import Keyed, Line

TEN = timedelta(seconds=10)


def test_a_huge_backlog_does_not_stand_in_front_of_small_tenants(
    line: Line, database: Database, tenant: UUID
) -> None:
    line.wait(tenant, 300)
    small = [tenant_called(database, f"small-{n}") for n in range(20)]
    for one in small:
        line.wait(one, 1)
    first = line.drain(window=40)
    assert all(first[one] == 1 for one in small)
    assert first[tenant] >= 8


def test_turns_follow_the_tenants_weights(line: Line, database: Database, tenant: UUID) -> None:
    heavy = tenant_called(database, "heavy")
    with database.hat("operator") as tx:
        lane_orders.weigh(tx, heavy, 3.0)
    line.wait(tenant, 100)
    line.wait(heavy, 100)
    turns = sum((line.drain(window=8) for _ in range(10)), Counter[UUID | None]())
    assert (turns[heavy], turns[tenant]) == (60, 20)


def test_the_lanes_of_a_tenant_take_turns_and_its_number_of_lanes_wins_it_nothing(
    line: Line, database: Database, tenant: UUID
) -> None:
    other = tenant_called(database, "other")
    for box in range(5):
        line.wait(tenant, 20, key=f"box-{box}")
    line.wait(other, 20, key="only")
    first = line.drain(window=20)
    assert first == {tenant: 10, other: 10}
    boxes = line.peek("SELECT payload ->> 'key', count(*) FROM outrider.jobs WHERE tenant_id = %s"
                      " GROUP BY 1 ORDER BY 1", tenant)  # fmt: skip
    assert [left for _, left in boxes] == [18] * 5


def test_a_tenant_that_comes_back_from_a_rest_has_saved_up_no_turns(
    line: Line, database: Database, tenant: UUID
) -> None:
    rested = tenant_called(database, "rested")
    line.wait(rested, 1)
    line.drain(window=10)
    line.wait(tenant, 200)
    for _ in range(10):
        line.drain(window=10)
    line.wait(rested, 50)
    assert line.drain(window=20)[tenant] >= 9


@pytest.mark.parametrize("window", [1, 2, 3, 5])
def test_weights_hold_however_little_room_there_is_at_a_time(
    line: Line, database: Database, tenant: UUID, window: int
) -> None:
    heavy = tenant_called(database, "heavy")
    with database.hat("operator") as tx:
        lane_orders.weigh(tx, heavy, 3.0)
    line.wait(tenant, 60)
    line.wait(heavy, 60)
    turns = Counter[UUID | None]()
    while turns.total() < 40:
        turns += line.drain(window)
    assert abs(turns[heavy] - 3 * turns[tenant]) <= 4


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    weights=st.lists(st.sampled_from([0.5, 1.0, 2.0, 4.0]), min_size=2, max_size=4),
    window=st.integers(3, 24),
)
def test_nobody_ever_lags_behind_its_share_by_more_than_two_rounds(
    line: Line, database: Database, weights: list[float], window: int
) -> None:
    line.peek("DELETE FROM outrider.jobs")
    crowd = [tenant_called(database, f"t{len(line.peek('SELECT 1 FROM outrider.tenants'))}")
             for _ in weights]  # fmt: skip
    with database.hat("operator") as tx:
        for one, weight in zip(crowd, weights, strict=True):
            lane_orders.weigh(tx, one, weight)
    for one in crowd:
        line.wait(one, 150)
    turns = Counter[UUID | None]()
    for _ in range(4):
        turns += line.drain(window)
    for one, weight in zip(crowd, weights, strict=True):
        due = 4 * window * weight / sum(weights)
        assert abs(turns[one] - due) <= 1 + 2 * window / len(crowd)


def test_priority_goes_before_age_within_a_lane(
    line: Line, database: Database, tenant: UUID
) -> None:
    [early] = line.wait(tenant, 1)
    with database.tenant(tenant) as tx:
        [urgent] = jobs.add(tx, [NewJob(Keyed(), priority=0)])
        [idle] = jobs.add(tx, [NewJob(Keyed(), priority=9)])
    assert line.pick() == [urgent, early, idle]


def test_no_more_run_at_once_than_the_lane_allows(line: Line, tenant: UUID) -> None:
    line.rule(max_running=2)
    line.wait(tenant, 5)
    line.wait(tenant, 1, key="other")
    first = line.pick()
    assert len(first) == 3  # two here, one in the other lane
    started = line.run(tenant, first)
    assert line.look().tickets == []
    with line.database.tenant(tenant) as tx:
        claims.complete(tx, started[0].id, started[0].token)
    assert len(line.pick()) == 1


def test_two_dispatchers_at_once_keep_to_the_limit_together(line: Line, tenant: UUID) -> None:
    line.rule(max_running=3)
    line.wait(tenant, 60)
    with ThreadPoolExecutor(4) as pool:
        picked = [ids for ids in pool.map(lambda _: line.pick(), range(12)) if ids]
    assert sum(map(len, picked)) == 3


def test_a_rate_lets_a_burst_through_and_then_one_at_a_time(line: Line, tenant: UUID) -> None:
    line.rule(rate_every=TEN, burst=2)
    line.wait(tenant, 5)
    assert len(line.pick()) == 2
    after = line.look()
    assert after.tickets == []
    assert after.wait is not None
    assert 8 < after.wait <= 10
    line.peek("UPDATE outrider.lanes SET tat = tat - interval '10 s'")
    assert len(line.pick()) == 1
    line.peek("UPDATE outrider.lanes SET tat = tat - interval '10 min'")
    assert len(line.pick()) == 2  # a long rest saves up the burst and no more


def test_an_operators_limit_beats_the_codes_and_can_be_taken_back(
    line: Line, database: Database, tenant: UUID
) -> None:
    line.rule(max_running=4)
    with database.hat("operator") as tx:
        lane = lane_orders.make(tx, tenant_id=tenant, actor=Keyed.name, key="box")
        lane_orders.limit(tx, lane, weight=None, max_running=1, rate_every=None, burst=None)
    line.wait(tenant, 6)
    assert len(line.pick()) == 1
    with database.hat("operator") as tx:
        lane_orders.unlimit(tx, lane)
    assert len(line.pick()) == 3


def test_a_paused_lane_starts_nothing_and_its_tickets_are_stale(
    line: Line, database: Database, tenant: UUID
) -> None:
    ids = line.wait(tenant, 3)
    elsewhere = line.wait(tenant, 1, key="other")
    assert line.pick(window=2) != []
    with database.hat("operator") as tx:
        lane = lane_orders.make(tx, tenant_id=tenant, actor=Keyed.name, key="box")
        assert lane_orders.pause(tx, lane, by="ada", reason="a test")
        assert not lane_orders.pause(tx, lane, by="ada", reason="a test")
    assert line.run(tenant, ids) == []
    assert set(line.pick()) <= set(elsewhere)
    with database.hat("operator") as tx:
        assert lane_orders.resume(tx, lane)
        assert not lane_orders.resume(tx, lane)
    assert line.pick() == ids


def test_a_job_that_somebody_leans_on_is_left_for_the_next_round(
    line: Line, database: Database, tenant: UUID
) -> None:
    leaned, free = line.wait(tenant, 2)
    with database.tenant(tenant) as tx:
        tx.run("SELECT 1 FROM outrider.jobs WHERE id = %(id)s FOR SHARE", {"id": leaned})
        assert line.pick() == [free]
    assert line.pick() == [leaned]


def test_many_jobs_on_one_ticket_cost_one_turn(line: Line, tenant: UUID) -> None:
    line.chunk = 8
    line.wait(tenant, 100)
    assert len(line.pick(window=4)) == 32
    assert line.pick(window=4) == []
    assert len(line.pick(window=5)) == 8


def test_a_lane_is_one_tenants_whatever_others_call_theirs(
    line: Line, database: Database, tenant: UUID
) -> None:
    other = tenant_called(database, "other")
    line.wait(tenant, 1)
    line.wait(other, 1)
    line.rule(max_running=1)
    assert len(line.pick()) == 2
    assert len(line.peek("SELECT DISTINCT id FROM outrider.lanes WHERE key = 'box'")) == 2


def test_dead_letters_free_their_place(line: Line, database: Database, tenant: UUID) -> None:
    line.rule(max_running=1)
    line.wait(tenant, 2)
    [claim] = line.run(tenant, line.pick())
    with database.tenant(tenant) as tx:
        dead.bury(tx, claim.id, claim.token, error_class="E", message="m", fingerprint="f")
    assert len(line.pick()) == 1


def test_five_thousand_lanes_that_turn_up_at_once_delay_nobody(
    line: Line, database: Database, tenant: UUID
) -> None:
    line.peek("""
        INSERT INTO outrider.jobs (tenant_id, actor, payload, max_attempts, lane)
        SELECT %s, 'toy.keyed', '{}', 3, 'box-' || n FROM generate_series(1, 5000) AS n
        """, tenant)  # fmt: skip
    for rounds in range(1, 7):
        with database.hat("dispatcher") as tx:
            tx.run("SET LOCAL statement_timeout = '3s'")
            picked = dispatch.pick(tx, chunks={Keyed.name: 1}, window=32 * rounds, lease=LEASE)
        assert len(picked.tickets) == 32
    assert line.peek("SELECT count(*) FROM outrider.lanes") == [(5000,)]


def test_a_dispatcher_of_the_version_before_keeps_to_turns_limits_and_pauses(
    line: Line, database: Database, tenant: UUID
) -> None:
    line.rule(max_running=2)
    line.wait(tenant, 5)
    line.wait(tenant, 5, key="paused")
    with database.hat("operator") as tx:
        lane = lane_orders.make(tx, tenant_id=tenant, actor=Keyed.name, key="paused")
        lane_orders.pause(tx, lane, by="ada", reason="a test")
    with database.hat("dispatcher") as tx:
        old = tx.conn.execute(
            "SELECT id, tenant_id, actor FROM outrider.dispatch_pick(%s, %s, %s)",
            ([Keyed.name], 10, LEASE),
        ).fetchall()
    assert len(old) == 2


def test_an_operator_and_a_pick_never_wait_for_each_other(
    line: Line, database: Database, tenant: UUID
) -> None:
    """The row of a lane is locked only by whoever keeps picks away, or by the pick."""
    line.wait(tenant, 400)
    halt = threading.Event()

    def order(_: int) -> None:
        while not halt.is_set():
            with database.hat("operator") as tx:
                lane = lane_orders.make(tx, tenant_id=tenant, actor=Keyed.name, key="box")
                lane_orders.pause(tx, lane, by="ada", reason="a test")
            with database.hat("operator") as tx:
                lane_orders.resume(tx, lane_orders.make(
                    tx, tenant_id=tenant, actor=Keyed.name, key="box"))  # fmt: skip

    with ThreadPoolExecutor(3) as pool:
        orders = [pool.submit(order, n) for n in range(2)]
        picked = sum(len(line.pick(window=1000)) for _ in range(60))
        halt.set()
        for one in orders:
            one.result()
    assert picked >= 0
    assert line.peek(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    ) == [(0,)]


def test_each_job_of_a_ticket_has_its_time_after_those_before_it(line: Line, tenant: UUID) -> None:
    ids = line.wait(tenant, 3)
    line.run(tenant, list(reversed(line.pick())))
    rows = line.peek("SELECT id, round(extract(epoch FROM deadline_at - started_at))::integer"
                     " FROM outrider.jobs ORDER BY deadline_at")  # fmt: skip
    assert rows == [(ids[2], 60), (ids[1], 120), (ids[0], 180)]
