"""The partitions of `job_log` by day and `ai_run_logs` by month: made ahead. Needs the dispatcher's hat."""

from dataclasses import dataclass
from datetime import timedelta

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class Made:
    """How many days were made, and how many somebody's lock kept from being made for now."""

    made: int
    blocked: int


def make_ahead(tx: Tx, *, days: int) -> Made:
    """Make the partitions of today and of `days` more. Idempotent, safe in any number of processes.

    A day that could not be made loses nothing: the default partition catches its lines, and they
    move into their day when it is made.
    """
    return tx.one(
        Made,
        "SELECT made, blocked FROM outrider.make_job_log_days(%(days)s)",
        {"days": days},
    )


def drop_oldest(tx: Tx, *, older_than: timedelta) -> str | None:
    """Forget the oldest day that is over for so long: the partition's name, or None.

    Lines that a dead letter, a replay or an open doubt rests on are kept. Raises DatabaseAway when
    the lock it needs was not to be had in half a second.
    """
    name = tx.value("SELECT outrider.drop_job_log_day(%(age)s)", {"age": older_than})
    return None if name is None else str(name)


def make_months(tx: Tx, *, months: int) -> int:
    """Make the partitions of the model calls of this month and of `months` more; how many were made.

    Idempotent. A month that somebody's lock kept from being made loses nothing, as with days.
    """
    made = tx.value("SELECT outrider.make_ai_run_log_months(%(months)s)", {"months": months})
    assert isinstance(made, int)
    return made


def drop_oldest_month(tx: Tx, *, older_than: timedelta) -> str | None:
    """Forget the oldest month of model calls that is over for so long: the partition's name, or None.

    What its days cost stays known. Raises DatabaseAway as `drop_oldest`.
    """
    name = tx.value("SELECT outrider.drop_ai_run_log_month(%(age)s)", {"age": older_than})
    return None if name is None else str(name)
