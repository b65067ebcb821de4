"""Table `mailbox_days`: the daily cap of a mailbox, counted where a send is claimed."""

from datetime import date, datetime
from uuid import UUID

from db.pool import Tx


def reserve(tx: Tx, mailbox_id: UUID) -> date | None:
    """Count one send on the mailbox's own today and return that day; None when it has none left.

    Holds the day's row until `tx` ends, so claims that race are counted one after another.
    """
    day = tx.value(
        """
        INSERT INTO outrider.mailbox_days AS d (mailbox_id, day, sent, cap)
        SELECT m.id, (outrider.now() AT TIME ZONE m.timezone)::date, 1, m.daily_cap
          FROM outrider.mailboxes m
         WHERE m.id = %(mailbox)s AND m.deleted_at IS NULL AND m.daily_cap > 0
            ON CONFLICT (mailbox_id, day)
            DO UPDATE SET sent = d.sent + 1, cap = excluded.cap WHERE d.sent < excluded.cap
        RETURNING day
        """,
        {"mailbox": mailbox_id},
    )
    return day if isinstance(day, date) else None


def is_spent(tx: Tx, mailbox_id: UUID) -> bool:
    """Whether `reserve` would refuse now."""
    free = tx.value(
        """
        SELECT coalesce(d.sent, 0) < m.daily_cap
          FROM outrider.mailboxes m LEFT JOIN outrider.mailbox_days d
            ON d.mailbox_id = m.id AND d.day = (outrider.now() AT TIME ZONE m.timezone)::date
         WHERE m.id = %(mailbox)s AND m.deleted_at IS NULL
        """,
        {"mailbox": mailbox_id},
    )
    return free is not True


def give_back(tx: Tx, mailbox_id: UUID, day: date) -> None:
    """Uncount one send of this day, because it certainly did not happen."""
    tx.run(
        """
        UPDATE outrider.mailbox_days SET sent = sent - 1
         WHERE mailbox_id = %(mailbox)s AND day = %(day)s
        """,
        {"mailbox": mailbox_id, "day": day},
    )


def next_midnight(tx: Tx, mailbox_id: UUID) -> datetime:
    """When the mailbox's own today ends and its cap begins anew."""
    moment = tx.value(
        """
        SELECT ((outrider.now() AT TIME ZONE timezone)::date + 1)::timestamp AT TIME ZONE timezone
          FROM outrider.mailboxes WHERE id = %(mailbox)s
        """,
        {"mailbox": mailbox_id},
    )
    assert isinstance(moment, datetime)
    return moment
