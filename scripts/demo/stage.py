"""The demo's stage: the world, a fleet, a sender, an accident; and the play from first post to last mail."""

import time
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from uuid import UUID

from db import Database, clock, job_log, outcomes
from db.quiet import Stillness
from providers.standins.prospects import refuses
from schemas.enums import JobOutcome
from schemas.leads import LeadIn
from schemas.settings import Settings
from scripts.demo.accident import Accident
from scripts.demo.bars import Bars, bars
from scripts.demo.conductor import Conductor
from scripts.demo.customer import Customer, connect_crm, customer, keyring_of, mail_spec, move_in
from scripts.demo.doubts import Operator
from scripts.demo.people import Row, rows
from scripts.demo.prospects import Crowd
from scripts.demo.sender import Posted, Sender
from scripts.demo.world import standin
from scripts.fleet import Fleet, free_port
from telemetry.bell import Bell

SENDING_THREADS = 8
"""Of the worker that dies: it may leave as many doubts, and no more."""
TRAPS = "lost=7,throttle=11,broken=17,partial=9,missing=13,interval_ms=500"
"""The CRM's: every so many answers are lost, and so on; it says 429 for half a second."""
_MONDAY = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
_WAKE = ("step.send", "crm.collect")
"""Whose bells are rung after a jump: one for each kind of worker."""
_LEASE = timedelta(seconds=5)


@dataclass(slots=True)
class Stage:
    """Everything the play needs, and what was seen of it."""

    settings: Settings
    database: Database
    bell: Bell
    who: Customer
    seed: int
    people: Sequence[LeadIn]
    rows: Sequence[Row]
    folder: Path
    sender: Sender
    crowd: Crowd
    accident: Accident
    operator: Operator
    quiet: bool
    posted: Posted | None = None
    seconds: float = 0.0
    jumps: int = 0
    jobs_done: int = 0
    began: datetime = _MONDAY
    ended: datetime = _MONDAY

    @property
    def tenant_id(self) -> UUID:
        """The customer's."""
        return self.who.tenant_id

    def play(self) -> None:
        """Post every row, let everybody act until nobody has anything left to do."""
        started = time.monotonic()
        with bars(quiet=self.quiet) as progress, ThreadPoolExecutor(1) as pool:
            shown = Bars(progress, rows=len(self.rows), leads=len(self.people))
            try:  # from here on: a Ctrl-C while the thread starts must find it as well
                posting = pool.submit(self.sender.post_all, self.rows, posted=shown.posted)
                self._conduct(shown, posting)
                self.posted = posting.result()
            finally:
                self.sender.stop()  # Ctrl-C: what is not posted yet never is
        self.seconds = time.monotonic() - started
        with self.database.tenant(self.tenant_id) as tx:
            self.ended = clock.read(tx)

    def _conduct(self, shown: Bars, posting: "Future[Posted]") -> None:
        assert self.settings.owner_url
        conductor = Conductor(
            owner_url=self.settings.owner_url.get_secret_value(),
            database=self.database,
            bell=self.bell,
            tenant_id=self.tenant_id,
            crowd=self.crowd,
            actors=_WAKE,
            may_go_on=lambda: posting.done() and not self.accident.under_way,
            on_rest=self._rest,
            glance=lambda still: self._glance(shown, still),
        )
        conductor.conduct()
        self.jumps = conductor.jumps

    def _rest(self, still: Stillness) -> bool:
        if not still.parked:
            return False
        return self.operator.settle_all({one.mail.message_id for one in self.crowd.arrived}) > 0

    def _glance(self, shown: Bars, still: Stillness) -> int:
        if self.accident.look(still.now):
            shown.say("A sender was killed between the mail server's 250 and its own commit, and Valkey emptied.")  # fmt: skip
        if shown.wants_news():
            with self.database.tenant(self.tenant_id) as tx:
                sequences = outcomes.count_enrollments(tx)
            done = self.count_done()
            shown.show(still.now, done, sequences, len(self.crowd.answered))
            self.jobs_done = sum(done.values())
        return self.jobs_done

    def count_done(self) -> dict[str, int]:
        """Jobs of the demo's tenant that are done, by actor."""
        with self.database.tenant(self.tenant_id) as tx:
            return {t.actor: t.jobs for t in job_log.count(tx) if t.outcome is JobOutcome.DONE}


