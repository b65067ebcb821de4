"""Does what the schedule says, and remembers when the servers were away."""

import heapq
import itertools
import json
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast
from uuid import UUID

import redis

from db import chaos, chaos_books, lane_orders, pauses
from db.pool import DatabaseAway
from scripts.chaos.crew import Crew, Outage
from scripts.chaos.schedule import Fault, Strike
from scripts.chaos.stage import Stage
from scripts.chaos.work import QUEUE
from telemetry.bell import PREFIX, connect

_TICKETS = f"{PREFIX}:lots:{QUEUE}"
_PUT_OFF = 0.5
_GARBAGE = (
    b"\x00\xff no ticket",
    b"{}",
    b"[1, 2]",
    b'{"queue_name":"chaos","actor_name":"chaos.nobody","args":[[1],null],"kwargs":{},"options":{},"message_id":"1","message_timestamp":1}',
    b'{"queue_name":"chaos","actor_name":"chaos.write","args":[[1],null],"kwargs":{},"options":{"eta":9999999999999},"message_id":"2","message_timestamp":1}',
    b'{"queue_name":"chaos","actor_name":"chaos.write","args":[[1],"no uuid"],"kwargs":{},"options":{},"message_id":"3","message_timestamp":1}',
    b'{"queue_name":"chaos","actor_name":"chaos.write","args":["x"],"kwargs":{},"options":{},"message_id":"4","message_timestamp":1}',
)


class NotNow(Exception):
    """No other worker is up to go on with the work, or the last such fault still lasts."""


_OF_WORKERS = (Strike.KILL, Strike.POINT, Strike.DRAIN, Strike.FREEZE)


@dataclass(slots=True)
class Paused:
    """A tenant was paused, by the database's clock."""

    tenant_id: UUID
    began: datetime
    ended: datetime | None = None


