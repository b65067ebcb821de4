"""The unit of work in a bare loop, a thread per connection: no queue, no broker, nothing to lose."""

import argparse
import threading

from db.bench import Bare


def main() -> None:
    """Do every `--step`th item from `--first` on, once the gate opens."""
    options = argparse.ArgumentParser()
    options.add_argument("--dsn", required=True)
    for number in ("--threads", "--first", "--step", "--last"):
        options.add_argument(number, type=int, required=True)
    given = options.parse_args()
    pool = Bare(given.dsn, given.threads)
    mine = range(given.first, given.last + 1, given.step)
    parts = [mine[thread :: given.threads] for thread in range(given.threads)]
    threads = [threading.Thread(target=pool.loop, args=(part,)) for part in parts]
    pool.pass_gate()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pool.close()


if __name__ == "__main__":
    main()
