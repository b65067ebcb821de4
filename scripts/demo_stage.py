"""The demo's stage: a local web, a fleet, a sender, an accident; and the play from first post to last score."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from db import Database, dead, job_log, scores, tenants
from ingress.keys import NewKey, create
from schemas.enums import JobOutcome
from schemas.leads import LeadIn
from schemas.settings import Settings
from scripts.demo_accident import Accident
from scripts.demo_sender import Sender
from scripts.fleet import Fleet
from scripts.output import err
from telemetry.bell import Bell
from telemetry.secrets import Keyring

_ROOT = Path(__file__).resolve().parent.parent
_PATIENCE = 300.0
_GLANCE = 0.1
Facts = dict[str, float | int]


@dataclass(slots=True)
class Stage:
    """Everything the play needs, and what the sender counted."""

    settings: Settings
    database: Database
    tenant_id: UUID
    seed: int
    people: Sequence[LeadIn]
    web_log: Path
    sender: Sender
    accident: Accident
    quiet: bool
    accepted: int = 0

    def play(self) -> Facts:
        """Post every lead, let the accident happen, wait for the last score; returns the figures."""
        started = time.monotonic()
        with _bars(quiet=self.quiet) as progress, ThreadPoolExecutor(1) as pool:
            bar = progress.add_task("posted", total=len(self.people))
            posting = pool.submit(
                self.sender.post_all, self.people, posted=lambda: progress.advance(bar)
            )
            try:
                self._watch(progress)
                self.accepted = posting.result()
            finally:
                self.sender.stop()  # Ctrl-C: what is not posted yet never is
        return self._figures(time.monotonic() - started)

    def _watch(self, progress: Progress) -> None:
        names = {"enriched": "lead.enrich", "scored": "lead.score"}
        bars = {job: progress.add_task(name, total=len(self.people)) for name, job in names.items()}
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            done = self.count_done()
            for job, bar in bars.items():
                progress.update(bar, completed=done.get(job, 0))
            if self.accident.look():
                progress.console.print(
                    "A worker was killed between a call and its settlement, and Valkey emptied."
                )
            if done.get("lead.score", 0) >= len(self.people) and self.accident.happened:
                return
            time.sleep(_GLANCE)

    def count_done(self) -> dict[str, int]:
        """Jobs of the demo's tenant that are done, by actor."""
        with self.database.tenant(self.tenant_id) as tx:
            return {t.actor: t.jobs for t in job_log.count(tx) if t.outcome is JobOutcome.DONE}

    def _figures(self, seconds: float) -> Facts:
        done = sum(self.count_done().values())
        with self.database.tenant(self.tenant_id) as tx:
            letters = dead.count_open(tx)
            tiers = {f"leads_{line.tier}": line.leads for line in scores.count_by_tier(tx)}
        return {
            "leads": len(self.people),
            "jobs": done,
            "seconds": round(seconds, 1),
            "jobs_per_second": round(done / seconds, 1),
            "workers_killed": 1,
            "times_valkey_was_emptied": 1,
            "seconds_to_recover": round(self.accident.recovered or -1.0, 1),
            "dead_letters": letters,
            **tiers,
        }


@contextmanager
def staged(
    settings: Settings, folder: Path, *, seed: int, people: Sequence[LeadIn], quiet: bool
) -> Generator[Stage]:
    """Set the stage: web, tenant, key, edge, two workers, one of them doomed. All ends with the block."""
    web_log = folder / "web.log"
    web_log.unlink(missing_ok=True)
    with ExitStack() as stack:
        ports = stack.enter_context(_company_web(seed, web_log))
        database = stack.enter_context(_database(settings))
        tenant_id, key = _customer(settings, database)
        world = {
            "OUTRIDER_EGRESS_PROXY": f"http://127.0.0.1:{ports['http']}",
            "OUTRIDER_DNS_SERVER": f"127.0.0.1:{ports['dns']}",
        }
        anywhere = settings.model_copy(update={"ingress_port": 0})
        fleet = stack.enter_context(Fleet(anywhere, extra=world, logs=folder))
        url = f"http://{settings.ingress_host}:{fleet.start_ingress()}"
        accident = Accident(settings, database, fleet, at_call=_half_way(people))
        fleet.start_worker()
        sender = Sender(url, key)
        yield Stage(settings, database, tenant_id, seed, people, web_log, sender, accident, quiet)


def _half_way(people: Sequence[LeadIn]) -> int:
    """The doomed worker makes about half of all look-ups, and dies after half of those."""
    return max(1, len({person.email.rpartition("@")[2] for person in people}) // 4)


def _customer(settings: Settings, database: Database) -> tuple[UUID, NewKey]:
    assert settings.secret_key
    slug = f"demo-{uuid4().hex[:8]}"
    with database.hat("operator") as tx:
        tenant = tenants.add(tx, name="Demo", slug=slug)
    keyring = Keyring.from_setting(settings.secret_key.get_secret_value())
    return tenant.id, create(database, keyring, tenant_slug=slug, source=slug, operator="demo")


@contextmanager
def _database(settings: Settings) -> Generator[Database]:
    assert settings.database_url
    assert settings.redis_url
    bell = Bell(settings.redis_url.get_secret_value())
    database = Database(settings.database_url.get_secret_value(), max_size=4, bell=bell)
    database.open()
    try:
        yield database
    finally:
        database.close()
        bell.close()


@contextmanager
def _company_web(seed: int, log: Path) -> Generator[dict[str, int]]:
    command = (sys.executable, "-P", "-m", "providers.standins.company_web", "--die-with-parent")
    web = subprocess.Popen(
        [*command, "--seed", str(seed), "--log", str(log)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
    )
    try:
        assert web.stdout is not None
        yield json.loads(web.stdout.readline())
    finally:
        web.terminate()
        web.wait()


def _bars(*, quiet: bool) -> Progress:
    columns = (TextColumn("{task.description:>9}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeElapsedColumn(), console=err, disable=quiet)
