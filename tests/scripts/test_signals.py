"""Signals: the first is heard wherever the main thread is, even inside the wait for it."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import faulthandler, signal, sys, threading
from scripts.signals import on_signal

faulthandler.dump_traceback_later(10, exit=True)
stop = on_signal()

def inside(frame, event, _argument):
    if event == "line" and frame.f_locals["self"] is stop and stop._cond._lock.locked():
        sys.settrace(None)
        signal.raise_signal(signal.SIGTERM)
    return inside

sys.settrace(lambda frame, *_: inside if frame.f_code is threading.Event.wait.__code__ else None)
assert stop.wait(5) and sys.gettrace() is None
"""


def test_a_signal_that_interrupts_the_wait_for_it_is_heard(here: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=here, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
