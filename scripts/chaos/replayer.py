"""For each line that it reads, replays every dead letter of a chaos run and prints how many."""

import json
import sys
from datetime import timedelta

from db import Database
from db.dead import Which
from schemas.settings import load
from scripts.chaos import worker
from workers.replay import Order, replay_all

_EVERY = timedelta(milliseconds=10)


def main() -> None:
    """Mean every letter there is, also those that were replayed before: they must be refused."""
    assert worker.tick  # its import makes the actors known, and so their payloads readable
    settings = load()
    assert settings.database_url
    database = Database(settings.database_url.get_secret_value(), max_size=2)
    database.open()
    order = Order("chaos", "mended", every=_EVERY)
    for _ in sys.stdin:
        replayed = sum(len(end.tied) for end in replay_all(database, Which(), order))
        print(json.dumps({"replayed": replayed}), flush=True)
    database.close()


if __name__ == "__main__":
    main()
