"""Turns the signals that end a process into an event; the second one changes nothing."""

import signal
import threading


def on_signal() -> threading.Event:
    """An event that SIGTERM or SIGINT sets. Call on the main thread."""
    stop = threading.Event()

    def halt(_number: int, _frame: object) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, halt)
    signal.signal(signal.SIGINT, halt)
    return stop
