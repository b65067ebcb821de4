"""Tickets without Redis: what the process's own dispatcher picks goes to its own threads.

Claims go straight to Postgres, and a process takes only what its threads can soon start, so direct
and ticketed processes share one database. Refuses nothing that TicketBroker does not refuse.
"""

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, cast

import dramatiq
from dramatiq.broker import Consumer, MessageProxy

from telemetry.bell import Ringer

_TICKETS_PER_THREAD: Final = 2
"""One that runs and one that follows it; more would keep work from idle processes."""


class DirectBroker(dramatiq.Broker):
    """Carries tickets within one process. `give_back` is told which jobs were never started."""

    def __init__(
        self,
        threads: int,
        *,
        middleware: list[dramatiq.Middleware],
        give_back: Callable[[Sequence[int]], None],
    ) -> None:
        super().__init__(middleware=middleware)
        self._threads = threads
        self._give_back = give_back
        self._waiting: dict[str, deque[dramatiq.Message[None]]] = {}
        self._held = 0
        self._change = threading.Condition()

    def declare_queue(self, queue_name: str) -> None:
        """Make a queue known; idempotent."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self._waiting[queue_name] = deque()
            self.queues[queue_name] = None
            self.emit_after("declare_queue", queue_name)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:  # noqa: ARG002
        """What waits in one queue; `timeout` is the most milliseconds that it is waited for."""
        return DirectConsumer(self, queue_name, timeout / 1000)

    def enqueue(
        self, message: dramatiq.Message[None], *, delay: int | None = None
    ) -> dramatiq.Message[None]:
        """Hand one ticket to the threads."""
        if delay is not None:
            raise ValueError("A wait is a row with a due time, not a delayed ticket.")
        self.ring([message])
        return message

    def ring(self, tickets: Iterable[dramatiq.Message[None]], *, most: int = 0) -> None:  # noqa: ARG002
        """Hand tickets to the threads, in their order; `room()` bounds them."""
        with self._change:
            for ticket in tickets:
                self._waiting[ticket.queue_name].append(ticket)
                self._held += 1
            self._change.notify_all()

    def answers(self) -> bool:
        """Memory is always there."""
        return True

    def room(self) -> int:
        """How many more tickets this process can soon start."""
        return max(0, _TICKETS_PER_THREAD * self._threads - self._held)

    def threads(self) -> int:
        """Its own: nobody else can have them."""
        return self._threads

    def rest(self, seconds: float) -> None:
        """Wait for room, when there is none; else, and at most, these seconds."""
        with self._change:
            if self.room() < self._threads:
                self._change.wait_for(lambda: self.room() >= self._threads, timeout=seconds)
            else:
                self._change.wait(seconds)

    def take(self, queue_name: str, seconds: float) -> dramatiq.Message[None] | None:
        """The next ticket of a queue, or None after so many seconds."""
        waiting = self._waiting[queue_name]
        with self._change:
            self._change.wait_for(lambda: waiting, timeout=seconds)
            return waiting.popleft() if waiting else None

    def done(self) -> None:
        """A thread has finished a ticket."""
        with self._change:
            self._held -= 1
            self._change.notify_all()

    def flush(self, queue_name: str) -> None:
        """Give up every ticket of a queue that no thread has; its jobs go back."""
        with self._change:
            tickets = list(self._waiting[queue_name])
            self._waiting[queue_name].clear()
        self.put_back(tickets)

    def put_back(self, tickets: Sequence[dramatiq.Message[None] | MessageProxy]) -> None:
        """Let others have the jobs of tickets that no thread began."""
        with self._change:
            self._held -= len(tickets)
        if tickets:
            self._give_back([job_id for ticket in tickets for job_id in _jobs_of(ticket)])


class DirectConsumer(Consumer):
    """One queue's end of a DirectBroker."""

    def __init__(self, broker: DirectBroker, queue_name: str, patience: float) -> None:
        self._broker = broker
        self._queue_name = queue_name
        self._patience = patience

    def __next__(self) -> MessageProxy | None:
        """The next ticket, or None after a while."""
        ticket = self._broker.take(self._queue_name, self._patience)
        return MessageProxy(ticket) if ticket else None

    def ack(self, message: MessageProxy) -> None:  # noqa: ARG002
        """Make room for another ticket."""
        self._broker.done()

    nack = ack

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Give back the jobs of tickets that were taken and not begun."""
        self._broker.put_back(list(messages))

    def close(self) -> None:
        """Give back what was not even taken; idempotent."""
        self._broker.flush(self._queue_name)


def _jobs_of(ticket: dramatiq.Message[None] | MessageProxy) -> list[int]:
    return cast("list[int]", ticket.args[0])


class Whisper:
    """A bell within one process: its own commits wake its own dispatcher, and others if they can."""

    def __init__(self, others: Ringer | None = None) -> None:
        self._others = others
        self._rung = threading.Event()

    def ring(self, actors: Collection[str]) -> bool:
        """Hint that these actors have work. Never raises."""
        self._rung.set()
        return self._others is None or self._others.ring(actors)

    def wait(self, actors: Collection[str], *, timeout: float) -> bool:  # noqa: ARG002
        """Block until a ring; False after `timeout` seconds."""
        rung = self._rung.wait(timeout)
        self._rung.clear()
        return rung
