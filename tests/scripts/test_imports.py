"""`outrider import`: right rows go in, wrong rows are kept with line and reason, and all adds up."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import psycopg
import pytest

from db import Database, Tx, imports
from db.pool import DatabaseAway
from scripts.intake import check, store
from tests.scripts.conftest import Said

Outrider = Callable[..., Said]
Peek = Callable[..., list[tuple[Any, ...]]]
FILE = """E-Mail,Vorname,Company,Budget
ada@acme.example,Ada,Acme,10
not an address,Bob,Beta,20
carol@acme.example,Carol,"Gamma
and Sons",30
,Dan,Delta,40
ADA@acme.example,Ada Augusta,,
"""


@pytest.fixture
def leads_csv(tmp_path: Path) -> Path:
    file = tmp_path / "leads.csv"
    file.write_text(FILE, encoding="utf-8")
    return file


def take(outrider: Outrider, file: Path, *more: str) -> Any:
    said = outrider("import", "leads", str(file), "--tenant", "acme", "--json", *more)
    assert said.code == 0, said.err
    return said.json()


def test_right_rows_go_in_and_wrong_ones_are_kept_with_line_and_reason(
    outrider: Outrider, tenant: UUID, leads_csv: Path, peek: Peek
):
    done = take(outrider, leads_csv)
    assert (done["rows"], done["created"], done["updated"], done["rejected"]) == (5, 2, 1, 2)
    assert peek("SELECT email, first_name, company_name, source, attributes FROM outrider.leads ORDER BY email") == [
        ("ada@acme.example", "Ada Augusta", "Acme", "import:leads.csv", {"Budget": "10"}),
        ("carol@acme.example", "Carol", "Gamma and Sons", "import:leads.csv", {"Budget": "30"}),
    ]  # fmt: skip
    rejects = outrider("import", "rejects", done["id"], "--json").json()
    assert [(one["line"], one["field"]) for one in rejects] == [(3, "email"), (6, "email")]
    assert "is not an e-mail address" in rejects[0]["reason"]
    assert rejects[1]["raw"] == ",Dan,Delta,40"


def test_every_taken_lead_begins_its_journey_once(
    outrider: Outrider, tenant: UUID, leads_csv: Path, peek: Peek
):
    take(outrider, leads_csv)
    assert peek("SELECT actor, count(*) FROM outrider.jobs GROUP BY actor") == [("lead.enrich", 2)]


def test_the_same_file_twice_is_one_import_and_says_so(
    outrider: Outrider, tenant: UUID, leads_csv: Path, peek: Peek, tmp_path: Path
):
    first = take(outrider, leads_csv)
    renamed = tmp_path / "other.csv"
    renamed.write_bytes(leads_csv.read_bytes())
    again = take(outrider, renamed)
    assert (again["id"], again["already_imported"]) == (first["id"], True)
    assert peek("SELECT count(*) FROM outrider.imports") == [(1,)]
    said = outrider("import", "leads", str(renamed), "--tenant", "acme")
    assert "was imported before; nothing was changed" in said.out


def test_two_tenants_import_the_same_file_each(
    outrider: Outrider, tenant: UUID, leads_csv: Path, peek: Peek
):
    outrider("tenants", "create", "Beta", "--slug", "beta")
    take(outrider, leads_csv)
    said = outrider("import", "leads", str(leads_csv), "--tenant", "beta", "--json")
    assert said.json()["already_imported"] is False
    assert peek("SELECT count(*) FROM outrider.leads") == [(4,)]


def test_wrong_rows_come_back_as_a_file_to_mend_and_import(
    outrider: Outrider, tenant: UUID, leads_csv: Path, tmp_path: Path, peek: Peek
):
    done = take(outrider, leads_csv)
    text = outrider("import", "rejects", done["id"], "--csv").out
    header, *rows = csv.reader(io.StringIO(text))
    assert header == ["outrider_line", "outrider_reason", "E-Mail", "Vorname", "Company", "Budget"]
    assert rows[0][0] == "3"
    assert rows[0][2:] == ["not an address", "Bob", "Beta", "20"]
    mended = tmp_path / "mended.csv"
    mended.write_text(
        text.replace("not an address", "bob@beta.example").replace(
            ",,Dan", ",dan@delta.example,Dan"
        )
    )
    again = take(outrider, mended)
    assert (again["rows"], again["created"], again["rejected"]) == (2, 2, 0)
    assert peek("SELECT attributes FROM outrider.leads WHERE email = 'bob@beta.example'") == [
        ({"Budget": "20"},)
    ]


def test_a_rehearsal_stores_nothing_and_shows_what_columns_mean(
    outrider: Outrider, tenant: UUID, leads_csv: Path, peek: Peek
):
    said = outrider("import", "leads", str(leads_csv), "--tenant", "acme", "--dry-run", "--json")
    assert said.json() == {
        "rows": 5, "right": 3, "rejected": 2,
        "columns": {"E-Mail": "email", "Vorname": "first_name", "Company": "company_name",
                    "Budget": "attributes.Budget"},
    }  # fmt: skip
    told = outrider("import", "leads", str(leads_csv), "--tenant", "acme", "--dry-run").out
    assert "nothing was stored" in told
    assert "E-Mail -> email" in told
    assert peek("SELECT count(*) FROM outrider.leads") == [(0,)]
    assert peek("SELECT count(*) FROM outrider.imports") == [(0,)]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--map", "nonsense"), "--map: 'nonsense' should be COLUMN=field."),
        (("--map", "Budget=money"), "'money' is no field"),
        (("--tenant", "nobody"), "There is no tenant nobody."),
    ],
)
def test_wrong_words_change_nothing_and_name_the_option(
    outrider: Outrider,
    tenant: UUID,
    leads_csv: Path,
    peek: Peek,
    arguments: tuple[str, str],
    says: str,
):
    said = outrider("import", "leads", str(leads_csv), "--tenant", "acme", *arguments)
    assert said.code == 1
    assert says in " ".join(said.err.split())
    assert peek("SELECT count(*) FROM outrider.leads") == [(0,)]


def test_imports_are_listed_and_shown_without_anybodys_data(
    outrider: Outrider, tenant: UUID, leads_csv: Path
):
    done = take(outrider, leads_csv)
    assert [
        one["id"] for one in outrider("import", "list", "--tenant", "acme", "--json").json()
    ] == [done["id"]]
    shown = outrider("import", "show", done["id"]).out
    assert "leads.csv" in shown
    assert "ada@" not in shown
    missing = outrider("import", "show", str(tenant))
    assert missing.code == 1
    assert "There is no import" in missing.err


def test_an_import_that_ends_half_way_leaves_nothing(database: Database, tenant: UUID, peek: Peek):
    peek(
        """
        CREATE FUNCTION public.full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION USING errcode = 'disk_full'; END $$
        """
    )
    peek(
        """
        CREATE TRIGGER full_disk BEFORE INSERT ON outrider.import_rejects
           FOR EACH ROW EXECUTE FUNCTION public.full_disk()
        """
    )
    intake = check(FILE.encode(), {})
    with pytest.raises(DatabaseAway, match="disk"), database.tenant(tenant) as tx:
        store(tx, intake, filename="leads.csv", operator="tests")
    for table in ("leads", "imports", "jobs"):
        assert peek(f"SELECT count(*) FROM outrider.{table}") == [(0,)]  # pyright: ignore[reportArgumentType]


def test_two_imports_of_one_file_at_once_are_one(
    database: Database, tenant: UUID, dsn: str, peek: Peek
):
    intake = check(FILE.encode(), {})
    with database.tenant(tenant) as one:
        first = store(one, intake, filename="a.csv", operator="tests")
        with (
            psycopg.connect(dsn) as other,
            pytest.raises(psycopg.errors.LockNotAvailable),
        ):
            other.execute("SET LOCAL ROLE outrider_worker")
            other.execute("SELECT set_config('outrider.tenant_id', %s, true)", (str(tenant),))
            other.execute("SET LOCAL lock_timeout = '50ms'")
            imports.find_locked(Tx(other), intake.sha256)
    with database.tenant(tenant) as two:
        second = store(two, intake, filename="b.csv", operator="tests")
    assert (first.known, second.known) == (False, True)
    assert first.done == second.done


@pytest.mark.system(21)
@pytest.mark.parametrize("rows", [1_000, pytest.param(10_000, marks=pytest.mark.long)])
def test_a_large_file_with_one_wrong_row_in_fifty_adds_up(
    database: Database, tenant: UUID, peek: Peek, rows: int
):
    lines = ["email,name,company"]
    for number in range(rows):
        wrong = number % 50 == 7
        lines.append(
            f"{'nobody' if wrong else f'p{number % 9_000}@c{number % 100}.example'},P {number},C"
        )
    began = monotonic()
    intake = check("\n".join(lines).encode(), {})
    with database.tenant(tenant) as tx:
        done = store(tx, intake, filename="big.csv", operator="tests").done
    print(f"{rows} rows in {monotonic() - began:.1f} s")
    assert (done.rows, done.rejected) == (rows, rows // 50)
    assert done.created + done.updated + done.rejected == done.rows
    distinct = {line.split(",")[0] for line in lines[1:]} - {"nobody"}
    assert done.created == len(distinct)
    assert peek("SELECT count(*) FROM outrider.leads") == [(len(distinct),)]
    assert peek("SELECT count(*) FROM outrider.jobs WHERE actor = 'lead.enrich'") == [
        (len(distinct),)
    ]
    with database.tenant(tenant) as tx:
        rejects = imports.list_rejects(tx, done.id)
    assert [reject.line for reject in rejects] == [number + 2 for number in range(7, rows, 50)]
    assert all("is not an e-mail address" in reject.reason for reject in rejects)
