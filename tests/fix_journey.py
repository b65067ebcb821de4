"""The whole fleet in the calling thread: everything that is due is done, then the clock moves on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from db import Database, clock, dispatch, job_log
from providers.ports import Providers
from schemas.enums import JobOutcome
from tests import factories
from workers import process
from workers.actor import registered
from workers.attempt import Runner

Peek = Callable[..., list[tuple[Any, ...]]]


@dataclass(slots=True)
class Journey:
    """Does what a fleet would do, in the order of the queue, without tickets or threads."""

    database: Database
    runner: Runner
    tenant: UUID
    peek: Peek
    travel: Callable[[datetime], None]

    def now(self) -> datetime:
        """Business time."""
        with self.database.tenant(self.tenant) as tx:
            return clock.read(tx)

    def settle(self) -> int:
        """Do everything that is due, and what follows from it at once; returns how many attempts."""
        attempts = 0
        while tickets := self._due():
            for ticket in tickets:
                self.runner.run(registered()[ticket.actor], [ticket.id], ticket.tenant_id)
                attempts += 1
        return attempts

    def next_due(self) -> datetime | None:
        """When the next job that waits for business time is due; None: nothing waits."""
        [(moment,)] = self.peek(
            "SELECT min(due_at) FROM outrider.jobs WHERE state = 'delayed' AND retry_at IS NULL"
        )
        return moment

    def go_on(self) -> datetime:
        """Jump to the next moment at which something is due, and do it; returns that moment."""
        moment = self.next_due()
        assert moment, "nothing waits"
        self.travel(max(moment, self.now()))
        self.settle()
        return moment

    def pass_time(self, span: timedelta) -> None:
        """Let business time pass, stopping wherever something is due."""
        self.settle()
        end = self.now() + span
        while (moment := self.next_due()) and moment <= end:
            self.go_on()
        self.travel(end)
        self.settle()

    def done(self) -> dict[str, int]:
        """Jobs done so far, by actor."""
        with self.database.tenant(self.tenant) as tx:
            return {t.actor: t.jobs for t in job_log.count(tx) if t.outcome is JobOutcome.DONE}

    def _due(self) -> list[dispatch.Ticket]:
        factories.promote(self.database)
        with self.database.hat("dispatcher") as tx:
            chunks = dict.fromkeys(process.actor_names(), 1)
            return dispatch.pick(tx, chunks=chunks, window=1000, lease=factories.LEASE).tickets


@pytest.fixture
def journey(
    database: Database, tenant: UUID, providers: Providers, peek: Peek,
    at: Callable[[datetime], None],
) -> Journey:  # fmt: skip
    """A fleet of one thread, on a business clock that the test moves."""
    session_id = factories.session(database, *process.actor_names())
    return Journey(database, Runner(database, providers, lambda: session_id), tenant, peek, at)
