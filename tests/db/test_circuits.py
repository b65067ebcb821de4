"""A lane's circuit and its blocks: what shuts it, for how long, and what opens it again."""

from datetime import timedelta
from uuid import UUID

from db import Database, lanes
from tests.factories import Toy, enqueue
from tests.fix_lanes import Line

TEN = timedelta(seconds=10)


def test_a_circuit_opens_after_failures_in_a_row_and_one_probe_closes_it(
    line: Line, database: Database, tenant: UUID
) -> None:
    line.rule(opens_after=3)
    ids = line.wait(tenant, 6)
    [lane] = {claim.lane_id for claim in line.run(tenant, line.pick(window=1))}
    with database.tenant(tenant) as tx:
        assert [lanes.note_failure(tx, lane, opens_after=3, because="away") for _ in range(3)] == [
            False, False, True]  # fmt: skip
    assert line.state() == (3, True)
    assert line.pick() == []
    line.peek("UPDATE outrider.lanes SET blocked_until = clock_timestamp() - interval '1 ms'")
    assert line.pick() == []  # one is in flight already: it is the probe
    line.peek("DELETE FROM outrider.jobs WHERE id = %s", ids[0])
    [probe] = line.run(tenant, line.pick())
    assert probe.troubled
    with database.tenant(tenant) as tx:
        lanes.note_success(tx, lane)
    assert line.state() == (0, False)
    assert len(line.pick()) == 4


def test_a_circuit_that_opens_again_stays_open_longer(
    line: Line, database: Database, tenant: UUID
) -> None:
    line.wait(tenant, 1)
    [claim] = line.run(tenant, line.pick())
    waits: list[float] = []
    for _ in range(9):
        line.peek("UPDATE outrider.lanes SET blocked_until = NULL, blocked_because = NULL")
        with database.tenant(tenant) as tx:
            lanes.note_failure(tx, claim.lane_id, opens_after=1, because="away")
        [(wait,)] = line.peek(
            "SELECT extract(epoch FROM blocked_until - clock_timestamp())::float8 FROM outrider.lanes"
        )
        waits.append(round(wait))
    assert waits == [15, 30, 60, 120, 240, 480, 600, 600, 600]


def test_a_tenants_own_lane_has_no_circuit(line: Line, database: Database, tenant: UUID) -> None:
    enqueue(database, tenant, Toy())
    [ticket] = line.look().tickets
    with database.tenant(tenant) as tx:
        lane = int(
            str(tx.value("SELECT lane_id FROM outrider.jobs WHERE id = %(i)s", {"i": ticket.id}))
        )
        assert not lanes.note_failure(tx, lane, opens_after=1, because="away")
        lanes.block(tx, lane, wait=TEN, because="slow")
    assert line.state("") == (0, False)


def test_a_block_stays_whatever_a_job_that_began_before_it_says(
    line: Line, database: Database, tenant: UUID
) -> None:
    line.wait(tenant, 2)
    [claim, _] = line.run(tenant, line.pick())
    with database.tenant(tenant) as tx:
        lanes.note_failure(tx, claim.lane_id, opens_after=5, because="away")
        lanes.block(tx, claim.lane_id, wait=TEN, because="429")
        lanes.note_success(tx, claim.lane_id)
    assert line.state() == (1, True)
