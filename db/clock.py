"""The business clock. Only the owner of the schema can move it, and production never does."""

from datetime import datetime, timedelta

from db.pool import Tx, connect


def read(tx: Tx) -> datetime:
    """Business time now, with its zone."""
    moment = tx.value("SELECT outrider.now()")
    assert isinstance(moment, datetime)
    return moment


def is_moved(tx: Tx) -> bool:
    """Whether business time differs from real time; never true in production."""
    return tx.value("SELECT EXISTS (SELECT 1 FROM outrider.clock)") is True


def set_clock(owner_dsn: str, *, frozen_at: datetime | None, shift: timedelta) -> None:
    """Move business time for every session: stand still at a moment, or run ahead by `shift`."""
    with connect(owner_dsn) as conn:
        conn.execute(
            """
            INSERT INTO outrider.clock (frozen_at, shift) VALUES (%(frozen)s, %(shift)s)
            ON CONFLICT (only_row) DO UPDATE SET frozen_at = excluded.frozen_at, shift = excluded.shift
            """,
            {"frozen": frozen_at, "shift": shift},
        )


def run_on_from(owner_dsn: str, moment: datetime) -> None:
    """Make it `moment` now, for every session; business time runs on from there."""
    with connect(owner_dsn) as conn:
        conn.execute(
            """
            INSERT INTO outrider.clock (frozen_at, shift) VALUES (NULL, %(moment)s - now())
            ON CONFLICT (only_row) DO UPDATE SET frozen_at = NULL, shift = excluded.shift
            """,
            {"moment": moment},
        )
