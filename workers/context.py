"""Everything an actor may touch, handed to it rather than imported by it."""

from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from db import Database, Tx
from db import claims as ownership
from db.claims import Claim, LeaseLost
from pipelines.engine import emit_all
from providers.ports import Providers
from schemas.base import Event, Job
from schemas.errors import Poison
from telemetry.logs import Log
from workers.faults import Faults


@dataclass(slots=True)
class Context:
    """One attempt at one job."""

    database: Database
    providers: Providers
    log: Log
    claim: Claim
    job: type[Job]
    faults: Faults = field(default_factory=lambda: Faults(None))
    others: tuple[Claim, ...] = ()
    """The rest of a batch; `claim` is its first."""
    trusted: Callable[[], bool] = lambda: True
    """Whether this process may still believe that its jobs are its own."""
    finished: bool = False

    @property
    def claims(self) -> tuple[Claim, ...]:
        """One per job, in the order of a batch's jobs."""
        return (self.claim, *self.others)

    def transaction(self) -> AbstractContextManager[Tx]:
        """A transaction in the job's tenant; keep none open while the outside world thinks."""
        claim = self.claim
        return self.database.tenant(claim.tenant_id, trace_id=claim.trace_id or "", job_id=claim.id)

    @contextmanager
    def finish(self) -> Generator[Tx]:
        """The one transaction that counts: result, consequences and "done", or none of them.

        Raises LeaseLost at once when the job is no longer ours.
        """
        with self.transaction() as tx:
            self._complete(tx)
            yield tx
        self.finished = True
        self.faults.reach("commit.after")

    def _complete(self, tx: Tx) -> None:
        if not self.others:
            ownership.complete(tx, self.claim.id, self.claim.token)
            return
        owned = [(claim.id, claim.token) for claim in self.claims]
        if len(ownership.complete_all(tx, owned)) < len(owned):
            raise LeaseLost(self.claim.id)

    def emit(self, tx: Tx, event: Event, *, key: str) -> None:
        """Establish a fact in `tx`; `key` names its occurrence. Poison when the job may not."""
        self.emit_all(tx, [(event, key)])

    def emit_all(self, tx: Tx, facts: Sequence[tuple[Event, str]]) -> None:
        """`emit` for many facts with their keys, in one statement."""
        for event, _ in facts:
            if type(event) not in self.job.emits:
                raise Poison(f"{self.job.name} does not declare that it emits {event.name}.")
        emit_all(tx, facts)
