"""A file of leads, from bytes to rows: all of it in one transaction, or nothing."""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from db import Tx, audit, imports, leads
from db.imports import Import, Reject
from ingress.bodies import validate
from ingress.problems import Problem
from pipelines.engine import emit_all
from schemas.errors import Permanent
from schemas.events import LeadCaptured
from schemas.lead_columns import OURS
from schemas.lead_files import LeadFile, Row, delimiter_of, read
from schemas.leads import LeadIn

MOST_ROWS = 100_000
MOST_BYTES = 200_000_000
_SLICE = 1_000


@dataclass(frozen=True, slots=True)
class Intake:
    """A file that was read and checked, ready to be stored."""

    file: LeadFile
    sha256: bytes
    people: list[LeadIn]
    rejects: list[Reject]


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import gave. `known`: this very file was imported before, and this is what it gave."""

    done: Import
    known: bool


def check(data: bytes, told: Mapping[str, str]) -> Intake:
    """Read a file and judge each row. Raises Permanent when the file as a whole is unusable."""
    if len(data) > MOST_BYTES:
        raise Permanent(f"file: has more than {MOST_BYTES:,} bytes; split it.")
    file = read(data, told)
    if len(file.rows) > MOST_ROWS:
        raise Permanent(
            f"file: has {len(file.rows):,} rows, and {MOST_ROWS:,} are taken at once; split it."
        )
    people: list[LeadIn] = []
    rejects: list[Reject] = []
    for row in file.rows:
        judged = _judge(row)
        if isinstance(judged, LeadIn):
            people.append(judged)
        else:
            rejects.append(judged)
    return Intake(file, hashlib.sha256(data).digest(), people, rejects)


def store(tx: Tx, intake: Intake, *, filename: str, operator: str) -> Taken:
    """Keep what is right and what is wrong, and start the journeys; idempotent by the file's bytes."""
    known = imports.find_locked(tx, intake.sha256)
    if known:
        return Taken(known, known=True)
    created, ids = _capture(tx, intake.people, filename)
    done = imports.add(
        tx,
        filename=filename,
        header=intake.file.header,
        sha256=intake.sha256,
        created=created,
        updated=len(intake.people) - created,
        rejects=intake.rejects,
        operator=operator,
    )
    for begin in range(0, len(ids), _SLICE):
        some = ids[begin : begin + _SLICE]
        emit_all(tx, [(LeadCaptured(lead_id=one), f"import:{done.id}:{one}") for one in some])
    audit.record(tx, operator=operator, action="import", resource_type="import",
                 resource_id=str(done.id), reason=None,
                 details={"rows": done.rows, "rejected": done.rejected})  # fmt: skip
    return Taken(done, known=False)


def _capture(tx: Tx, people: Sequence[LeadIn], filename: str) -> tuple[int, list[UUID]]:
    """How many were new, and everybody once. By address, so that two imports never wait in a ring."""
    created, ids = 0, dict[UUID, None]()
    for lead in sorted(people, key=lambda one: (one.email or one.linkedin_url or "").lower()):
        captured = leads.capture(tx, lead, source=f"import:{filename}")
        created += captured.new
        ids[captured.lead_id] = None
    return created, list(ids)


def _judge(row: Row) -> LeadIn | Reject:
    if row.problem:
        return Reject(row.line, _storable(row.raw), "(row)", row.problem)
    try:
        return validate(row.document)
    except Problem as problem:
        reason = "; ".join(f"{error.field} {error.message}" for error in problem.errors)
        return Reject(row.line, _storable(row.raw), problem.errors[0].field, reason)


def _storable(raw: str) -> str:
    return raw.replace("\0", "\ufffd")  # the one character that Postgres has no place for


def rejects_file(header: str, rejects: Sequence[Reject]) -> str:
    """The wrong rows as a file to mend and import: as they stand, with line and reason before them.

    Our columns are left out when the file comes back.
    """
    delimiter = delimiter_of(header)
    lines = [delimiter.join((f"{OURS}line", f"{OURS}reason", header))]
    for reject in rejects:
        ours = io.StringIO()
        csv.writer(ours, delimiter=delimiter, lineterminator="").writerow(
            (reject.line, reject.reason)
        )
        lines.append(f"{ours.getvalue()}{delimiter}{reject.raw}")
    return "\n".join(lines) + "\n"
