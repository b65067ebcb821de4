"""HubSpot on loopback: its contacts API over HTTP, with its traps, and an archive of every write.

`python -m providers.standins.hubspot --archive FILE --die-with-parent [--traps lost=7,throttle=5]`
prints one JSON line with its port, `{"http": port}`, and runs until SIGTERM. The archive's lines are
described in `hubspot_store`, the traps in `hubspot_traps.Traps`.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from providers.standins.hubspot_api import Api
from providers.standins.hubspot_store import Store
from providers.standins.hubspot_traps import Traps
from providers.standins.wire import listening


async def run(api: Api, port: int, orphaned: Callable[[], bool]) -> None:
    """Serve until SIGTERM or SIGINT, or until `orphaned` says that nobody needs us."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with listening(api, port) as heard:
        print(json.dumps({"http": heard}), flush=True)  # noqa: T201  (the one line that the caller reads)
        while not stop.is_set() and not orphaned():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 0.2)


def main() -> None:
    """Read the command line and serve."""
    options = argparse.ArgumentParser(description="A stand-in for HubSpot's contacts.")
    options.add_argument("--port", type=int, default=0, help="0: any free one")
    options.add_argument("--archive", type=Path, default=Path(os.devnull), help="one JSON line per contact written")  # fmt: skip
    options.add_argument("--traps", type=Traps.parse, default=Traps(), help="e.g. lost=7,throttle=5,partial=9")  # fmt: skip
    options.add_argument("--token", help="the only token taken; any, when not given")
    options.add_argument("--seed", type=int, default=1, help="of the order of answers")
    options.add_argument("--die-with-parent", action="store_true", help="end with who started us")
    given = options.parse_args()
    parent = os.getppid()

    def orphaned() -> bool:
        return given.die_with_parent and os.getppid() != parent

    with given.archive.open("a", encoding="utf-8") as archive:
        asyncio.run(run(_api(given, archive), given.port, orphaned))


def _api(given: argparse.Namespace, archive: TextIO) -> Api:
    return Api(Store(archive), given.traps, token=given.token, seed=given.seed)


if __name__ == "__main__":
    main()
