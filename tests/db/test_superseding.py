"""Unique keys whose newest call wins: what waits is replaced or put off, what started is followed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import UUID

import pytest

from db import Database, claims, jobs
from db.jobs import NewJob, Unique
from db.new_jobs import OnConflict, Scope
from tests.db.keyed import HOUR, Peek, newest, put_off, rows, started
from tests.factories import Toy, claim, enqueue, pick, promote, tenant_called

NOON = datetime(2031, 3, 30, 12, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


class Sung(Toy):
    """A toy in a lane of its own, before others."""

    name: ClassVar[str] = "toy.sung"
    version: ClassVar[int] = 2
    attempts: ClassVar[int] = 3
    priority: ClassVar[int] = 1

    def lane(self) -> str:
        return f"voice:{self.number}"


@pytest.mark.parametrize(
    ("scope", "days", "on_conflict", "max_wait", "fix"),
    [
        ("ever", None, "replace", None, "use scope 'live' or 'gather'"),
        ("days", 3, "debounce", HOUR, "use scope 'live' or 'gather'"),
        ("live", None, "debounce", None, "names the longest wait"),
        ("live", None, "ignore", HOUR, "no other key does"),
        ("gather", None, "replace", HOUR, "no other key does"),
    ],
)
def test_a_policy_that_could_not_be_kept_is_refused(
    scope: Scope, days: int | None, on_conflict: OnConflict, max_wait: timedelta | None, fix: str
) -> None:
    with pytest.raises(ValueError, match=fix):
        Unique("k", scope, days, on_conflict, max_wait)


@pytest.mark.parametrize("scope", ["live", "gather"])
def test_a_waiting_job_becomes_the_newer_one_and_keeps_its_id(
    database: Database, tenant: UUID, peek: Peek, scope: Scope,
    at: Callable[[datetime], None],
) -> None:  # fmt: skip
    at(NOON)
    [first] = enqueue(database, tenant, Toy(number=1), unique=newest("k", scope), after=HOUR)
    with database.tenant(tenant, trace_id="trace-2", job_id=77) as tx:
        assert jobs.add(tx, [NewJob(Sung(number=2), newest("k", scope), after=MINUTE)]) == []
        assert tx.rings == {"toy.sung"}
    columns = (
        "id, actor, version, max_attempts, lane, priority, trace_id, parent_id, due_at, state::text"
    )
    assert rows(peek, columns) == [
        (first, "toy.sung", 2, 3, "voice:2", 1, "trace-2", 77, NOON + MINUTE, "delayed")
    ]
    [(lane_id, computed)] = peek(
        "SELECT lane_id, outrider.lane_of(tenant_id, actor, lane) FROM outrider.jobs"
    )
    assert lane_id == computed, "and it waits in the newer one's lane"


def test_a_job_that_is_ready_may_be_told_to_wait_and_one_that_waits_to_hurry(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    [first] = enqueue(database, tenant, Toy(number=1), unique=newest())
    enqueue(database, tenant, Toy(number=2), unique=newest(), after=HOUR)
    assert rows(peek) == [(first, "2", "delayed")]
    assert pick(database) == []
    enqueue(database, tenant, Toy(number=3), unique=newest())
    assert rows(peek) == [(first, "3", "ready")]
    assert started(database, tenant, first).payload == {"number": 3}


@pytest.mark.parametrize("scope", ["live", "gather"])
@pytest.mark.parametrize("runs", [False, True])
@pytest.mark.parametrize("policy", [newest, put_off])
def test_a_job_that_started_is_followed_and_not_changed(
    database: Database, tenant: UUID, peek: Peek, scope: Scope, runs: bool,
    policy: Callable[..., Unique],
) -> None:  # fmt: skip
    unique = policy("k", scope=scope)
    [first] = enqueue(database, tenant, Toy(number=1), unique=unique)
    assert pick(database) == [first]
    running = claim(database, tenant, first) if runs else None
    [second] = enqueue(database, tenant, Toy(number=2), unique=unique)
    assert enqueue(database, tenant, Toy(number=3), unique=unique) == []
    state = "running" if runs else "dispatched"
    assert rows(peek) == [(first, "1", state), (second, "3", "ready")]
    running = running or claim(database, tenant, first)
    assert running, "a ticket on its way stays good"
    with database.tenant(tenant) as tx:
        claims.complete(tx, running.id, running.token)
    assert enqueue(database, tenant, Toy(number=4), unique=unique) == []
    assert rows(peek) == [(second, "4", "ready")]


def test_a_job_may_put_its_own_successor_under_its_key(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    [first] = enqueue(database, tenant, Toy(number=1), unique=newest())
    running = started(database, tenant, first)
    with database.tenant(tenant) as tx:
        claims.complete(tx, running.id, running.token)
        [second] = jobs.add(tx, [NewJob(Toy(number=2), newest())])
    assert rows(peek) == [(second, "2", "ready")]


def test_between_two_attempts_a_job_is_replaced_and_its_backoff_stands(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    [first] = enqueue(database, tenant, Toy(number=1), unique=newest())
    running = started(database, tenant, first)
    with database.tenant(tenant) as tx:
        claims.retry(tx, running.id, running.token, after=HOUR, error="boom")
    assert enqueue(database, tenant, Toy(number=2), unique=newest()) == []
    columns = "payload->>'number', state::text, attempt, last_error, retry_at > clock_timestamp()"
    assert rows(peek, columns) == [("2", "delayed", 0, None, True)]
    enqueue(database, tenant, Toy(number=3), unique=newest(), after=2 * HOUR)
    assert rows(peek, "retry_at, due_at > clock_timestamp() + interval '119 minutes'") == [
        (None, True)
    ], "a later due time is wait enough"


def test_a_debounced_job_waits_until_it_is_quiet_but_not_for_ever(
    database: Database, tenant: UUID, peek: Peek, at: Callable[[datetime], None]
) -> None:
    def call(number: int) -> list[int]:
        return enqueue(
            database, tenant, Toy(number=number), unique=put_off(most=MINUTE), after=25 * SECOND
        )

    due: list[timedelta] = []
    for number, after in enumerate([0, 20, 40, 59]):
        at(NOON + after * SECOND)
        assert promote(database) == 0, "somebody called less than 25 seconds ago"
        assert bool(call(number)) is (number == 0)
        [(moment, newest_number)] = rows(peek, "due_at, payload->>'number'")
        due.append(moment - NOON)
        assert newest_number == str(number)
    assert due == [25 * SECOND, 45 * SECOND, MINUTE, MINUTE]
    at(NOON + 2 * MINUTE)
    assert call(4) == []
    [(job_id, _, state)] = rows(peek)
    assert state == "ready", "its longest wait is over, so a late call does not make it wait again"
    assert started(database, tenant, job_id).payload == {"number": 4}
    assert call(5), "and the next wait is a new one"
    assert rows(peek, "due_at")[-1:] == [(NOON + 2 * MINUTE + 25 * SECOND,)]


def test_the_first_wait_is_no_longer_than_the_longest(
    database: Database, tenant: UUID, peek: Peek, at: Callable[[datetime], None]
) -> None:
    at(NOON)
    enqueue(database, tenant, Toy(), unique=put_off(most=MINUTE), after=HOUR)
    assert rows(peek, "due_at") == [(NOON + MINUTE,)]


def test_of_several_under_a_key_in_one_call_the_last_counts(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    def call(*numbers: int) -> list[int]:
        with database.tenant(tenant) as tx:
            return jobs.add(tx, [
                *(NewJob(Toy(number=n), newest(f"k{n % 3}")) for n in numbers),
                NewJob(Toy(number=99), Unique("other")),
            ])  # fmt: skip

    made = call(2, 1, 0, 5, 4)
    assert len(made) == 4
    assert call(8, 7) == []
    assert sorted(number for _, number, _ in rows(peek)) == ["0", "7", "8", "99"]


def test_the_house_and_each_tenant_have_keys_of_their_own(
    database: Database, tenant: UUID, peek: Peek
) -> None:
    owners = [tenant, tenant_called(database, "other"), None]
    assert [len(enqueue(database, owner, Toy(), unique=newest())) for owner in owners] == [1, 1, 1]
    assert [enqueue(database, owner, Toy(number=1), unique=newest()) for owner in owners] == [
        [], [], [],
    ]  # fmt: skip
    assert [number for _, number, _ in rows(peek)] == ["1", "1", "1"]
