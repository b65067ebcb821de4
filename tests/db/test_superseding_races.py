"""Newest-wins keys under races, and against a model: no deadlock, nothing lost, one job waits."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from threading import Barrier
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import Database, claims, jobs
from db.claims import Claim
from db.jobs import NewJob, Unique
from schemas.enums import JobState
from tests.db.keyed import Peek, newest, put_off, rows, started
from tests.factories import Toy, claim, enqueue, pick, promote, session
from tests.fix_world import until


def test_calls_with_the_same_keys_in_any_order_do_not_block_each_other(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    keys, at_once = [f"k{n}" for n in range(40)], Barrier(4)

    def call(number: int) -> int:
        order = Random(number)
        made = 0
        for turn in range(10):
            order.shuffle(keys_of := keys.copy())
            if number % 2:
                work = [NewJob(Toy(number=turn), newest(key)) for key in keys_of]
            else:
                work = [NewJob(Toy(), Unique(key, "live")) for key in keys_of]
            if turn == 0:
                at_once.wait()
            with database.tenant(tenant) as tx:  # a deadlock would raise DatabaseAway
                made += len(jobs.add(tx, work))
        return made

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(call, range(4))) == len(keys)
    assert {number for _, number, _ in rows(peek)} == {"9"}


def test_the_newest_payload_is_never_lost_to_a_start_at_the_same_moment(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    owner, at_once = session(database), Barrier(2)

    def start(job_id: int) -> Claim | None:
        at_once.wait()
        pick(database)
        return claim(database, tenant, job_id, session_id=owner)

    def call(key: str) -> list[int]:
        at_once.wait()
        return enqueue(database, tenant, Toy(number=2), unique=newest(key))

    with ThreadPoolExecutor(2) as pool:
        for turn in range(25):
            [first] = enqueue(database, tenant, Toy(number=1), unique=newest(f"k{turn}"))
            starting, calling = pool.submit(start, first), pool.submit(call, f"k{turn}")
            claimed, followers = starting.result(), calling.result()
            waiting = peek(
                "SELECT id FROM outrider.jobs WHERE payload->>'number' = '2' AND state = 'ready'"
            )
            if followers:
                assert waiting == [(followers[0],)]
                assert claimed is None or claimed.payload == {"number": 1}
            else:
                assert waiting or (claimed and claimed.payload == {"number": 2})
            peek("DELETE FROM outrider.jobs")


def test_a_job_whose_change_is_not_committed_cannot_start(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    unique = newest("k", "gather")
    [first] = enqueue(database, tenant, Toy(number=1), unique=unique)
    with ThreadPoolExecutor(1) as pool:
        with database.tenant(tenant) as tx:
            jobs.add(tx, [NewJob(Toy(number=2), unique)])
            assert pick(database) == []
            other = pool.submit(enqueue, database, tenant, Toy(number=3), unique=unique)
            waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            until(lambda: peek(waits))
        assert other.result() == []
    assert started(database, tenant, first).payload == {"number": 3}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(turns=st.lists(st.sampled_from(["replace", "debounce", "ignore", "pick", "claim", "fail", "finish"]),
                      max_size=14))  # fmt: skip
def test_whatever_happens_at_most_one_job_waits_and_it_is_the_newest(
    database: Database, tenant: UUID, peek: Peek, turns: list[str]
) -> None:
    model = _Model(database, tenant, uuid4().hex)
    for number, turn in enumerate(turns):
        model.take(turn, number)
        waiting = peek(
            "SELECT (payload->>'number')::int FROM outrider.jobs WHERE live_key = %s", model.key
        )
        assert waiting == ([] if model.holder is None else [(model.holder,)])
        assert sorted(model.started) == sorted(
            number for (number,) in peek("SELECT (payload->>'number')::int FROM outrider.jobs"
                                         " WHERE live_key IS DISTINCT FROM %s", model.key)
        )  # fmt: skip
    peek("DELETE FROM outrider.jobs")


class _Model:
    """One key: the payload of the job that holds it, and of those that started and lost it."""

    def __init__(self, database: Database, tenant: UUID, key: str) -> None:
        self.database, self.tenant, self.key = database, tenant, key
        self.holder: int | None = None
        self.away: str = ""
        """'dispatched' or 'running' when the holder started."""
        self.started: list[int] = []
        self.claims: dict[int, Claim] = {}

    def take(self, turn: str, number: int) -> None:
        match turn:
            case "replace" | "debounce" | "ignore":
                self._call(turn, number)
            case "pick":
                pick(self.database)
                self.away = self.away or ("dispatched" if self.holder is not None else "")
            case "claim":
                self._claim()
            case "fail" | "finish":
                self._end(turn)
            case _:
                raise AssertionError(turn)

    def _call(self, turn: str, number: int) -> None:
        unique = {"replace": newest(self.key), "debounce": put_off(self.key),
                  "ignore": Unique(self.key, "live")}[turn]  # fmt: skip
        made = enqueue(self.database, self.tenant, Toy(number=number), unique=unique)
        assert bool(made) is (self.holder is None or (turn != "ignore" and bool(self.away)))
        if turn == "ignore" and self.holder is not None:
            return
        if self.away and self.holder is not None:
            self.started.append(self.holder)
        self.holder, self.away = number, ""

    def _claim(self) -> None:
        for job_id in list(self._dispatched()):
            claimed = claim(self.database, self.tenant, job_id)
            assert claimed
            number = int(str(claimed.payload["number"]))
            self.claims[number] = claimed
            if number == self.holder:
                self.away = "running"

    def _dispatched(self) -> Iterator[int]:
        with self.database.tenant(self.tenant) as tx:
            for row in jobs.list_open(
                tx, tenant_id=self.tenant, actor=None, state=JobState.DISPATCHED, limit=100
            ):
                yield row.id

    def _end(self, turn: str) -> None:
        for number, claimed in self.claims.items():
            with self.database.tenant(self.tenant) as tx:
                if turn == "fail":
                    claims.release(tx, claimed.id, claimed.token, after=timedelta(0), error="e")
                else:
                    claims.complete(tx, claimed.id, claimed.token)
            if turn == "finish":
                self._forget(number)
            elif number == self.holder:
                self.away = ""
        self.claims.clear()
        promote(self.database)

    def _forget(self, number: int) -> None:
        if number == self.holder:
            self.holder, self.away = None, ""
        else:
            self.started.remove(number)