@dataclass(slots=True)
class Striker:
    """Strikes one fault at a time; what a fault opens, it closes when its time has passed."""

    stage: Stage
    crew: Crew
    kill_producer: Callable[[], None]
    done: Counter[Strike] = field(default_factory=Counter[Strike])
    vain: Counter[Strike] = field(default_factory=Counter[Strike])
    """Never struck, because there was no right moment until the end."""
    outages: list[Outage] = field(default_factory=list[Outage])
    paused: list[Paused] = field(default_factory=list[Paused])
    flushed: set[bytes] = field(default_factory=set[bytes])
    """Tickets that a FLUSHALL took."""
    _closing: bool = False
    _later: list[tuple[float, int, Callable[[], None]]] = field(
        default_factory=list[tuple[float, int, Callable[[], None]]]
    )
    _nth: "itertools.count[int]" = field(default_factory=itertools.count)

    def strike(self, fault: Fault) -> None:
        """Let one fault happen; later, while the server is away or the worker cannot be spared."""
        try:
            self._spare(fault)
            self._ways[fault.strike](fault)
        except (redis.RedisError, DatabaseAway, NotNow):
            if self._closing:
                self.vain[fault.strike] += 1
            else:
                self._after(_PUT_OFF, lambda: self.strike(fault))
        else:
            self.done[fault.strike] += 1

    def _spare(self, fault: Fault) -> None:
        """Every promise of recovery supposes that somebody goes on with the work."""
        if fault.strike in _OF_WORKERS and not self.crew.can_spare(fault.slot):
            raise NotNow

    @property
    def _ways(self) -> dict[Strike, Callable[[Fault], None]]:
        return {
            Strike.KILL: lambda fault: self.crew.kill(fault.slot),
            Strike.POINT: lambda fault: self.crew.arm(fault.slot, fault.point),
            Strike.DRAIN: lambda fault: self.crew.end(fault.slot),
            Strike.FREEZE: self._freeze,
            Strike.FLUSH: lambda _: self._flush(),
            Strike.REDIS_RESTART: lambda _: self._redis_restart(),
            Strike.REDIS_DOWN: self._redis_down,
            Strike.POSTGRES: self._postgres_crash,
            Strike.BACKENDS: lambda _: self._break_connections(),
            Strike.DUPLICATES: lambda _: self._duplicate(),
            Strike.OLD: self._deliver_old,
            Strike.GARBAGE: lambda _: self._push(_GARBAGE),
            Strike.FULL: self._fill,
            Strike.PRODUCER: lambda _: self.kill_producer(),
            Strike.PAUSE: self._pause,
        }

    def close_due(self, *, everything: bool = False) -> None:
        """End what is over by now, or everything that still lasts; what cannot be ended yet, later."""
        self._closing = everything
        while self._later and (everything or self._later[0][0] <= time.monotonic()):
            _, _, close = heapq.heappop(self._later)
            try:
                close()
            except (redis.RedisError, DatabaseAway):
                self._after(_PUT_OFF, close)

    def _after(self, seconds: float, close: Callable[[], None]) -> None:
        heapq.heappush(self._later, (time.monotonic() + seconds, next(self._nth), close))

    def _freeze(self, fault: Fault) -> None:
        self.crew.freeze(fault.slot)
        self._after(fault.lasts, lambda: self.crew.thaw(fault.slot))

    def _flush(self) -> None:
        with connect(self.stage.redis_url, patience=2) as client:
            self.flushed.update(_tickets(client))
            client.flushall()  # pyright: ignore[reportUnknownMemberType]

    def _redis_restart(self) -> None:
        self._refuse_absent_redis()
        outage = self._away("Redis")
        assert self.stage.valkey.process
        self.stage.valkey.process.kill()
        self.stage.valkey.process.wait()
        self.stage.valkey.start()
        outage.ended = time.monotonic()

    def _redis_down(self, fault: Fault) -> None:
        self._refuse_absent_redis()
        outage = self._away("Redis")
        self.stage.valkey.stop()

        def back() -> None:
            self.stage.valkey.start()
            outage.ended = time.monotonic()

        self._after(fault.lasts, back)

    def _refuse_absent_redis(self) -> None:
        if self.stage.valkey.process is None:
            raise redis.ConnectionError("It is down.")

    def _postgres_crash(self, fault: Fault) -> None:
        process = self.stage.postgres.process
        if process is None:
            raise DatabaseAway("It is down.")
        outage = self._away("Postgres")
        process.send_signal(signal.SIGQUIT)  # "immediate": no goodbye, recovery at start
        process.wait()
        self.stage.postgres.process = None

        def back() -> None:
            self.stage.postgres.start()
            outage.ended = time.monotonic()

        self._after(fault.lasts, back)

    def _break_connections(self) -> None:
        outage = self._away("Postgres")
        self._end_backends(5)
        outage.ended = time.monotonic()

    def _end_backends(self, most: int) -> None:
        chaos.end_backends(self.stage.owner_url, most)

    def _fill(self, fault: Fault) -> None:
        chaos.fill_login(self.stage.owner_url)
        outage = self._away("Postgres")
        self._after(fault.lasts, lambda: self._free(outage))
        self._end_backends(1000)

    def _free(self, outage: Outage) -> None:
        chaos.free_login(self.stage.owner_url)
        outage.ended = time.monotonic()

    def _duplicate(self) -> None:
        with connect(self.stage.redis_url, patience=2) as client:
            copies = _tickets(client)
        self._push([*copies, *copies])

    def _deliver_old(self, fault: Fault) -> None:
        with connect(self.stage.redis_url, patience=2) as client:
            copies = _tickets(client)
        self._after(fault.lasts, lambda: self._push(copies))

    def _push(self, tickets: "list[bytes] | tuple[bytes, ...]") -> None:
        if not tickets:
            return
        with connect(self.stage.redis_url, patience=2) as client:
            client.rpush(_TICKETS, *tickets)

    def _pause(self, fault: Fault) -> None:
        if self.paused and self.paused[-1].ended is None:
            raise NotNow
        tenant_id = self.stage.tenants["paused"]
        with self.stage.database.hat("operator") as tx:
            pauses.add(tx, tenant_id=tenant_id, actor=None, reason="chaos", by="chaos")
            lane_orders.recall(tx, tenant_id=tenant_id)
        with self.stage.database.hat("operator") as tx:
            paused = Paused(tenant_id, chaos_books.moment(tx))
        self.paused.append(paused)
        self._after(fault.lasts, lambda: self._resume(paused))

    def _resume(self, paused: Paused) -> None:
        with self.stage.database.hat("operator") as tx:
            ended = chaos_books.moment(tx)
            pauses.remove(tx, tenant_id=paused.tenant_id, actor=None)
        paused.ended = ended

    def flushed_jobs(self) -> set[int]:
        """The jobs whose tickets a FLUSHALL took."""
        jobs: set[int] = set()
        for ticket in self.flushed:
            if ticket not in _GARBAGE:
                ids: list[int] = json.loads(ticket)["args"][0]
                jobs.update(ids)
        return jobs

    def _away(self, server: str) -> Outage:
        self.outages.append(outage := Outage(server, time.monotonic()))
        return outage


def _tickets(client: redis.Redis) -> list[bytes]:
    return cast("list[bytes]", client.lrange(_TICKETS, 0, 2000))
