"""HubSpot's stand-in on a thread, and our side of it with a token that opens."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest

from db import Database, crm_connections, crm_mappings, leads
from providers.fake_crm import FakeCrm
from providers.http import connect
from providers.hubspot import HubSpot
from providers.ports import Crm, CrmAccount, Providers
from providers.standins.hubspot_api import Api
from providers.standins.hubspot_store import Store
from providers.standins.hubspot_traps import Traps
from providers.standins.wire import serving
from schemas.crm_fields import FieldMapping
from schemas.enums import JobOutcome, JobState, LeadStatus
from telemetry.secrets import Keyring, Purpose, Sealed
from tests.factories import capture, pick, promote, session
from tests.fix_world import Bench, until
from workers import crm as _crm
from workers import crm_setup
from workers.actor import registered
from workers.attempt import Runner

assert _crm

KEYRING = Keyring([b"k" * 32])
TOKEN = "pat-eu1-toy"
_PURPOSE = Purpose(UUID(int=1), "crm_connection", UUID(int=2), "access_token")


@dataclass(frozen=True, slots=True)
class Portal:
    """A portal of HubSpot, what it holds, and what was written to it."""

    base_url: str
    api: Api
    archive: io.StringIO

    def account(self, token: str = TOKEN) -> CrmAccount:
        return CrmAccount(self.base_url, Sealed(KEYRING.seal(token.encode(), _PURPOSE), _PURPOSE))

    def contacts(self) -> dict[str, dict[str, str]]:
        """Properties by address."""
        return {email: record.properties for email, record in self.api.store.contacts.items()}

    def lines(self) -> list[dict[str, Any]]:
        """Every write, in order."""
        return [json.loads(line) for line in self.archive.getvalue().splitlines()]

    def statuses(self, path: str = "upsert") -> list[int]:
        """How it answered the calls whose path ends so."""
        return [status for asked, status in self.api.asked if asked.endswith(path)]


@contextmanager
def portal_with(**traps: int) -> Iterator[Portal]:
    """A fresh portal with some traps on; its window is long over when anybody waits for it."""
    archive = io.StringIO()
    api = Api(Store(archive), Traps.model_validate({"interval_ms": 20, **traps}), token=TOKEN)
    with serving(api) as url:
        yield Portal(url, api, archive)


@contextmanager
def our_side() -> Iterator[HubSpot]:
    """A provider with connections of its own."""
    with connect() as client, connect() as near:
        yield HubSpot(KEYRING, client, near)


@pytest.fixture
def portal() -> Iterator[Callable[..., Portal]]:
    """`portal(lost=2)`."""
    with ExitStack() as stack:
        yield lambda **traps: stack.enter_context(portal_with(**traps))


@pytest.fixture
def ours() -> Iterator[HubSpot]:
    """Our side of HubSpot."""
    with our_side() as provider:
        yield provider


@dataclass(slots=True)
class Telling:
    """A tenant with a connected CRM, and one worker process reduced to the caller's thread."""

    bench: Bench
    database: Database
    tenant: UUID
    peek: Callable[..., list[tuple[Any, ...]]]

    def connect(self, crm: Crm, base_url: str = "https://crm.example", token: str = TOKEN) -> UUID:
        """Connect HubSpot, or connect it again; returns the connection."""
        return crm_setup.connect(
            self.database, KEYRING, crm, self.tenant, base_url=base_url, token=token, operator="test"
        ).id  # fmt: skip

    def map_only(self, *rows: FieldMapping) -> None:
        """Replace every mapping."""
        with self.database.tenant(self.tenant) as tx:
            connection = crm_connections.get_by_provider(tx, "hubspot")
            for row in crm_mappings.list_of(tx, connection.id):
                crm_mappings.remove(tx, connection.id, row.remote_field)
            crm_mappings.put_all(tx, connection.id, rows)

    def map_title(self) -> None:
        """Tell nothing but the title, whoever wrote it."""
        self.map_only(FieldMapping(local_field="title", remote_field="jobtitle"))

    def lead(self, email: str = "ada@firm.example", to: LeadStatus = LeadStatus.LOST, **known: str) -> UUID:  # fmt: skip
        """A lead that a CRM is to hear of."""
        with self.database.tenant(self.tenant) as tx:
            lead_id = capture(tx, email, **known)
            leads.move(tx, leads.get_locked(tx, lead_id), to, cause="test")
        return lead_id

    def change(self, lead_id: UUID, title: str) -> None:
        """Somebody corrects a lead."""
        with self.database.tenant(self.tenant) as tx:
            tx.run("UPDATE outrider.leads SET title = %(t)s WHERE id = %(id)s", {"t": title, "id": lead_id})  # fmt: skip

    def collect(self) -> list[UUID]:
        """Make batches; returns those that have a job."""
        self.bench.do(registered()["crm.collect"])
        found = self.peek(
            "SELECT (payload ->> 'batch_id')::uuid FROM outrider.jobs"
            " WHERE actor = 'crm.upsert' ORDER BY id"
        )
        return [batch_id for (batch_id,) in found]

    def upsert(self) -> tuple[JobState | JobOutcome, int]:
        """One attempt at the oldest batch that has a job; where the job is then."""
        [(job_id,)] = self.peek("SELECT min(id) FROM outrider.jobs WHERE actor = 'crm.upsert'")
        until(lambda: self._rung(job_id), seconds=3)
        self.bench.runner.run(registered()["crm.upsert"], [job_id], self.tenant)
        return self.bench.state(job_id)

    def _rung(self, job_id: int) -> bool:
        promote(self.database)
        pick(self.database, "crm.upsert")  # of all batches at once, as a dispatcher does
        return self.bench.state(job_id)[0] is JobState.DISPATCHED

    def end_backoff(self) -> None:
        """What waits after a failure is due now."""
        self.peek("UPDATE outrider.jobs SET retry_at = clock_timestamp() WHERE state = 'delayed'")

    def tell(self) -> None:
        """Collect, and one attempt at every batch."""
        for _ in self.collect():
            self.upsert()

    def outbox(self) -> list[tuple[Any, ...]]:
        """Lead, version, whether it is in a batch, and tries."""
        return self.peek(
            "SELECT lead_id, version, batch_id IS NOT NULL, tries FROM outrider.crm_outbox ORDER BY lead_id"
        )

    def log(self) -> list[tuple[Any, ...]]:
        """Lead, outcome and error code, in order."""
        return self.peek("SELECT lead_id, outcome, error_code FROM outrider.crm_log ORDER BY id")

    def status(self) -> tuple[Any, ...]:
        """Of the connection, with its reason."""
        [row] = self.peek("SELECT status, status_reason FROM outrider.crm_connections")
        return row


@pytest.fixture
def telling(
    bench: Bench, database: Database, tenant: UUID, peek: Callable[..., list[tuple[Any, ...]]],
    crm: FakeCrm,
) -> Telling:  # fmt: skip
    """Connected to the fake CRM."""
    made = Telling(bench, database, tenant, peek)
    made.connect(crm)
    return made


@pytest.fixture
def told(
    database: Database, tenant: UUID, peek: Callable[..., list[tuple[Any, ...]]],
    providers: Providers, portal: Callable[..., Portal], ours: HubSpot,
) -> Callable[..., tuple[Telling, Portal]]:  # fmt: skip
    """Connected to a portal with traps: `told(lost=2)`."""

    def make(**traps: int) -> tuple[Telling, Portal]:
        there, session_id = portal(**traps), session(database)
        runner = Runner(database, replace(providers, crm=ours), lambda: session_id)
        made = Telling(Bench(database, runner, tenant), database, tenant, peek)
        made.connect(ours, there.base_url)
        return made, there

    return make
