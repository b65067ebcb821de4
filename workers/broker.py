"""Tickets over Redis: a Dramatiq broker whose messages are disposable. Refuses delays and retries.

A ticket says "run job 7 of tenant T" and nothing else. It is popped, not acknowledged: when it gets
lost, the job's dispatch lease runs out and another is rung. That leaves no state in Redis that a
crash could strand, and the consumer blocks on the list instead of polling it.
"""

import threading
import time
from collections import deque
from collections.abc import Iterable
from typing import Final, Protocol, cast

import dramatiq
import redis
from dramatiq.broker import Consumer, MessageProxy
from dramatiq.common import dq_name
from dramatiq.errors import DecodeError

from telemetry import logs, metrics
from telemetry.bell import PREFIX, connect

log = logs.get("outrider.broker")

_MOST: Final = 10_000
_BLOCK: Final = 1.0
"""Seconds one blocking pop may last; the bound on how long a stopping consumer lingers."""


class Transport(Protocol):
    """What a dispatcher asks of whatever carries its tickets to threads."""

    def ring(self, tickets: Iterable[dramatiq.Message[None]], *, most: int) -> None:
        """Hand over tickets, in their order; each queue keeps the newest `most` of them."""
        ...

    def answers(self) -> bool:
        """Whether tickets can be carried now."""
        ...

    def room(self) -> int | None:
        """Tickets that this process alone can take now; None: any process may take them."""
        ...

    def threads(self) -> int | None:
        """The threads that tickets go to, if they are this process's own."""
        ...

    def rest(self, seconds: float) -> None:
        """Wait so long before the next pick; less when room has come up."""
        ...


class TicketBroker(dramatiq.Broker):
    """Rings tickets into one Redis list per queue and hands them to Dramatiq's worker threads."""

    def __init__(
        self, url: str, *, middleware: list[dramatiq.Middleware], prefix: str = PREFIX
    ) -> None:
        super().__init__(middleware=middleware)
        self.url = url
        self._key = f"{prefix}:lots:"  # `tickets:` is what the version before reads
        self.client = connect(url, patience=2.0)

    def declare_queue(self, queue_name: str) -> None:
        """Make a queue known; idempotent. There is no delay queue: waits are rows."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues[queue_name] = None
            self.emit_after("declare_queue", queue_name)

    def consume(
        self,
        queue_name: str,
        prefetch: int = 1,
        timeout: int = 5000,  # noqa: ARG002
    ) -> Consumer:
        """A consumer with a connection of its own, holding at most `prefetch` tickets."""
        return TicketConsumer(self.url, self._key + queue_name, prefetch)

    def enqueue(
        self, message: dramatiq.Message[None], *, delay: int | None = None
    ) -> dramatiq.Message[None]:
        """Ring one ticket. Raises redis.RedisError when Redis is away."""
        if delay is not None:
            raise ValueError("A wait is a row with a due time, not a delayed ticket.")
        self.ring([message], most=_MOST)
        return message

    def ring(self, tickets: Iterable[dramatiq.Message[None]], *, most: int) -> None:
        """Ring many tickets in one round trip. Raises redis.RedisError when Redis is away.

        Of a list that nobody reads the oldest go: while every thread is busy with something long,
        waiting jobs are rung again after each lease, and their stale tickets would pile up.
        """
        with self.client.pipeline(transaction=False) as pipe:  # pyright: ignore[reportUnknownMemberType]
            keys: set[str] = set()
            for ticket in tickets:
                keys.add(key := self._key + ticket.queue_name)
                pipe.rpush(key, ticket.encode())
            for key in keys:
                pipe.ltrim(key, -most, -1)
            pipe.execute()

    def room(self) -> None:
        """Whoever pops first takes a ticket; the fleet's threads bound them."""

    def threads(self) -> None:
        """The fleet's."""

    def rest(self, seconds: float) -> None:
        """Nothing tells a dispatcher that some process popped a ticket."""
        time.sleep(seconds)

    def answers(self) -> bool:
        """Whether Redis is there."""
        try:
            return bool(self.client.ping())  # pyright: ignore[reportUnknownMemberType]
        except redis.RedisError:
            return False

    def flush(self, queue_name: str) -> None:
        """Drop every ticket of a queue; the jobs stay."""
        self.client.delete(self._key + queue_name, self._key + dq_name(queue_name))

    def close(self) -> None:
        """Give the connections back."""
        self.client.close()


class TicketConsumer(Consumer):
    """Pops tickets, never more than the worker can hold."""

    def __init__(self, url: str, key: str, prefetch: int) -> None:
        self._key = key
        self._client = connect(url)
        self._prefetch = prefetch
        self._popped: deque[bytes] = deque()
        self._held = 0
        self._room = threading.Condition()
        self._away = threading.Event()

    def __next__(self) -> MessageProxy | None:
        """The next ticket, or None after at most a second. An undecodable one is dropped alone."""
        if not self._popped:
            self._fill()
        while self._popped:
            data = self._popped.popleft()
            try:
                ticket = _read(data)
            except (DecodeError, TypeError, KeyError, ValueError):
                metrics.TICKETS.labels("refused").inc()
                log.warning("ticket.refused", bytes=len(data))
                continue
            with self._room:
                self._held += 1
            return MessageProxy(ticket)
        return None

    def _fill(self) -> None:
        with self._room:
            self._room.wait_for(lambda: self._held < self._prefetch, timeout=_BLOCK)
            room = self._prefetch - self._held
        if room <= 0:
            return
        try:
            answer = self._client.blmpop(_BLOCK, 1, self._key, direction="LEFT", count=room)
        except redis.RedisError:  # the dispatcher says so; it knows when Redis is back, too
            self._away.wait(_BLOCK)
            return
        if answer:
            self._popped.extend(cast("list[bytes]", answer[1]))

    def ack(self, message: MessageProxy) -> None:  # noqa: ARG002
        """Make room for another ticket; there is nothing to tell Redis."""
        with self._room:
            self._held -= 1
            self._room.notify()

    nack = ack

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Put tickets that were not started back to the front; a lost one is rung again."""
        data = [message.encode() for message in messages]
        self._return([*reversed(data)])

    def close(self) -> None:
        """Return what was popped and not handed out, and the connection."""
        self._return([*reversed(self._popped)])
        self._popped.clear()
        self._client.close()

    def _return(self, data: list[bytes]) -> None:
        if not data:
            return
        try:
            self._client.lpush(self._key, *data)
        except redis.RedisError as error:
            log.warning("ticket.lost", tickets=len(data), reason=type(error).__name__)


def _read(data: bytes) -> "dramatiq.Message[None]":
    """A ticket as we ring them. Raises DecodeError or TypeError for anything else.

    Options are refused: a delay among them would hold a place in the worker until it is over.
    """
    ticket = cast("dramatiq.Message[None]", dramatiq.Message.decode(data))  # pyright: ignore[reportUnknownMemberType]
    if ticket.options != {}:
        raise TypeError("A ticket carries no options.")
    return ticket
