"""A worker process: what it refuses before it takes work, and what its parts promise."""

import threading
from collections.abc import Callable
from datetime import timedelta
from time import monotonic, sleep
from typing import Any, ClassVar

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from db import Database, sessions
from db.logins import LoginRefused
from schemas.settings import Settings
from tests.factories import Toy, enqueue, sweep
from tests.fix_world import Fleet, Said, spec, until
from workers.actor import UnknownActor, actor, registered
from workers.faults import POINTS, Faults, UnknownFault
from workers.process import NotMigrated, serve
from workers.retry import PATIENT, QUICK, Retry
from workers.sessions import Heartbeat

SECOND = timedelta(seconds=1)


def settings(database_url: str, redis_url: str, **more: Any) -> Settings:
    return Settings(
        database_url=SecretStr(database_url), redis_url=SecretStr(redis_url),
        metrics_port=-1, **more,
    )  # fmt: skip


def test_a_name_that_no_actor_and_no_queue_has_is_refused(dsn: str, redis_url: str) -> None:
    with pytest.raises(
        UnknownActor, match=r"There is no actor 'lead\.enirch'; there are campaign\.fill"
    ):
        serve(settings(dsn, redis_url), only=["lead.enirch"], stop=threading.Event())


def test_a_powerful_login_is_refused_before_any_work(owner_dsn: str, redis_url: str) -> None:
    with pytest.raises(LoginRefused, match="is a superuser"):
        serve(settings(owner_dsn, redis_url), stop=threading.Event())


def test_a_database_that_is_too_old_is_refused_with_the_command(
    owner_dsn: str, dsn: str, redis_url: str
) -> None:
    with psycopg.connect(owner_dsn, autocommit=True) as conn:
        conn.execute("DELETE FROM public.outrider_migrations WHERE name = '009_audit'")
    with pytest.raises(NotMigrated, match="lacks migration 009_audit: run `outrider migrate`"):
        serve(settings(dsn, redis_url), stop=threading.Event())


def test_a_database_that_is_away_is_waited_for_and_named(redis_url: str, said: Said) -> None:
    stop = threading.Event()
    thread = threading.Thread(
        target=serve, args=(settings("postgresql://x@127.0.0.1:1/x", redis_url),),
        kwargs={"stop": stop},
    )  # fmt: skip
    thread.start()
    until(lambda: any(line["event"] == "database.away" for line in said), seconds=25)
    stop.set()
    thread.join(timeout=20)
    assert not thread.is_alive()
    assert said[0]["setting"] == "OUTRIDER_DATABASE_URL"


def test_actors_are_chosen_by_name_or_queue() -> None:
    assert set(registered(["house"])) == {
        "house.check_integrations", "house.check_invariants", "house.nudge_crm", "house.prune_history"}  # fmt: skip
    assert set(registered(["lead.score", "enrichment"])) == {"lead.score", "lead.enrich"}


def test_two_jobs_of_one_name_are_refused() -> None:
    class Impostor(Toy):
        name: ClassVar[str] = "lead.score"

    with pytest.raises(ValueError, match=r"Two jobs are called 'lead\.score'"):
        actor(Impostor, queue="x", retry=QUICK, limit=SECOND)(lambda _job, _ctx: None)


@given(attempt=st.integers(1, 10_000), draw=st.floats(0, 1, exclude_max=True))
def test_a_backoff_doubles_with_jitter_and_never_passes_its_ceiling(
    attempt: int, draw: float
) -> None:
    for retry in (PATIENT, QUICK, Retry(SECOND, SECOND)):
        ceiling = min(retry.first * 2 ** min(attempt - 1, 30), retry.longest)
        assert ceiling / 2 <= retry.pause(attempt, draw=draw) <= ceiling
        assert retry.pause(attempt) <= retry.longest


@pytest.mark.parametrize(
    "armed", ["nowhere@1", "claim.before@0", "claim.before@x", "claim.before@-1"]
)
def test_a_fault_that_names_no_point_is_refused(armed: str) -> None:
    with pytest.raises(UnknownFault, match=f"OUTRIDER_FAULTS: '{armed}' is not point@number"):
        Faults(armed)


def test_an_unarmed_point_is_passed_and_an_armed_one_counts() -> None:
    faults = Faults("claim.before@3 effect.after_call@2")
    for point in (*POINTS, "claim.before"):
        faults.reach(point)  # the third passing would end this process
    for point in POINTS:
        Faults(None).reach(point)


def test_a_swept_session_is_announced_anew(database: Database, said: Said) -> None:
    heart = Heartbeat(database, actors=["toy.plain"], threads=3, lease=SECOND / 10)
    first = heart.session_id()
    sweep(database, lease=timedelta(0))
    heart.start()
    until(lambda: heart.session_id() != first)
    heart.close()
    assert [line["event"] for line in said] == ["session.lost"]
    with database.hat("operator") as tx:
        assert sessions.list_live(tx) == []


def test_a_living_session_is_not_swept(database: Database) -> None:
    heart = Heartbeat(database, actors=["toy.plain"], threads=3, lease=timedelta(seconds=2))
    heart.start()
    until(lambda: _silence(database) > SECOND / 5)
    until(lambda: _silence(database) < SECOND / 5)
    sweep(database, lease=timedelta(seconds=2))
    with database.hat("operator") as tx:
        [live] = sessions.list_live(tx)
    assert (live.id, live.actors, live.threads) == (heart.session_id(), ["toy.plain"], 3)
    heart.close()


def _silence(database: Database) -> timedelta:
    with database.hat("operator") as tx:
        [live] = sessions.list_live(tx)
    return live.silent


def test_an_attempt_past_its_limit_is_interrupted_and_tried_again(
    database: Database, tenant: Any, fleet: Callable[..., Fleet], said: Said
) -> None:
    tries: list[int] = []

    def handler(_job: Toy, _ctx: object) -> None:
        tries.append(1)
        patience = monotonic() + 5  # a limit that does not work must not hang the test
        while len(tries) == 1 and monotonic() < patience:
            sleep(0.01)

    fleet([spec(Toy, handler, limit=SECOND / 5)])
    enqueue(database, tenant, Toy())
    until(lambda: any(line["event"] == "job.done" for line in said))
    [failed] = [line for line in said if line["event"] == "job.failed"]
    assert failed["error"] == "TimeLimitExceeded"
    assert len(tries) == 2
