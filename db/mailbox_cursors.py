"""Table `mailbox_cursors`: up to where a folder was read, and when it was last looked at to its end.

"No reply" and "not read yet" are different answers: `read_at` moves on a completed look alone.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.pool import Tx


@dataclass(frozen=True, slots=True)
class FolderCursor:
    """Every mail with a UID up to `last_uid`, under this UIDVALIDITY, is stored."""

    uid_validity: int
    last_uid: int
    read_at: datetime | None


def find(tx: Tx, mailbox_id: UUID, folder: str) -> FolderCursor | None:
    """Where reading goes on; None when nobody ever read the folder."""
    return tx.find(
        FolderCursor,
        """
        SELECT uid_validity, last_uid, read_at FROM outrider.mailbox_cursors
         WHERE mailbox_id = %(mailbox)s AND folder = %(folder)s
        """,
        {"mailbox": mailbox_id, "folder": folder},
    )


def advance(
    tx: Tx, mailbox_id: UUID, folder: str, *, uid_validity: int, last_uid: int, complete: bool
) -> None:
    """Record what was stored in the same `tx`; `complete`: nothing more was there when we looked.

    Under one UIDVALIDITY a cursor never goes back, whoever comes late. `read_at` is real time, and
    null until the first look that reached the end.
    """
    tx.run(
        """
        INSERT INTO outrider.mailbox_cursors AS c (mailbox_id, folder, uid_validity, last_uid, read_at)
        VALUES (%(mailbox)s, %(folder)s, %(validity)s, %(uid)s,
                CASE WHEN %(complete)s THEN clock_timestamp() END)
            ON CONFLICT (mailbox_id, folder) DO UPDATE
           SET uid_validity = excluded.uid_validity,
               last_uid = CASE WHEN c.uid_validity = excluded.uid_validity
                               THEN greatest(c.last_uid, excluded.last_uid)
                               ELSE excluded.last_uid END,
               read_at = coalesce(excluded.read_at, c.read_at)
        """,
        {
            "mailbox": mailbox_id,
            "folder": folder,
            "validity": uid_validity,
            "uid": last_uid,
            "complete": complete,
        },
    )
