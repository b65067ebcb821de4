"""The heartbeat of a worker process. Refuses to stay dead: a swept session is announced anew."""

import os
import socket
import threading
import time
from collections.abc import Sequence
from datetime import timedelta

from db import Database, sessions
from db.pool import DatabaseAway
from telemetry import logs, metrics, sentry

log = logs.get("outrider.session")


class Heartbeat(threading.Thread):
    """Beats five times per lease, on a thread of its own, so a busy worker never looks dead."""

    def __init__(
        self, database: Database, *, actors: Sequence[str], threads: int, lease: timedelta
    ) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._database = database
        self._actors = actors
        self._threads = threads
        self._every = lease.total_seconds() / 5
        self._trust = lease.total_seconds() * 0.8
        self._heard_at = time.monotonic()
        self._halt = threading.Event()
        self._session_id = self._announce()

    def trusted(self) -> bool:
        """Whether the last beat that was heard is recent enough for nobody to think us dead."""
        return time.monotonic() - self._heard_at < self._trust

    def session_id(self) -> int:
        """The session that claims are made under now."""
        return self._session_id

    def run(self) -> None:
        """Beat until told to stop."""
        while not self._halt.wait(self._every):
            try:
                self._beat()
            except DatabaseAway as error:
                log.warning("session.unheard", reason=str(error))
            except Exception as error:
                log.exception("session.failed")
                sentry.bug(error, actor="heartbeat")

    def close(self) -> None:
        """Stop beating and say good-bye; what the process still ran is recovered at once."""
        self._halt.set()
        if self.is_alive():
            self.join(timeout=5)
        try:
            with self._database.hat("dispatcher") as tx:
                sessions.remove(tx, self._session_id)
        except DatabaseAway as error:
            log.warning("session.unheard", reason=str(error))

    def _beat(self) -> None:
        now = time.monotonic()  # before it is sent: the answer may take long
        with self._database.hat("dispatcher") as tx:
            heard = sessions.beat(tx, self._session_id)
        if not heard:
            metrics.LEASE_LOST.inc()
            lost, self._session_id = self._session_id, self._announce()
            log.warning("session.lost", session_id=lost, new_session_id=self._session_id)
        self._heard_at = now

    def _announce(self) -> int:
        with self._database.hat("dispatcher") as tx:
            return sessions.add(
                tx,
                host=socket.gethostname(),
                pid=os.getpid(),
                actors=self._actors,
                threads=self._threads,
            )
