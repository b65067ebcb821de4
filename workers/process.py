"""One worker process: boots, runs actors on threads, drains on a signal. Refuses a powerful login."""

import contextlib
import functools
import threading
from collections.abc import Generator, Iterable, Mapping
from datetime import timedelta
from uuid import UUID

import dramatiq
from dramatiq.middleware import TimeLimit

from db import Database, gauges, ready
from db.logins import refuse_powerful
from db.pool import DatabaseAway
from providers.ports import Providers
from providers.registry import from_settings
from schemas.jobs import ReadMailbox
from schemas.settings import Settings
from telemetry import logs, metrics
from telemetry.bell import Bell
from telemetry.probes import Probes
from workers import (
    campaigns,
    crm,
    cron,
    enrichment,
    enrollments,
    house,
    mailboxes,
    replies,
    scoring,
    sequencing,
)
from workers.actor import Spec, registered
from workers.attempt import Runner
from workers.broker import TicketBroker
from workers.dispatcher import Dispatcher
from workers.faults import Faults
from workers.mailroom import Mailroom
from workers.sessions import Heartbeat

log = logs.get("outrider.worker")

ACTORS = (enrichment, scoring, campaigns, sequencing, enrollments, mailboxes, replies, crm, house)
"""Modules whose import registers actors; a new actor is one more name here."""


class NotMigrated(Exception):
    """The database is older than this code."""


def actor_names() -> list[str]:
    """Every actor of this version, sorted."""
    return list(registered())


def serve(settings: Settings, *, only: Iterable[str] = (), stop: threading.Event) -> None:
    """Run the actors named by `only` (all, when empty) until `stop` is set, then drain.

    Waits for Postgres and Redis as long as they are away. Raises UnknownActor, LoginRefused and
    NotMigrated before any work is taken.
    """
    specs = registered(only)
    assert settings.database_url
    assert settings.redis_url
    with contextlib.ExitStack() as stack:
        bell = stack.enter_context(contextlib.closing(Bell(settings.redis_url.get_secret_value())))
        url = settings.database_url.get_secret_value()
        database = stack.enter_context(
            _opened(Database(url, max_size=settings.pool_max, bell=bell))
        )
        # Jobs that hold every connection must not silence the heartbeat.
        pulse = stack.enter_context(
            _opened(Database(url, max_size=2, name="outrider pulse", patience=2))
        )
        if _wait_for_database(pulse, stop):
            with pulse.hat("dispatcher") as tx:
                cron.mirror(tx)
            _work(settings, database, pulse, bell, specs, stop)


@contextlib.contextmanager
def _opened(database: Database) -> Generator[Database]:
    database.open()
    try:
        yield database
    finally:
        database.close()


def _wait_for_database(database: Database, stop: threading.Event) -> bool:
    pause = 0.25
    while not stop.is_set():
        try:
            _inspect(database)
        except DatabaseAway as error:
            log.warning("database.away", setting="OUTRIDER_DATABASE_URL", reason=str(error))
            stop.wait(pause)
            pause = min(pause * 2, 5.0)
        else:
            return True
    return False


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
    bell: Bell,
    specs: Mapping[str, Spec],
    stop: threading.Event,
) -> None:
    assert settings.redis_url
    broker = open_broker(settings.redis_url.get_secret_value())
    heart = Heartbeat(pulse, actors=list(specs), threads=settings.threads, lease=settings.lease)
    with contextlib.closing(from_settings(settings)) as providers:
        runner = Runner(database, providers, heart.session_id, Faults(settings.faults))
        for spec in specs.values():
            declare(broker, spec, runner)
        worker = dramatiq.Worker(broker, worker_timeout=100, worker_threads=settings.threads)
        dispatcher = Dispatcher(pulse, broker, bell, specs, lease=settings.lease)
        heart.start()
        worker.start()
        dispatcher.start()
        mailroom = _mailroom(settings, database, providers, heart, specs)
        with _probes(settings, database, (heart, dispatcher)) as port:
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
        _drain(worker, runner, settings.drain)
        heart.close()
    broker.close()
    log.info("worker.stopped")


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


def open_broker(url: str) -> TicketBroker:
    """The transport of a worker process, with the thread that interrupts attempts past their limit."""
    broker = TicketBroker(url, middleware=[TimeLimit(interval=200)])
    broker.emit_after("process_boot")  # Dramatiq's own command line would; it starts that thread
    return broker


def declare(broker: dramatiq.Broker, spec: Spec, runner: Runner) -> None:
    """Make one actor known to a broker; its tickets run through `runner`."""

    def run(job_id: int, tenant_id: str | None) -> None:
        runner.run(spec, job_id, UUID(tenant_id) if tenant_id else None)

    dramatiq.Actor(
        run,
        broker=broker,
        actor_name=spec.job.name,
        queue_name=spec.queue,
        priority=0,
        options={"time_limit": int(spec.limit.total_seconds() * 1000)},
    )


def _drain(worker: dramatiq.Worker, runner: Runner, patience: timedelta) -> None:
    """Let running jobs finish; give back what takes longer, without burning its attempt."""
    for consumer in worker.consumers.values():
        consumer.stop()  # no further ticket is popped by a process that will not start it
    stopping = threading.Thread(target=worker.stop, daemon=True)
    stopping.start()
    stopping.join(timeout=patience.total_seconds())
    if stopping.is_alive():
        log.warning("worker.impatient", given_back=runner.give_back())
