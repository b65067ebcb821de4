"""`outrider import`: right rows go in, wrong rows are kept with line and reason, and all adds up."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

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
    said = outrider("import", "leads", str(file), "--tenant", "acme", "--json", "--yes", *more)
    assert said.code == 0, said.err
    return said.json()


def counts(done: Any) -> tuple[int, ...]:
    names = ("total", "imported", "updated", "skipped", "failed")
    assert not done["pending"]
    return tuple(done[name] for name in names)


def test_right_rows_go_in_and_wrong_ones_are_kept_with_line_and_reason(
    outrider: Outrider, tenant: UUID, leads_csv: Path, peek: Peek
):
    done = take(outrider, leads_csv)
    assert counts(done) == (5, 2, 1, 0, 2)
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
    said = outrider("import", "leads", str(renamed), "--tenant", "acme", "--yes")
    assert "was imported before; nothing was changed" in said.out


def test_two_tenants_import_the_same_file_each(
    outrider: Outrider, tenant: UUID, leads_csv: Path, peek: Peek
):
    outrider("tenants", "create", "Beta", "--slug", "beta")
    take(outrider, leads_csv)
    said = outrider("import", "leads", str(leads_csv), "--tenant", "beta", "--json", "--yes")
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
    again = outrider("import", "retry", done["id"], "--file", str(mended), "--json").json()
    assert counts(again) == (5, 4, 1, 0, 0)
    assert peek("SELECT attributes FROM outrider.leads WHERE email = 'bob@beta.example'") == [
        ({"Budget": "20"},)
    ]


def test_a_rehearsal_stores_nothing_and_shows_what_columns_mean(
    outrider: Outrider, tenant: UUID, leads_csv: Path, peek: Peek
):
    said = outrider(
        "import", "leads", str(leads_csv), "--tenant", "acme", "--check", "--json"
    ).json()
    assert (said["rows"], said["right"], said["wrong"]) == (5, 3, 2)
    assert {one["column"]: (one["field"], one["because"]) for one in said["columns"]} == {
        "E-Mail": ("email", "its own name"), "Vorname": ("first_name", "a usual name of it"),
        "Company": ("company_name", "a usual name of it"), "Budget": ("attributes.Budget", "kept beside"),
    }  # fmt: skip
    told = outrider("import", "leads", str(leads_csv), "--tenant", "acme", "--dry-run")
    assert "nothing was stored" in told.out
    shown = next(line for line in told.err.splitlines() if line.startswith("E-Mail"))
    assert "its own name" in shown
    assert "ada@acme.example" in shown
    assert peek("SELECT count(*) FROM outrider.leads") == [(0,)]
    assert peek("SELECT count(*) FROM outrider.imports") == [(0,)]
    leads_csv.write_text("email\nada@acme.example\n")
    told = outrider("import", "leads", str(leads_csv), "--tenant", "acme", "--check")
    assert told.out == "1 rows are right, 0 are wrong; nothing was stored.\n"


def test_nobody_is_taken_before_somebody_said_yes(
    outrider: Outrider, tenant: UUID, leads_csv: Path, peek: Peek
):
    said = outrider("import", "leads", str(leads_csv), "--tenant", "acme")
    assert said.code == 1
    assert "--yes" in said.err
    assert "first_name" in said.err
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
    said = outrider("import", "leads", str(leads_csv), "--tenant", "acme", "--yes", *arguments)
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
