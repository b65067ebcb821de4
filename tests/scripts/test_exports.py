"""`outrider export`: everything comes out, no cell is a formula, and a CSV of leads goes in again unchanged."""

import csv
import json
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from db import Database, Tx
from schemas.cells import guarded, unguarded
from schemas.leads import LeadIn
from tests.factories import capture
from tests.scripts.conftest import Said
from tests.scripts.files import fates, taken

Outrider = Callable[..., Said]
Peek = Callable[..., list[tuple[Any, ...]]]
ODD = {
    "email": "ada@x.example", "phone": "+49 30 1234", "first_name": "=cmd|'/c calc'!A0", "last_name": "'-quoted",
    "title": 'Head; of "Sales", | Europe', "linkedin_url": "https://www.linkedin.com/in/ada", "source": "apollo",
    "attributes": {"note": "two\nlines", "@handle": "'=1+1", "Company": "not the company", "ö": " x"},
}  # fmt: skip


@given(st.text(max_size=8) | st.text("'=+-@\t\rx", max_size=6))
def test_a_cell_is_no_formula_and_comes_back(cell: str) -> None:
    written = guarded(cell)
    assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unguarded(written) == cell


def everything(tx: Tx) -> list[LeadIn]:
    found = tx.conn.execute(
        """
        SELECT json_build_object('email', email, 'first_name', first_name, 'last_name', last_name, 'full_name', full_name,
               'title', title, 'phone', phone, 'linkedin_url', linkedin_url, 'company_name', company_name,
               'company_domain', company_domain, 'website', website, 'country', country, 'locale', locale,
               'timezone', timezone, 'source', source, 'attributes', attributes)
          FROM outrider.leads WHERE deleted_at IS NULL ORDER BY email, linkedin_norm
        """
    ).fetchall()
    return [LeadIn.model_validate(one) for (one,) in found]


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_file_of_leads_goes_in_again_unchanged(
    database: Database, tenant: UUID, tmp_path: Path, outrider: Outrider, ending: str
) -> None:
    given = [
        ODD,
        {"linkedin_url": "linkedin.com/in/bob", "country": "DE", "timezone": "Europe/Berlin"},
        {"email": "c@x.example", "website": "https://c.example/", "locale": "de-DE"},
    ]
    if ending == "jsonl":
        given.append(
            {"email": "d@x.example", "attributes": {"number": 1.5, "yes": True, "none": None}}
        )
    with database.tenant(tenant) as tx:
        for one in given:
            capture(
                tx,
                one.get("email"),
                **{name: value for name, value in one.items() if name != "email"},
            )  # pyright: ignore[reportArgumentType]
        before = everything(tx)
    file = tmp_path / f"leads.{ending}"
    said = outrider("export", "leads", "--tenant", "acme", "--out", str(file), "--json").json()
    assert said["rows"] == len(given)
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    outrider("tenants", "create", "Beta", "--slug", "beta")
    with database.hat("operator") as tx:
        beta = tx.value("SELECT id FROM outrider.tenants WHERE slug = 'beta'")
    assert isinstance(beta, UUID)
    done = taken(database, beta, file)
    assert fates(done) == (len(given), 0, 0, 0)
    with database.tenant(beta) as tx:
        assert everything(tx) == before
    with database.tenant(tenant) as tx:
        assert fates(taken(database, tenant, file)) == (0, len(given), 0, 0)
        assert everything(tx) == before


def test_messages_and_outcomes_come_out_and_since_leaves_out_what_is_older(
    database: Database, tenant: UUID, tmp_path: Path, outrider: Outrider, peek: Peek
) -> None:
    with database.tenant(tenant) as tx:
        capture(tx)
    for day in (1, 20):
        peek("INSERT INTO outrider.messages (tenant_id, direction, status, from_address, subject, claimed_at) VALUES (%s, 'inbound', 'received', '=x@y.example', 'Hi', make_timestamptz(2031, 1, %s, 0, 0, 0, 'UTC'))", tenant, day)  # fmt: skip
    file = tmp_path / "mails.csv"
    said = outrider(
        "export", "messages", "--tenant", "acme", "--out", str(file), "--since", "2031-01-10"
    )
    assert said.code == 0, said.err
    [row] = csv.DictReader(file.read_text().splitlines())
    assert (row["from"], row["subject"], row["at"][:10]) == ("'=x@y.example", "Hi", "2031-01-20")
    peek(
        "INSERT INTO outrider.crm_connections (tenant_id, provider, base_url) VALUES (%s, 'hubspot', 'https://crm.test')",
        tenant,
    )
    peek(
        "INSERT INTO outrider.crm_log (tenant_id, connection_id, lead_id, outcome, remote_id) SELECT c.tenant_id, c.id, l.id, 'created', '1' FROM outrider.crm_connections c JOIN outrider.leads l USING (tenant_id)"
    )
    file = tmp_path / "outcomes.jsonl"
    assert outrider("export", "outcomes", "--tenant", "acme", "--out", str(file)).code == 0
    [outcome] = [json.loads(line) for line in file.read_text().splitlines()]
    assert (outcome["kind"], outcome["outcome"], outcome["email"]) == (
        "crm",
        "created",
        "ada@acme.test",
    )
    assert peek("SELECT resource_id, details FROM outrider.audit_logs WHERE action = 'export' ORDER BY created_at") == [
        ("messages", {"rows": 1}), ("outcomes", {"rows": 1}),
    ]  # fmt: skip


