"""Signals that end a process: the first becomes an event, the second ends it at once; on Linux, a child need not outlive its parent."""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable

_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG, prctl(2)


def on_signal() -> threading.Event:
    """An event that SIGTERM or SIGINT sets; whoever repeats it does not want to wait. Main thread only."""
    stop = threading.Event()
    reader, writer = os.pipe()

    def halt(_number: int, _frame: object) -> None:
        # A handler may interrupt its own thread inside `stop.wait()`, which holds the event's lock:
        # to set it here would wait for ever. A byte in a pipe takes no lock.
        os.write(writer, b"!")
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)

    def tell() -> None:
        os.read(reader, 1)
        stop.set()

    threading.Thread(target=tell, name="signals", daemon=True).start()
    signal.signal(signal.SIGTERM, halt)
    signal.signal(signal.SIGINT, halt)
    return stop


def die_with_parent(farewell: int = signal.SIGTERM) -> Callable[[], None] | None:
    """What a child does before its program starts (`preexec_fn`): ask for `farewell` when we are killed.

    Nobody else would stop it then; a child that is frozen acts on SIGKILL alone. Linux only, None elsewhere. The thread that starts the child is its
    parent: it must last as long as the process.
    """
    if sys.platform != "linux":
        return None
    parent, libc = os.getpid(), ctypes.CDLL(None)

    def arm() -> None:
        libc.prctl(_SET_PARENT_DEATH_SIGNAL, farewell)
        if os.getppid() != parent:  # it died before we were armed
            os.kill(os.getpid(), signal.SIGKILL)

    return arm
