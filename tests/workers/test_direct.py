"""Tickets without Redis: what one process's parts promise each other."""

import threading
from collections.abc import Iterable
from time import monotonic

import dramatiq
import pytest
from dramatiq.broker import MessageProxy

from tests.fix_world import until
from workers.direct import DirectBroker, Whisper


def ticket(*ids: int) -> dramatiq.Message[None]:
    return dramatiq.Message(
        queue_name="toys", actor_name="toy.plain", args=(list(ids), None), kwargs={}, options={}
    )


class Kit:
    """A broker for two threads, and what it gave back."""

    def __init__(self) -> None:
        self.returned: list[int] = []
        self.broker = DirectBroker(2, middleware=[], give_back=self.returned.extend)
        self.broker.declare_queue("toys")
        self.consumer = self.broker.consume("toys", timeout=10)

    def take(self, number: int) -> Iterable[MessageProxy]:
        return [message for _ in range(number) if (message := next(self.consumer))]


def test_tickets_are_taken_in_their_order_and_room_is_what_threads_can_soon_start() -> None:
    kit = Kit()
    assert kit.broker.room() == 4
    kit.broker.ring([ticket(1), ticket(2, 3), ticket(4)])
    assert kit.broker.room() == 1
    taken = list(kit.take(9))
    assert [message.args[0] for message in taken] == [[1], [2, 3], [4]]
    assert kit.broker.room() == 1  # they run, or wait in the worker
    kit.consumer.ack(taken[0])
    assert kit.broker.room() == 2
    kit.broker.ring([ticket(n) for n in range(9)])
    assert kit.broker.room() == 0


def test_what_was_not_begun_is_given_back_taken_or_not() -> None:
    kit = Kit()
    kit.broker.ring([ticket(1, 2), ticket(3), ticket(4)])
    kit.consumer.requeue(kit.take(1))
    assert kit.returned == [1, 2]
    kit.consumer.close()
    kit.consumer.close()
    assert kit.returned == [1, 2, 3, 4]
    assert kit.broker.room() == 4


def test_a_dispatcher_that_rests_is_woken_when_a_thread_is_free() -> None:
    kit = Kit()
    kit.broker.ring([ticket(n) for n in range(4)])
    running = list(kit.take(4))
    rested = threading.Event()

    def rest() -> None:
        kit.broker.rest(10)
        rested.set()

    thread = threading.Thread(target=rest)
    thread.start()
    kit.consumer.ack(running[0])
    assert not rested.wait(0.1)  # one ticket still waits for its turn
    kit.consumer.ack(running[1])
    assert rested.wait(5)
    thread.join()


def test_a_delay_is_refused() -> None:
    with pytest.raises(ValueError, match="A wait is a row"):
        Kit().broker.enqueue(ticket(1), delay=5)


def test_a_commit_of_this_process_wakes_its_own_dispatcher() -> None:
    whisper, heard = Whisper(), threading.Event()
    assert not whisper.wait([], timeout=0.01)

    def listen() -> None:
        if whisper.wait(["toy.plain"], timeout=10):
            heard.set()

    thread = threading.Thread(target=listen)
    thread.start()
    started = monotonic()
    assert whisper.ring(["toy.plain"])
    until(heard.is_set)
    assert monotonic() - started < 5
    thread.join()


def test_a_whisper_rings_for_others_too_and_says_when_they_cannot_hear() -> None:
    class Deaf:
        def ring(self, actors: object) -> bool:
            return False

    assert not Whisper(Deaf()).ring(["toy.plain"])
