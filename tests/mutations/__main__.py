"""`python -m tests.mutations [--storm] [WORD…]`: tries mutations, all or those whose name contains a word.

With `--storm` mutated fleets go through small chaos runs, which take a minute each. With `--systems`
the acceptance tests of the seed map run without their guards: all, or those of the rows named.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from db.migrate import migrate
from scripts.services import Services, running
from tests.fix_services import OWNER, REDIS
from tests.mutations import guards
from tests.mutations.catalogue import MUTATIONS
from tests.mutations.storm import STORMS, weather
from tests.mutations.systems import GUARDS
from tests.mutations.trial import Outcome, attempt

STORM, SYSTEMS = "--storm", "--systems"


def main(arguments: list[str]) -> int:
    """Try, print a table, and return 1 when a mutation was not caught by name."""
    words = [word for word in arguments if word not in {STORM, SYSTEMS}]
    escaped = tried = 0
    with (
        tempfile.TemporaryDirectory(prefix="outrider-mutations-") as folder,
        running(Path(folder), durable=False) as servers,
    ):
        if SYSTEMS in arguments:
            return _systems(words, servers)
        play = _storms if STORM in arguments else _scenes
        print(f"{'mutation':<44} {'caught by':<34} seconds")
        for outcome, expected in play(words, servers):
            tried += 1
            escaped += _tell(outcome, expected)
    print(f"{tried - escaped} of {tried} were caught by name.")
    return int(bool(escaped) or not tried)


def _use(servers: Services) -> None:
    """The pytests of all trials share one server, and the databases' template."""
    os.environ.update({OWNER: servers.database_url, REDIS: servers.redis_url})
    os.environ.setdefault("PYTEST_XDIST_TESTRUNUID", f"{os.getpid():x}mutations")


def _systems(rows: list[str], servers: Services) -> int:
    """Try the guards of these rows, or all; 1 when a test did not notice, or there was nothing to try."""
    _use(servers)
    tried = survived = 0
    for guard in GUARDS:
        if not rows or str(guard.row) in rows:
            tried += 1
            done = guards.attempt(guard)
            print(f"{guard.row:>3} · {guard.words} · {' '.join(guard.tests())} · {done.verdict}"
                  f" ({done.seconds:.1f} s)")  # fmt: skip
            print(f"      {' '.join(done.said.split())[:160]}" if done.said else done.output[-3000:],
                  flush=True)  # fmt: skip
            survived += done.said is None
    print(f"{tried - survived} of {tried} tests failed without their guard.")
    return int(bool(survived) or not tried)


def _scenes(words: list[str], servers: Services) -> Iterator[tuple[Outcome, frozenset[str]]]:
    _use(servers)
    for mutation in MUTATIONS.values():
        if _meant(mutation.name, words):
            yield attempt(mutation), mutation.caught_by


def _storms(words: list[str], servers: Services) -> Iterator[tuple[Outcome, frozenset[str]]]:
    migrate(servers.database_url)
    for storm in STORMS:
        if _meant(storm.mutation, words):
            yield (
                weather(storm, MUTATIONS[storm.mutation], servers.database_url),
                storm.caught_by,
            )


def _meant(name: str, words: list[str]) -> bool:
    return not words or any(word in name for word in words)


def _tell(outcome: Outcome, expected: frozenset[str]) -> bool:
    caught = expected <= (outcome.named or set())
    print(f"{outcome.mutation:<44} {_named(outcome):<34} {outcome.seconds:>7.1f}"
          f"{'' if caught else '  NOT CAUGHT by ' + ' '.join(sorted(expected))}", flush=True)  # fmt: skip
    if not caught:
        print(outcome.output[-3000:])
    return not caught


def _named(outcome: Outcome) -> str:
    if outcome.named is None:
        return "(the scene broke down)"
    return " ".join(sorted(outcome.named)) or "nobody"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
