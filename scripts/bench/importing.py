"""`outrider bench import`: a file of people from its bytes to leads with their jobs, beside a bare COPY of it."""

import csv
import json
import random
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, TypedDict, cast

import typer

from db import bench_copies
from scripts.bench.bench_fleet import environment_of, python
from scripts.bench.scene import Scene, scene
from scripts.options import Json
from scripts.output import out, print_json

_HEADER = (
    "Email", "First Name", "Last Name", "Title", "Company", "Website", "Person Linkedin Url", "Country",
    "Seniority", "# Employees",
)  # fmt: skip
_WRONG, _AGAIN = 0.02, 0.05
"""Parts of the rows without a readable address, and about somebody who came before."""


class _Told(TypedDict):
    total: int
    imported: int
    updated: int
    skipped: int
    failed: int
    read_seconds: float
    take_seconds: float
    peak_mib: float


@dataclass(frozen=True, slots=True)
class Intake:
    """One file through one process."""

    rows: int
    imported: int
    updated: int
    failed: int
    rows_per_second: int
    """Read, judged and kept in staging."""
    leads_per_second: int
    """New and known ones, with their history and jobs, from staging."""
    peak_mib: int
    copy_rows_per_second: int
    """The same file by COPY into a table without keys, in the same run."""
    read_to_copy: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What `--json` prints."""

    machine: dict[str, object]
    seed: int
    small: Intake
    large: Intake


def importing(
    rows: Annotated[int, typer.Option(min=1000, help="Rows of the larger file.")] = 1_000_000,
    seed: Annotated[int, typer.Option(help="The same seed writes the same file.")] = 1,
    as_json: Json = False,
) -> None:
    """Import a file and one of a tenth of its rows; rates, and the peak of the process's memory."""
    with scene() as place, tempfile.TemporaryDirectory(prefix="outrider-bench-") as folder:
        bench_copies.prepare(place.owner, columns=len(_HEADER))
        small, large = (_measure(place, Path(folder), size, seed) for size in (rows // 10, rows))
        figures = Figures(place.facts(), seed, small, large)
    if as_json:
        print_json(asdict(figures))
        return
    out.print(
        f"{rows:,} rows: {large.rows_per_second:,} rows/s read and judged into staging "
        f"({large.read_to_copy} of a bare COPY), {large.leads_per_second:,} leads/s with their jobs; "
        f"the process peaked at {large.peak_mib} MiB, and at {small.peak_mib} with {rows // 10:,} rows.",
        highlight=False,
    )


def _measure(place: Scene, folder: Path, rows: int, seed: int) -> Intake:
    path = folder / f"{rows}.csv"
    _write(path, rows, random.Random(seed))  # noqa: S311
    copied = bench_copies.copy_file(place.owner, path)
    told = _import(place, path)
    assert (
        told["total"]
        == rows
        == told["imported"] + told["updated"] + told["skipped"] + told["failed"]
    )
    read = rows / told["read_seconds"]
    return Intake(
        rows, told["imported"], told["updated"], told["failed"], round(read),
        round((told["imported"] + told["updated"]) / told["take_seconds"]),
        round(told["peak_mib"]), round(rows / copied), round(read * copied / rows, 3),
    )  # fmt: skip


def _import(place: Scene, path: Path) -> _Told:
    command = python("scripts.bench.intake", str(path), str(place.tenant()))
    done = subprocess.run(
        command, env=environment_of(place.settings), check=True, stdout=subprocess.PIPE
    )
    return cast("_Told", json.loads(done.stdout))


def _write(path: Path, rows: int, chance: random.Random) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        for number in range(rows):
            luck = chance.random()
            writer.writerow(_row(number if luck > _AGAIN else number // 2, wrong=luck > 1 - _WRONG))


def _row(who: int, *, wrong: bool) -> Sequence[str]:
    firm = who % 5_000
    return (
        f"person.{who}" if wrong else f"person.{who}@company-{firm}.example", f"First{who % 900}",
        f"Last{who % 7_000}", "Head of Sales", f"Company {firm}", f"https://company-{firm}.example",
        f"http://www.linkedin.com/in/person-{who}", "Germany", "Head", str(firm),
    )  # fmt: skip
