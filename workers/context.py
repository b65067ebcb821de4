"""Everything an actor may touch, handed to it rather than imported by it."""

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from db import Database, Tx, claims
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
    claim: claims.Claim
    job: type[Job]
    faults: Faults = field(default_factory=lambda: Faults(None))
    finished: bool = False

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
            claims.complete(tx, self.claim.id, self.claim.token)
            yield tx
        self.finished = True
        self.faults.reach("commit.after")

    def emit(self, tx: Tx, event: Event, *, key: str) -> None:
        """Establish a fact in `tx`; `key` names its occurrence. Poison when the job may not."""
        self.emit_all(tx, [(event, key)])

    def emit_all(self, tx: Tx, facts: Sequence[tuple[Event, str]]) -> None:
        """`emit` for many facts with their keys, in one statement."""
        for event, _ in facts:
            if type(event) not in self.job.emits:
                raise Poison(f"{self.job.name} does not declare that it emits {event.name}.")
        emit_all(tx, facts)
