"""`outrider export`: a tenant's data as a file. Writes it whole under its name, or not at all."""

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import Annotated, BinaryIO, TextIO, cast

import typer

from db import Tx, audit, clock, exports, tenants
from db.exports import What
from schemas.cells import guarded
from schemas.errors import Permanent
from scripts.moments import read_moment
from scripts.options import Json, Tenant
from scripts.output import out, print_json
from scripts.parquet import Parquet
from scripts.session import open_database, whoami


class Format(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


def export(
    what: What,
    tenant: Tenant,
    file: Annotated[Path, typer.Option("--out", help="Where to; - is standard output.")],
    form: Annotated[
        Format | None, typer.Option("--format", help="By the file's ending, when it is not said.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="What changed or happened from then on: a moment, or 7d.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Write the leads, messages or outcomes of a tenant to a file; a CSV of leads can be imported again.

    In a CSV a cell that a spreadsheet would run as a formula begins with an apostrophe; `import` takes
    it away again. Parquet needs the extra `outrider[parquet]`; its columns are typed: text, integers, moments in
    UTC, and attributes as JSON.
    """
    kind = form or _by_name(file)
    if file.exists() and not force:
        raise Permanent(f"--out: {file} is there; choose another name, or say --force.")
    columnar = Parquet() if kind is Format.PARQUET else None
    began = read_moment(since, "--since") if since else None
    with open_database() as (database, _):
        with database.hat("operator") as tx:
            tenant_id = tenants.get_by_slug(tx, tenant).id
        with database.tenant(tenant_id) as tx:
            moment = clock.read(tx) - began if isinstance(began, timedelta) else began
            rows, columns = exports.rows(tx, what, since=moment), exports.columns(tx, what)
            if columnar:
                count = _write(file, lambda stream: columnar.write(stream, rows, columns))
            else:
                names = (
                    exports.attribute_names(tx) if what == "leads" and kind is Format.CSV else []
                )
                count = _write(file, lambda stream: _text(stream, kind, rows, [*columns], names))
            _audit(tx, what, count)
    if str(file) == "-":
        return
    if as_json:
        print_json({"what": what, "file": str(file), "format": kind, "rows": count})
    else:
        out.print(f"{count} {what} are in {file}.", highlight=False, markup=False)


def _by_name(file: Path) -> Format:
    ending = file.suffix.lower().removeprefix(".")
    if ending == "ndjson":
        return Format.JSONL
    if ending in set(Format):
        return Format(ending)
    raise Permanent("--format: say csv, jsonl or parquet, or give the file such an ending.")


def _write(file: Path, fill: Callable[[BinaryIO], int]) -> int:
    if str(file) == "-":
        with os.fdopen(os.dup(1), "wb") as stream:
            return fill(stream)
    half = file.with_name(f".{file.name}.part")
    try:
        # People's data: nobody else on this machine reads it, not even while it is written.
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            count = fill(stream)
        half.replace(file)
    except OSError as error:
        raise Permanent(f"--out: {file} cannot be written: {error.strerror}.") from None
    finally:
        half.unlink(missing_ok=True)
    return count


def _text(
    stream: BinaryIO, kind: Format, rows: Iterator[dict[str, object]], columns: Sequence[str],
    names: Sequence[str],
) -> int:  # fmt: skip
    with TextIOWrapper(stream, encoding="utf-8", newline="") as text:
        if kind is Format.CSV:
            return _csv(text, rows, [name for name in columns if name != "attributes"], names)
        return _jsonl(text, rows)


def _jsonl(stream: TextIO, rows: Iterator[dict[str, object]]) -> int:
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007  (counted)
        said = {name: value for name, value in row.items() if value is not None}
        stream.write(json.dumps(said, default=_plain, ensure_ascii=False) + "\n")
    return count


def _csv(
    stream: TextIO, rows: Iterator[dict[str, object]], columns: Sequence[str], names: Sequence[str]
) -> int:
    writer, count = csv.writer(stream, lineterminator="\n"), 0
    writer.writerow(
        [guarded(name) for name in chain(columns, (f"attributes.{name}" for name in names))]
    )
    for count, row in enumerate(rows, 1):  # noqa: B007  (counted)
        beside = cast("dict[str, object]", row.get("attributes") or {})
        writer.writerow(
            _cells(chain((row[name] for name in columns), (beside.get(name) for name in names)))
        )
    return count


def _cells(values: Iterable[object]) -> list[str]:
    return [_cell(value) for value in values]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return guarded(value if isinstance(value, str) else _plain(value))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _audit(tx: Tx, what: What, count: int) -> None:
    audit.record(tx, operator=whoami(), action="export", resource_type="tenant",
                 resource_id=what, reason=None, details={"rows": count})  # fmt: skip
