"""A fleet inside the test: threads, tickets and fakes, on a Redis number of this test process's own."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import monotonic, sleep
from typing import Any, LiteralString
from uuid import UUID

import dramatiq
import psycopg
import pytest
import redis
import structlog

from db import Database, job_log, jobs
from providers.fake import FakeDomains, world
from providers.fake_crm import FakeCrm
from providers.fake_mail import FakeReader, FakeSender
from providers.fake_model import FakeModel
from providers.ports import Providers
from schemas.base import Job
from schemas.enums import JobOutcome, JobState
from scripts.services import Services
from telemetry.bell import Bell
from tests import factories
from workers.actor import Spec
from workers.attempt import Runner
from workers.broker import TicketBroker
from workers.context import Context
from workers.dispatcher import Dispatcher
from workers.process import open_broker
from workers.retry import Retry
from workers.sessions import Heartbeat
from workers.tickets import declare

AT_ONCE = Retry(first=timedelta(milliseconds=1), longest=timedelta(milliseconds=2))
Said = list[Any]


def until(true: Callable[[], object], *, seconds: float = 10) -> None:
    """Wait for something that other threads or processes bring about."""
    deadline = monotonic() + seconds
    while not true():
        assert monotonic() < deadline, f"did not happen within {seconds} s"
        sleep(0.01)


def spec(
    job: type[Job], handler: Callable[[Any, Context], None], *, queue: str = "toys",
    limit: timedelta = timedelta(seconds=10),
) -> Spec:  # fmt: skip
    """An actor that only this test knows."""
    return Spec(job, handler, queue, AT_ONCE, limit)


@pytest.fixture
def said() -> Iterator[Said]:
    """Every log line of the test, with the ids that were bound to it."""
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        yield lines


@pytest.fixture
def redis_url(services: Services) -> str:
    """A Redis number that only this test process uses, emptied."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    url = services.redis_url.rpartition("/")[0] + f"/{2 + int(worker) % 13}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture
def peek(owner_dsn: str) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
    """Ask or change anything, as the owner; one transaction per call."""
    with psycopg.connect(owner_dsn, autocommit=True) as conn:

        def ask(query: LiteralString, *params: object) -> list[tuple[Any, ...]]:
            cursor = conn.execute(query, params or None)
            return cursor.fetchall() if cursor.description else []

        yield ask


@pytest.fixture
def domains() -> FakeDomains:
    """The companies of the outside world, and what was asked of them."""
    return FakeDomains()


@pytest.fixture
def sender() -> FakeSender:
    """The submission server, and what it took."""
    return FakeSender()


@pytest.fixture
def reader() -> FakeReader:
    """The mailboxes, and what waits in them."""
    return FakeReader()


@pytest.fixture
def crm() -> FakeCrm:
    """The customer's CRM, and what it was told."""
    return FakeCrm()


@pytest.fixture
def providers(
    domains: FakeDomains, sender: FakeSender, reader: FakeReader, crm: FakeCrm, model: FakeModel | None
) -> Providers:  # fmt: skip
    """The outside world of this test."""
    return world(domains, sender, reader, crm, model)


@dataclass(slots=True)
class Fleet:
    """One worker process's parts, as threads of this one."""

    dispatcher: Dispatcher
    broker: TicketBroker
    runner: Runner
    heart: Heartbeat


@pytest.fixture
def fleet(
    database: Database, redis_url: str, providers: Providers
) -> Iterator[Callable[..., Fleet]]:
    """Start a process's parts for some actors; `works=False` leaves the tickets unread."""
    with ExitStack() as stack:
        yield partial(_assemble, stack, database, redis_url, providers)


def _assemble(
    stack: ExitStack, database: Database, url: str, providers: Providers, specs: Sequence[Spec],
    *, threads: int = 4, lease: timedelta = timedelta(seconds=15), works: bool = True,
    dispatches: bool = True,
) -> Fleet:  # fmt: skip
    named = {spec.job.name: spec for spec in specs}
    broker, bell = open_broker(url), Bell(url)
    stack.callback(broker.close)
    stack.callback(bell.close)
    heart = Heartbeat(database, actors=list(named), threads=threads, lease=lease)
    stack.callback(heart.close)
    runner = Runner(database, providers, heart.session_id)
    dispatcher = Dispatcher(database, broker, bell, named, lease=lease)
    for spec in specs:
        declare(broker, spec, runner)
    if works:
        worker = dramatiq.Worker(broker, worker_timeout=20, worker_threads=threads)
        stack.callback(worker.stop)
        worker.start()
        heart.start()
    if dispatches and works:
        stack.callback(dispatcher.close)
        dispatcher.start()
    return Fleet(dispatcher, broker, runner, heart)


@dataclass(slots=True)
class Bench:
    """Runs single attempts in the calling thread, without tickets."""

    database: Database
    runner: Runner
    tenant: UUID

    def queue(self, job: Job, **unique: Any) -> int:
        [job_id] = factories.enqueue(self.database, self.tenant, job, **unique)
        return job_id

    def attempt(self, actor: Spec, job_id: int) -> None:
        """One attempt at a queued job, as soon as it is due, as if its ticket had just arrived."""

        def ticket_arrives() -> bool:
            factories.promote(self.database)
            return job_id in factories.pick(self.database, actor.job.name)

        until(ticket_arrives, seconds=3)
        self.runner.run(actor, [job_id], self.tenant)

    def do(self, actor: Spec, job: Job | None = None) -> int:
        """Queue a job and make one attempt at it; returns its id."""
        job_id = self.queue(job or actor.job())
        self.attempt(actor, job_id)
        return job_id

    def state(self, job_id: int) -> tuple[JobState | JobOutcome, int]:
        """Where the job is now, or how it ended, and its attempts."""
        with self.database.tenant(self.tenant) as tx:
            row, line = jobs.find(tx, job_id), job_log.find(tx, job_id)
        if row:
            return row.state, row.attempt
        assert line
        return line.outcome, line.attempt


@pytest.fixture
def bench(database: Database, tenant: UUID, providers: Providers) -> Bench:
    """One worker process, reduced to the caller's thread."""
    session_id = factories.session(database)
    return Bench(database, Runner(database, providers, lambda: session_id), tenant)
