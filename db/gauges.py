"""The fleet's numbers for the metrics page: counts and ages, of nobody in particular."""

from db import dead, dispatch, sessions
from db.pool import Database
from telemetry.metrics import Depth, Fleet


def read(database: Database) -> Fleet:
    """What waits, who works, what died, at one moment. Raises DatabaseAway."""
    with database.hat("dispatcher") as tx:
        depths = [Depth(d.actor, d.state, d.jobs, d.oldest_seconds) for d in dispatch.depth(tx)]
        live = len(sessions.list_live(tx))
    with database.hat("operator") as tx:
        return Fleet(depths, live, dead.count_open(tx))
