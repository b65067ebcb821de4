"""One worker process: boots, runs actors on threads, drains on a signal. Refuses a powerful login."""

import contextlib
import functools
import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import TypeVar

import dramatiq
from dramatiq.middleware import TimeLimit

from db import Database, dispatch, gauges, lanes, ready
from db.logins import refuse_powerful
from db.pool import DatabaseAway
from providers.ports import Providers
from providers.registry import from_settings
from schemas.jobs import ReadMailbox
from schemas.settings import Settings
from telemetry import logs, metrics
from telemetry.bell import PREFIX, Bell, open_bell
from telemetry.probes import Probes
from workers import cron, house, roster
from workers.actor import Spec, registered
from workers.attempt import Runner
from workers.broker import TicketBroker
from workers.direct import DirectBroker, Whisper
from workers.dispatcher import Dispatcher
from workers.draining import drain
from workers.faults import Faults
from workers.mailroom import Mailroom
from workers.recycling import RECYCLED, Recycler, attempts
from workers.sessions import Heartbeat
from workers.tickets import alarm, declare

log = logs.get("outrider.worker")

T = TypeVar("T")

ACTORS = roster.ACTORS
"""Modules whose import registers actors."""


_IN_HAND = 2
"""Tickets that a process holds beyond those its threads have; more would keep them from idle ones."""


class NotMigrated(Exception):
    """The database is older than this code."""


def actor_names() -> list[str]:
    """Every actor of this version, sorted."""
    return list(registered())


def serve(settings: Settings, *, only: Iterable[str] = (), stop: threading.Event) -> int:
    """Run the actors named by `only` (all, when empty) until `stop` is set, then drain.

    Returns the exit code: 0, or RECYCLED when the process outgrew a bound and wants to be started
    again; then it has set `stop` itself. Waits for Postgres and Redis as long as they are away.
    Raises UnknownActor, MemoryTooSmall, LoginRefused and NotMigrated before any work is taken.
    """
    specs = registered(only)
    assert settings.database_url
    recycler = Recycler(stop, memory_max=settings.memory_max, max_jobs=settings.max_jobs)
    with contextlib.ExitStack() as stack:
        bell = stack.enter_context(_bell(settings))
        url = settings.database_url.get_secret_value()
        database = stack.enter_context(
            _opened(Database(url, max_size=settings.pool_max, bell=bell))
        )
        # Jobs that hold every connection must not silence the heartbeat.
        pulse = stack.enter_context(
            _opened(Database(url, max_size=2, name="outrider pulse", patience=2))
        )
        if heart := _patiently(stop, functools.partial(_join, settings, pulse, specs)):
            recycler.start()
            _work(settings, database, pulse, bell, specs, heart, stop)
    if recycler.reason:
        log.info("worker.recycled", reason=recycler.reason)
        return RECYCLED
    return 0


@contextlib.contextmanager
def _bell(settings: Settings) -> Generator[Bell | Whisper]:
    """What wakes this process's dispatcher, and what its commits ring."""
    bell = open_bell(settings)
    try:
        if settings.direct:
            yield Whisper(bell)
        else:
            assert bell
            yield bell
    finally:
        if bell:
            bell.close()


@contextlib.contextmanager
def _opened(database: Database) -> Generator[Database]:
    database.open()
    try:
        yield database
    finally:
        database.close()


def _patiently(stop: threading.Event, attempt: Callable[[], T]) -> T | None:
    """What `attempt` returns once Postgres lets it; None when told to stop before that."""
    pause = 0.25
    while not stop.is_set():
        try:
            return attempt()
        except DatabaseAway as error:
            log.warning("database.away", setting="OUTRIDER_DATABASE_URL", reason=str(error))
            stop.wait(pause)
            pause = min(pause * 2, 5.0)
    return None


def _join(settings: Settings, pulse: Database, specs: Mapping[str, Spec]) -> Heartbeat:
    """Bring the database up to what this code says, and announce the process."""
    _inspect(pulse)
    with pulse.hat("dispatcher") as tx:
        cron.mirror(tx)
        house.make_days(tx)
        lanes.mirror(tx, {name: spec.rule for name, spec in specs.items()})
    return Heartbeat(pulse, actors=list(specs), threads=settings.threads, lease=settings.lease)


def _inspect(database: Database) -> None:
    refuse_powerful(database)
    with database.hat("operator") as tx:
        missing = ready.missing_migrations(tx)
    if missing:
        raise NotMigrated(f"The database lacks migration {missing[0]}: run `outrider migrate`.")


