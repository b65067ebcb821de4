"""A slice of a file's rows becomes leads, in a few statements. Refuses to merge two people into one.

Who is known is found by address, then by LinkedIn profile: a row with an address is a lead that
has it, or one with that profile and no address yet; a row without an address is any lead with that
profile. Two addresses with one profile stay two leads.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from db import activities, import_rows
from db.import_words import (
    BY_EMAIL,
    BY_PROFILE,
    GIVEN,
    MADE,
    MET,
    NEWER,
    OF_THE_MET,
    OLDER,
    RENEWED,
    SAID,
)
from db.imports import Fates, Import
from db.pool import Tx
from schemas.enums import ActivityKind, OnDuplicate, RowStatus
from schemas.errors import Transient

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Taken:
    """What a slice came to: `leads` are those who are new, or of whom more is known now."""

    fates: Fates
    leads: tuple[UUID, ...] = ()

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(self.fates + other.fates, self.leads + other.leads)


@dataclass(frozen=True, slots=True)
class _Given:
    """A row that waits, by what its person is known by; `fresh_id` is what the lead is called, if it is new."""

    line: int
    email: str | None
    linkedin: str | None
    fresh_id: UUID


@dataclass(frozen=True, slots=True)
class _Met:
    id: UUID
    email: str | None
    linkedin: str | None


def take(tx: Tx, file: Import, lines: Sequence[int], *, room: int | None) -> Taken:
    """Make leads of some waiting rows, in the order of the file; the caller holds the import.

    What a later row says of the same person is done after an earlier one. `room` is how many new
    leads the tenant's plan has room for; None: any number.
    """
    given = _list_given(tx, file.id, lines)
    gone = {*lines} - {row.line for row in given}
    import_rows.leave_erased(tx, file.id, gone)
    taken = Taken(Fates(skipped=len(gone)))
    # Where not all have room, the first of the file are the ones who get it.
    tight = room is not None and room < len(given)
    for some in _runs(given) if tight else _turns(given):
        left = None if room is None else room - taken.fates.imported
        taken += _take_turn(tx, file, some, room=left)
    activities.record(tx, taken.leads, ActivityKind.CAPTURED, f"told by {file.source}")
    return taken


def _turns(rows: Sequence[_Given]) -> list[list[_Given]]:
    """Rows that may be taken at once, since no two of a turn have a name in common."""
    last: dict[str, int] = {}
    turns: list[list[_Given]] = []
    for row in rows:
        names = [name for name in (row.email, row.linkedin) if name]
        turn = max((last[name] + 1 for name in names if name in last), default=0)
        last |= dict.fromkeys(names, turn)
        if turn == len(turns):
            turns.append([])
        turns[turn].append(row)
    return turns


def _runs(rows: Sequence[_Given]) -> list[list[_Given]]:
    """The same in the order of the file, though it takes more of them."""
    runs: list[list[_Given]] = []
    seen: set[str] = set()
    for row in rows:
        names = {name for name in (row.email, row.linkedin) if name}
        if not runs or names & seen:
            runs.append([])
            seen.clear()
        runs[-1].append(row)
        seen |= names
    return runs


def _take_turn(tx: Tx, file: Import, rows: list[_Given], *, room: int | None) -> Taken:
    taken, tries = Taken(Fates()), 0
    while rows:
        known = _list_known(tx, rows)
        firsts = {lead: line for line, lead in reversed(known.items())}
        taken += _meet_again(tx, file, {line: lead for lead, line in firsts.items()})
        # By address and by profile, two rows may be one and the same: the second has its turn later.
        later = [row for row in rows if row.line in known and row.line not in firsts.values()]
        new = [row for row in rows if row.line not in known]
        made, rest = _meet(tx, file, new, None if room is None else room - taken.fates.imported)
        taken += made
        tries = 0 if firsts or made.fates.rows else tries + 1
        if tries == _TRIES:
            raise Transient("The same people are being captured by somebody else at this moment.")
        rows = sorted([*later, *rest], key=lambda row: row.line)
    return taken


def _meet(tx: Tx, file: Import, rows: list[_Given], room: int | None) -> tuple[Taken, list[_Given]]:
    """Those we did not know, and the rows of those whom somebody else met just now."""
    fits = rows if room is None else rows[: max(0, room)]
    if over := rows[len(fits) :]:
        import_rows.settle(tx, file.id, [row.line for row in over], RowStatus.SKIPPED, field=import_rows.OVER_PLAN,
                           reason="the plan has no room for more contacts")  # fmt: skip
    made = _insert(tx, file, fits)
    import_rows.forget(tx, file.id, made, RowStatus.IMPORTED)
    fates = Fates(imported=len(made), skipped=len(over))
    return Taken(fates, tuple(made.values())), [row for row in fits if row.line not in made]


def _meet_again(tx: Tx, file: Import, known: Mapping[int, UUID]) -> Taken:
    if not known:
        return Taken(Fates())
    if file.on_duplicate in {OnDuplicate.UPDATE, OnDuplicate.FILL}:
        _renew(tx, file, known)
        import_rows.forget(tx, file.id, known, RowStatus.UPDATED)
        return Taken(Fates(updated=len(known)), tuple(known.values()))
    status = RowStatus.SKIPPED if file.on_duplicate is OnDuplicate.SKIP else RowStatus.FAILED
    import_rows.settle(tx, file.id, list(known), status, field="(person)",
                       reason=f"is known already; the file was imported with --on-duplicate {file.on_duplicate}")  # fmt: skip
    return Taken(Fates(**{status.value: len(known)}))


def _list_given(tx: Tx, import_id: UUID, lines: Sequence[int]) -> list[_Given]:
    return tx.list(_Given, GIVEN, {"id": import_id, "lines": list(lines)})


def _list_known(tx: Tx, rows: Sequence[_Given]) -> dict[int, UUID]:
    """Whom we know already, by line, locked.

    Names are asked for all at once: while the tables are new and the planner believes them empty,
    it may read all leads of a tenant for one question, but not for each of a thousand.
    """
    emails = {row.email: row for row in rows if row.email}
    known = {
        emails[one.email].line: one.id
        for one in _list_met(tx, BY_EMAIL, list(emails))
        if one.email in emails
    }
    asked = [row for row in rows if row.linkedin and row.line not in known]
    met = _list_met(tx, BY_PROFILE, [row.linkedin for row in asked if row.linkedin])
    by_profile = defaultdict[str | None, list[_Met]](list)
    for one in sorted(met, key=lambda one: one.email is not None):  # who has no address goes first
        by_profile[one.linkedin].append(one)
    for row in asked:
        fits = (one for one in by_profile[row.linkedin] if row.email is None or one.email is None)
        if found := next(fits, None):
            known[row.line] = found.id
    return known


def _list_met(tx: Tx, which: LiteralString, names: list[str]) -> list[_Met]:
    if not names:
        return []
    with tx.conn.cursor(row_factory=class_row(_Met)) as cursor:
        # Planned anew each time: only then are a thousand names looked up in a hash, if it comes to that.
        return cursor.execute(MET + which, {"names": names}, prepare=False).fetchall()


def _renew(tx: Tx, file: Import, known: Mapping[int, UUID]) -> None:
    """What is said now wins, or fills blanks only; an address is never replaced by another."""
    wins = NEWER if file.on_duplicate is OnDuplicate.UPDATE else OLDER
    asked = {"id": file.id, "lines": list(known), "leads": list(known.values()),
             "ids": _by_line(known), "source": file.source}  # fmt: skip
    tx.conn.execute(SAID + RENEWED + wins + OF_THE_MET, asked, prepare=False)  # as in _list_met


def _insert(tx: Tx, file: Import, rows: Sequence[_Given]) -> dict[int, UUID]:
    """Leads of people whom we did not know, with their first transition; left out: who is there now.

    In the order of addresses, so that two files at once do not wait for each other in a ring.
    """
    if not rows:
        return {}
    ids = {row.line: row.fresh_id for row in rows}
    made = tx.conn.execute(
        SAID + MADE,
        {"id": file.id, "lines": list(ids), "ids": _by_line(ids), "source": file.source},
    ).fetchall()
    there = {lead_id for (lead_id,) in made}
    return {line: lead_id for line, lead_id in ids.items() if lead_id in there}


def _by_line(ids: Mapping[int, UUID]) -> Jsonb:
    return Jsonb({str(line): str(lead_id) for line, lead_id in ids.items()})
