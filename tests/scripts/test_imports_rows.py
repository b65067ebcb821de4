"""What the files of the systems that Outrider replaces do, row by row of the list."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from db import Database, import_rows, suppressions
from schemas.enums import SuppressionReason
from tests.scripts.conftest import Said
from tests.scripts.files import fates, many, table, taken

Outrider = Callable[..., Said]
Peek = Callable[..., list[tuple[Any, ...]]]


@pytest.mark.system(21)
def test_a_file_with_bad_rows_adds_up_and_customers_are_suppressed(
    database: Database, tenant: UUID, tmp_path: Path, outrider: Outrider, peek: Peek
) -> None:
    """A 10,000 row CSV with 200 bad rows ends imported + updated + skipped + failed = total, bad rows carry a reason and can be retried alone; existing customers are suppressed"""
    lines = many(10_000)
    done = taken(database, tenant, table(tmp_path, *lines))
    distinct = {line.split(",")[0] for line in lines[1:]} - {"nobody"}
    assert done.total == 10_000
    assert fates(done) == (len(distinct), 9_800 - len(distinct), 0, 200)
    with database.tenant(tenant) as tx:
        left = import_rows.list_left(tx, done.id)
    assert [row.line for row in left] == [number + 2 for number in range(7, 10_000, 50)]
    assert all(row.field == "email" and "is not an e-mail address" in row.reason for row in left)
    peek("UPDATE outrider.leads SET title = 'by hand' WHERE email = 'p1@c1.example'")
    mended = outrider("import", "rejects", str(done.id), "--csv").out
    for number in range(7, 10_000, 50):
        mended = mended.replace(f"nobody,N{number},", f"mended{number}@m.example,N{number},")
    file = table(tmp_path, mended.rstrip(), name="mended.csv")
    again = outrider("import", "retry", str(done.id), "--file", str(file), "--json").json()
    assert (again["imported"], again["updated"], again["failed"]) == (
        len(distinct) + 200,
        done.updated,
        0,
    )
    assert peek("SELECT title FROM outrider.leads WHERE email = 'p1@c1.example'") == [("by hand",)]
    assert peek("SELECT count(*) FROM outrider.leads") == [(len(distinct) + 200,)]
    assert peek("SELECT count(DISTINCT payload ->> 'lead_id') FROM outrider.jobs WHERE actor = 'lead.enrich'") == [
        (len(distinct) + 200,)
    ]  # fmt: skip
    customers = table(tmp_path, "Customer email,Website", "P1@C1.example,", ",https://www.c2.example/x",
                      name="customers.csv")  # fmt: skip
    one = outrider("import", "leads", str(customers), "--tenant", "acme", "--kind", "customers", "--yes", "--json",
                   "--map", "Customer email=email").json()  # fmt: skip
    assert (one["imported"], one["failed"]) == (2, 0)
    with database.tenant(tenant) as tx:
        for mail in ("p1@c1.example", "anybody@c2.example"):
            assert suppressions.because(tx, mail) is SuppressionReason.CUSTOMER
        assert suppressions.because(tx, "p3@c3.example") is None


def test_a_row_of_customers_names_an_address_or_a_domain_that_is_theirs(
    database: Database, tenant: UUID, tmp_path: Path, outrider: Outrider
) -> None:
    rows = (
        "bob@gmail.com,",
        "*@w.example,",
        "@v.example,",
        "gmail.com,",
        "bad,",
        ",ftp://u.example",
        "b*@w.example,",
    )
    file = table(tmp_path, "email,website", *rows)
    done = outrider(
        "import", "leads", str(file), "--tenant", "acme", "--kind", "customers", "--yes", "--json"
    ).json()
    assert (done["imported"], done["failed"]) == (3, 4)
    with database.tenant(tenant) as tx:
        left = import_rows.list_left(tx, UUID(done["id"]))
        for mail in ("bob@gmail.com", "eve@w.example", "eve@v.example"):
            assert suppressions.because(tx, mail) is SuppressionReason.CUSTOMER
        assert suppressions.because(tx, "eve@gmail.com") is None
    neither = "is neither an address nor a domain"
    assert [(row.line, row.field, row.reason) for row in left] == [
        (5, "email", "email means gmail.com, which is everybody's; name the address"),
        (6, "email", f"email {neither}"),
        (7, "website", f"website {neither}"),
        (8, "email", "email has a * where none can be; a whole domain is written *@acme.test"),
    ]


@pytest.mark.system(33)
def test_people_are_found_again_and_the_plan_stops_the_file_at_its_limit(
    database: Database, tenant: UUID, tmp_path: Path, peek: Peek, outrider: Outrider
) -> None:
    """Dedupe by lower(mail) then LinkedIn path; the contact limit of the plan stops the import at the limit with skipped rows kept"""
    peek(
        "INSERT INTO outrider.plans (code, name, limits) VALUES ('tiny', 'Tiny', '{\"contacts\": 4}')"
    )
    outrider("tenants", "plan", "acme", "tiny", "--reason", "a test")
    lines = (
        "email,linkedin,first name",
        "Ada@x.example,https://www.linkedin.com/in/ada/,Ada",
        ",linkedin.com/in/ADA?trk=1,Augusta",
        ",https://linkedin.com/in/bob,Bob",
        "bob@x.example,http://de.linkedin.com/in/bob/,",
        "ada@X.EXAMPLE,,Lovelace",
        "other@x.example,https://www.linkedin.com/in/ada,Other",
        "c@x.example,,C",
        "d@x.example,,D",
        "ada@x.example,,Ada",
    )
    done = taken(database, tenant, table(tmp_path, *lines))
    assert peek("SELECT email, linkedin_norm, first_name FROM outrider.leads ORDER BY email") == [
        ("Ada@x.example", "/in/ada", "Ada"), ("bob@x.example", "/in/bob", "Bob"),
        ("c@x.example", None, "C"), ("other@x.example", "/in/ada", "Other"),
    ]  # fmt: skip
    assert fates(done) == (4, 4, 1, 0)
    with database.tenant(tenant) as tx:
        [kept] = import_rows.list_left(tx, done.id)
    assert (kept.line, kept.raw) == (9, "d@x.example,,D")
    assert "no room for more contacts" in kept.reason
    peek("UPDATE outrider.plans SET limits = '{\"contacts\": 5}' WHERE code = 'tiny'")
    again = outrider("import", "retry", str(done.id), "--json").json()
    assert (again["imported"], again["skipped"]) == (5, 0)


@pytest.mark.system(24)
def test_an_address_that_stands_in_a_file_twice_is_one_lead_and_its_source_is_kept(
    database: Database, tenant: UUID, tmp_path: Path, peek: Peek
) -> None:
    """The same address twice updates one lead; source zoominfo/apollo/clearbit/website_visitor is kept"""
    names = ("zoominfo", "apollo", "clearbit", "website_visitor")
    lines = ["Email,Lead Source,Title"]
    for name in names:
        lines += [f"{name}@x.example,{name},Old", f"{name.upper()}@x.example,webinar,New"]
    done = taken(database, tenant, table(tmp_path, *lines))
    assert fates(done) == (4, 4, 0, 0)
    assert sorted(peek("SELECT email, source, sources, title FROM outrider.leads")) == sorted(
        (f"{name}@x.example", name, [name, "webinar"], "New") for name in names
    )