def _work(
    settings: Settings,
    database: Database,
    pulse: Database,
    bell: Bell | Whisper,
    specs: Mapping[str, Spec],
    heart: Heartbeat,
    stop: threading.Event,
) -> None:
    broker = _transport(settings, pulse)
    with contextlib.closing(from_settings(settings)) as providers:
        runner = Runner(
            database, providers, heart.session_id, Faults(settings.faults), alarm(broker),
            trusted=heart.trusted,
        )  # fmt: skip
        worker = _crew(settings, broker, specs, runner)
        dispatcher = Dispatcher(pulse, broker, bell, specs, lease=settings.lease,
                                faults=runner.faults, pace=lambda: runner.pace)  # fmt: skip
        heart.start()
        worker.start()
        dispatcher.start()
        mailroom = _mailroom(settings, database, providers, heart, specs)
        organs = [thread for thread in (heart, dispatcher, mailroom) if thread]
        with _probes(settings, database, organs) as port:
            log.info(
                "worker.started",
                session_id=heart.session_id(),
                actors=list(specs),
                metrics_port=port,
            )
            stop.wait()
        if mailroom:
            mailroom.close()
        dispatcher.close()
        given_back = drain(worker, runner, settings.drain)
        heart.close()
    broker.close()
    log.info("worker.stopped", jobs=attempts(), given_back=given_back)


def _crew(
    settings: Settings, broker: dramatiq.Broker, specs: Mapping[str, Spec], runner: Runner
) -> dramatiq.Worker:
    """The threads that do the work, not started yet."""
    for spec in specs.values():
        declare(broker, spec, runner)
    worker = dramatiq.Worker(broker, worker_timeout=100, worker_threads=settings.threads)
    worker.queue_prefetch = settings.threads + _IN_HAND
    return worker


def _mailroom(
    settings: Settings,
    database: Database,
    providers: Providers,
    heart: Heartbeat,
    specs: Mapping[str, Spec],
) -> Mailroom | None:
    """Ears for a process that reads mail; no others need any."""
    if ReadMailbox.name not in specs:
        return None
    mailroom = Mailroom(database, providers.reader, heart.session_id, lease=settings.lease)
    mailroom.start()
    return mailroom


@contextlib.contextmanager
def _probes(
    settings: Settings, database: Database, organs: Iterable[threading.Thread]
) -> Generator[int | None]:
    """The process's own /live, /ready and /metrics, on a port that is yielded; None: off."""
    if settings.metrics_port < 0:
        yield None
        return
    gauge = metrics.watch(functools.partial(gauges.read, database))
    probes = Probes(
        settings.metrics_host,
        settings.metrics_port,
        ready=functools.partial(_ready, database, organs),
    )
    probes.start()
    try:
        yield probes.port
    finally:
        probes.close()
        metrics.REGISTRY.unregister(gauge)


def _ready(database: Database, organs: Iterable[threading.Thread]) -> str | None:
    if dead := [organ.name for organ in organs if not organ.is_alive()]:
        return f"The {dead[0]} of this process has ended; restart it."
    try:
        _inspect(database)
    except (DatabaseAway, NotMigrated) as error:
        return str(error)
    return None


def _transport(settings: Settings, database: Database) -> TicketBroker | DirectBroker:
    if not settings.direct:
        assert settings.redis_url
        return open_broker(settings.redis_url.get_secret_value(), settings.redis_prefix)
    give_back = functools.partial(_give_back, database)
    broker = DirectBroker(
        settings.threads, middleware=[TimeLimit(interval=200)], give_back=give_back
    )
    broker.emit_after("process_boot")
    return broker


def _give_back(database: Database, ids: Sequence[int]) -> None:
    try:
        with database.hat("dispatcher") as tx:
            dispatch.give_back(tx, ids)
    except DatabaseAway as error:  # their leases run out, and they are rung again
        log.warning("ticket.lost", tickets=len(ids), reason=str(error))


def open_broker(url: str, prefix: str = PREFIX) -> TicketBroker:
    """The transport of a worker process, with the thread that interrupts attempts past their limit."""
    broker = TicketBroker(url, middleware=[TimeLimit(interval=200)], prefix=prefix)
    broker.emit_after("process_boot")  # Dramatiq's own command line would; it starts that thread
    return broker
