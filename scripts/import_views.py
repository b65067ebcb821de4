"""What `outrider import` prints: what columns mean, how far it is, and what became of a file."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from db.import_rows import OVER_PLAN, Left, Why
from db.imports import Import
from db.plans import Plan
from schemas.csv_rows import MEND_QUOTE
from schemas.enums import RowStatus
from schemas.lead_columns import Column
from schemas.lead_files import LeadFile
from scripts.output import err, out, print_json, records, show

_LONGEST = 40


def print_mapping(file: LeadFile) -> None:
    """What each column is read as, why, and what stands in it; on standard error, beside the result."""
    table = Table(box=None, pad_edge=False)
    for name in ("column", "is read as", "because", "for example"):
        table.add_column(name, overflow="fold")
    for column in file.columns:
        meaning = column.field or "left out"
        table.add_row(column.name, meaning, column.why, _examples(column))
    err.print(table, markup=False, highlight=False)
    for notice in file.notices:
        err.print(notice, style="yellow", markup=False, highlight=False)


def mapping(columns: Sequence[Column]) -> list[dict[str, object]]:
    """The same for machines."""
    return [
        {"column": column.name, "field": column.field, "because": column.why,
         "samples": list(column.samples)}
        for column in columns
    ]  # fmt: skip


def _examples(column: Column) -> str:
    return ", ".join(value[:_LONGEST] for value in column.samples)


def counts(done: Import) -> dict[str, object]:
    """An import for machines."""
    return {
        "id": done.id, "kind": done.kind, "filename": done.filename, "total": done.total,
        "imported": done.imported, "updated": done.updated, "skipped": done.skipped,
        "failed": done.failed, "pending": done.pending,
    }  # fmt: skip


def print_import(
    done: Import, why: Sequence[Why], plan: Plan, *, known: bool, as_json: bool
) -> None:
    """What became of a file, and what to do with the rows that were left, by what would help them."""
    if as_json:
        skipped = [one for one in why if one.status is RowStatus.SKIPPED]
        print_json({**counts(done), "already_imported": known, "skipped_because": records(skipped)})
        return
    if known:
        out.print(f"{done.filename} was imported before; nothing was changed.", markup=False)
    out.print(
        f"{done.total} rows: {done.imported} imported, {done.updated} updated, {done.skipped} skipped, "
        f"{done.failed} failed.",
        highlight=False,
    )
    if done.pending:
        _advise(f"{done.pending} wait: `outrider import resume {done.id}`.")
    for one in why:
        _advise(f"{one.rows} {one.status}: {_help(done, one, plan)}.")
    if done.failed > sum(one.rows for one in why if one.status is RowStatus.FAILED):
        _advise(
            f"Those that failed, to mend: `outrider import rejects {done.id} --csv > mended.csv`, "
            f"then `outrider import retry {done.id} --file mended.csv`."
        )


def _help(done: Import, why: Why, plan: Plan) -> str:
    if why.field == OVER_PLAN and plan.contacts is not None:
        return (
            f"the plan {plan.name} has room for {plan.contacts:,} contacts: "
            f"`outrider tenants plan TENANT PLAN`, then `outrider import retry {done.id}`"
        )
    return MEND_QUOTE if why.status is RowStatus.FAILED else why.reason


def _advise(sentence: str) -> None:
    out.print(sentence, highlight=False, markup=False, soft_wrap=True)


def print_left(left: Sequence[Left], *, as_json: bool) -> None:
    """Rows that were not taken, by line; what they say is in the JSON and in the file to mend."""
    columns = () if as_json else ("line", "status", "field", "reason")
    show(left, as_json=as_json, columns=columns, empty="No rows were left.")


@contextmanager
def bar(what: str, total: int | None) -> Generator[Callable[[int], None]]:
    """A progress bar on a terminal, and nothing where nobody looks; told how much is done."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)
