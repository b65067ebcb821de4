"""Everybody outside, as processes of their own: the companies' web, the mail servers, the CRM.

Each prints its ports first and writes its own books. Refuses to leave one running.
"""

import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from scripts.services import ServerFailed

_ROOT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def standin(name: str, *options: str) -> Generator[dict[str, int]]:
    """Run `providers.standins.<name>` until the block ends; its ports by name. Raises ServerFailed."""
    command = (sys.executable, "-P", "-m", f"providers.standins.{name}", "--die-with-parent")
    process = subprocess.Popen(
        [*command, *options],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
    )
    try:
        assert process.stdout is not None
        ports = process.stdout.readline()
        if not ports:
            raise ServerFailed(f"The stand-in {name} ended before it could be reached; see above.")
        yield json.loads(ports)
    finally:
        process.terminate()
        process.wait()