def test_a_file_that_is_there_is_written_over_only_when_told(
    database: Database, tenant: UUID, tmp_path: Path, outrider: Outrider
) -> None:
    file = tmp_path / "leads.jsonl"
    file.write_text("mine")
    arguments = ("export", "leads", "--tenant", "acme", "--out", str(file))
    refused = outrider(*arguments)
    assert (refused.code, file.read_text()) == (1, "mine")
    assert "is there; choose another name, or say --force" in " ".join(refused.err.split())
    assert outrider(*arguments, "--force").code == 0
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("", 0o600)
    file = tmp_path / "leads.csv"
    outrider("export", "leads", "--tenant", "acme", "--out", str(file))
    assert file.read_text().startswith("outrider_id,outrider_status,")
    assert file.read_text().count("\n") == 1


def test_a_file_without_an_ending_asks_for_the_format(
    tenant: UUID, tmp_path: Path, outrider: Outrider
) -> None:
    said = outrider("export", "leads", "--tenant", "acme", "--out", str(tmp_path / "x"))
    assert said.code == 1
    assert "--format" in said.err


def test_a_parquet_file_says_what_the_csv_says_in_types(
    database: Database,
    tenant: UUID,
    tmp_path: Path,
    outrider: Outrider,
    peek: Peek,
    sick: list[str],
) -> None:
    sick.append("scores.stale")  # a number in a column is all that is needed of a score
    with database.tenant(tenant) as tx:
        capture(tx, **{**ODD, "attributes": {"note": "two\nlines", "n": 1.5, "ö": None}})  # pyright: ignore[reportArgumentType]
        capture(tx, "bob@x.example")
    peek(
        "UPDATE outrider.leads SET score = 71, tier = 'hot', scored_at = now() WHERE email = 'bob@x.example'"
    )
    peek("INSERT INTO outrider.messages (tenant_id, direction, status, from_address, subject, body_text, claimed_at) SELECT %s, 'inbound', 'received', 'x@y.example', 'Hi', 'No. ' || n, now() + n * interval '1 ms' FROM generate_series(1, 4500) n", tenant)  # fmt: skip
    for what, count in (("leads", 2), ("messages", 4500), ("outcomes", 0)):
        files = {kind: tmp_path / f"{what}.{kind}" for kind in ("csv", "parquet")}
        for file in files.values():
            said = outrider("export", what, "--tenant", "acme", "--out", str(file), "--json")
            assert said.code == 0, said.err
            assert said.json()["rows"] == count
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
        table: Any = parquet.read_table(files["parquet"])
        with files["csv"].open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        plain = [name for name in table.column_names if name != "attributes"]
        assert [{name: cell(row[name]) for name in plain} for row in table.to_pylist()] == [
            {name: unguarded(value) for name, value in row.items() if name in plain} for row in rows
        ]
        assert TYPES[what].items() <= {one.name: str(one.type) for one in table.schema}.items()
        if what == "leads":
            assert [json.loads(one) for one in table.column("attributes").to_pylist()] == [{"note": "two\nlines", "n": 1.5, "ö": None}, {}]  # fmt: skip
        if what == "messages":  # never more than a row group is held
            written: Any = parquet.ParquetFile(files["parquet"]).metadata
            assert [written.row_group(n).num_rows for n in range(written.num_row_groups)] == [4000, 500]  # fmt: skip
    assert {path.suffix for path in tmp_path.iterdir()} == {".csv", ".parquet"}


TYPES = {
    "leads": {"outrider_id": "string", "outrider_score": "int64", "outrider_created_at": "timestamp[us, tz=UTC]", "attributes": "string"},
    "messages": {"id": "string", "at": "timestamp[us, tz=UTC]", "step": "int64", "body": "string"},
    "outcomes": {"at": "timestamp[us, tz=UTC]", "kind": "string", "lead_id": "string"},
}  # fmt: skip


def cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else str(value)


def test_without_pyarrow_the_command_line_starts_and_parquet_says_what_to_install(
    tmp_path: Path,
) -> None:
    told = "import sys; sys.modules['pyarrow'] = None; from scripts.cli import main; main()"
    file = tmp_path / "leads.parquet"
    command = [sys.executable, "-c", told, "export", "leads", "--tenant", "acme", "--out", str(file)]  # fmt: skip
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1, ended.stderr
    assert "pip install 'outrider[parquet]'" in " ".join(ended.stderr.split())
    assert not any(tmp_path.iterdir())
