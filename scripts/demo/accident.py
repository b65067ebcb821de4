"""The demo's accident: a sender dies between the server's 250 and its own commit, and Valkey forgets."""

import subprocess
import time
from datetime import datetime

import redis

from db import Database, jobs, sessions
from schemas.settings import Settings
from scripts.fleet import Fleet

_BOOT = 30.0


class Accident:
    """Dooms one worker of a fleet, flushes when it dies, and times how long its work is orphaned."""

    def __init__(
        self, settings: Settings, database: Database, fleet: Fleet, *, at_call: int
    ) -> None:
        """`at_call` is the mail after which the doomed worker kills itself; it does nothing else."""
        self._settings = settings
        self._database = database
        self._fleet = fleet
        self._doomed = fleet.start_worker(
            only="sequencing", OUTRIDER_FAULTS=f"effect.after_call@{at_call}"
        )
        self._session_id = 0
        self._died_at: float | None = None
        self.when: datetime | None = None
        """The business moment of the death."""
        self.recovered: float | None = None
        """Seconds from the death until the last job of the dead worker was taken from it."""

    def prepare(self) -> None:
        """Wait until the doomed worker is at work; nothing may be sent before."""
        self._session_id = _session_of(self._database, self._doomed)

    @property
    def under_way(self) -> bool:
        """Whether the worker is dead and something it had claimed is not recovered."""
        return self._died_at is not None and self.recovered is None

    def look(self, now: datetime) -> bool:
        """Call often, with the business moment; True once, when the worker has just died."""
        if self._died_at is None:
            return self._notice(now)
        if self.recovered is None and not self._orphans():
            self.recovered = time.monotonic() - self._died_at
        return False

    def _notice(self, now: datetime) -> bool:
        if self._doomed.poll() is None:
            return False
        self._died_at, self.when = time.monotonic(), now
        self._flush()
        self._fleet.restart_the_dead()
        return True

    def _orphans(self) -> int:
        with self._database.hat("operator") as tx:
            return jobs.count_of_session(tx, self._session_id)

    def _flush(self) -> None:
        assert self._settings.redis_url
        url = self._settings.redis_url.get_secret_value()
        with redis.Redis.from_url(url) as client:  # pyright: ignore[reportUnknownMemberType]
            client.flushall()  # pyright: ignore[reportUnknownMemberType]


def _session_of(database: Database, worker: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + _BOOT
    while time.monotonic() < deadline and worker.poll() is None:
        with database.hat("operator") as tx:
            for session in sessions.list_live(tx):
                if session.pid == worker.pid:
                    return session.id
        time.sleep(0.05)
    raise TimeoutError("A worker of the demo did not start; see worker.log under .outrider/demo.")