@contextmanager
def staged(
    settings: Settings, folder: Path, *, seed: int, people: Sequence[LeadIn], quiet: bool
) -> Generator[Stage]:
    """Set the stage: web, mail server, tenant, edge, two workers, one of them doomed."""
    settings = settings.model_copy(update={"lease": min(settings.lease, _LEASE)})
    with ExitStack() as stack:
        web = stack.enter_context(_logged("company_web", folder / "web.log", "--log", "--seed", str(seed)))  # fmt: skip
        bell, database = stack.enter_context(_opened(settings))
        keyring = keyring_of(settings)
        who = customer(database, keyring, len(people))
        began = _begin(settings, database)
        mail = stack.enter_context(_mail_server(folder, who, people, seed))
        token = token_hex(16)
        crm = stack.enter_context(_logged("hubspot", folder / "crm.log", "--archive", "--traps", TRAPS,
                                          "--token", token, "--seed", str(seed)))  # fmt: skip
        connect_crm(settings, database, who, token, crm)
        move_in(database, keyring, who, mail)
        port = free_port()
        fleet = stack.enter_context(_fleet(settings, folder, web, port))
        fleet.start_worker()
        accident = Accident(settings, database, fleet, at_call=max(1, len(people) // 5))
        url = f"http://{settings.ingress_host}:{fleet.start_ingress()}"
        accident.prepare()
        crowd = stack.enter_context(closing(Crowd(folder / "mails.log", mail["smtp"], seed)))
        operator = Operator(database, who.tenant_id)
        yield Stage(settings, database, bell, who, seed, people, rows(people, seed), folder,
                    Sender(url, who.key), crowd, accident, operator, quiet, began=began)  # fmt: skip


def _begin(settings: Settings, database: Database) -> datetime:
    """Set the clock to the first Monday of the play; a database that is further stays further."""
    assert settings.owner_url
    with database.hat("operator") as tx:
        moved, now = clock.is_moved(tx), clock.read(tx)
    began = _MONDAY
    while moved and began < now:
        began += timedelta(weeks=1)
    clock.run_on_from(settings.owner_url.get_secret_value(), began)
    return began


def _fleet(settings: Settings, folder: Path, web: dict[str, int], port: int) -> Fleet:
    world = {
        "OUTRIDER_EGRESS_PROXY": f"http://127.0.0.1:{web['http']}",
        "OUTRIDER_DNS_SERVER": f"127.0.0.1:{web['dns']}",
        "OUTRIDER_PUBLIC_URL": f"http://{settings.ingress_host}:{port}",
        "OUTRIDER_LEASE": str(settings.lease.total_seconds()),
        "OUTRIDER_THREADS": str(SENDING_THREADS),
        "OUTRIDER_POOL_MAX": str(SENDING_THREADS + 4),
    }
    return Fleet(settings.model_copy(update={"ingress_port": port}), extra=world, logs=folder)


@contextmanager
def _logged(name: str, log: Path, option: str, *more: str) -> Generator[dict[str, int]]:
    log.unlink(missing_ok=True)
    log.touch()
    with standin(name, option, str(log), *more) as ports:
        yield ports


@contextmanager
def _mail_server(
    folder: Path, who: Customer, people: Sequence[LeadIn], seed: int
) -> Generator[dict[str, int]]:
    unknown = [one.email for one in people if one.email and refuses(one.email, seed)]
    spec = folder / "mail.json"
    spec.write_text(mail_spec(who, unknown).model_dump_json())
    with _logged("mail_server", folder / "mails.log", "--archive", "--spec", str(spec)) as ports:
        yield ports


@contextmanager
def _opened(settings: Settings) -> Generator[tuple[Bell, Database]]:
    assert settings.database_url
    assert settings.redis_url
    bell = Bell(settings.redis_url.get_secret_value(), settings.redis_prefix)
    database = Database(settings.database_url.get_secret_value(), max_size=4, bell=bell)
    database.open()
    try:
        yield bell, database
    finally:
        database.close()
        bell.close()
