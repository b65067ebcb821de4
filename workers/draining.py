"""How a worker process ends: nothing new, unstarted tickets back at once, then running jobs, then leases.

Refuses to let a job wait for a lease because the process that had its ticket was told to stop.
"""

import threading
import time
from datetime import timedelta
from queue import Empty
from typing import Final

import dramatiq
from dramatiq.broker import MessageProxy
from dramatiq.worker import ConsumerThread

from telemetry import logs
from workers.attempt import Runner

log = logs.get("outrider.worker")

_LINGER: Final = 3.0
"""Seconds a consumer may take to end: one blocking pop, and a slow Redis."""


def drain(worker: dramatiq.Worker, runner: Runner, patience: timedelta) -> int:
    """Let running jobs finish; give back what takes longer, without burning its attempt.

    Returns how many were given back.
    """
    runner.stopping.set()
    for thread in worker.workers:
        thread.stop()
    _recall(worker)
    stopping = threading.Thread(target=worker.stop, daemon=True)
    stopping.start()
    stopping.join(timeout=patience.total_seconds())
    if not stopping.is_alive():
        return 0
    given_back = runner.give_back()
    log.warning("worker.impatient", given_back=given_back)
    return given_back


def _recall(worker: dramatiq.Worker) -> None:
    """Hand back every ticket that no thread has begun, while others still run theirs."""
    ending = dict(worker.consumers)
    for consumer in ending.values():
        consumer.stop()
    deadline = time.monotonic() + _LINGER
    while True:
        ended = [name for name, consumer in ending.items() if not consumer.is_alive()]
        _empty(worker)
        for name in ended:
            ending.pop(name).close()
        if not ending or time.monotonic() > deadline:
            return
        next(iter(ending.values())).join(0.02)


def _empty(worker: dramatiq.Worker) -> None:
    lots: dict[str, list[MessageProxy]] = {}
    while True:
        try:
            ticket = worker.work_queue.get_nowait().message
        except Empty:
            break
        lots.setdefault(ticket.queue_name, []).append(ticket)
    for name, tickets in lots.items():
        consumer: ConsumerThread = worker.consumers[name]
        consumer.requeue_messages(tickets)
