"""Turns the first signal that ends a process into an event; the second one ends it at once."""

import signal
import threading


def on_signal() -> threading.Event:
    """An event that SIGTERM or SIGINT sets; whoever repeats it does not want to wait. Main thread only."""
    stop = threading.Event()

    def halt(_number: int, _frame: object) -> None:
        stop.set()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)

    signal.signal(signal.SIGTERM, halt)
    signal.signal(signal.SIGINT, halt)
    return stop
