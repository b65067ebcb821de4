"""Files as people save them: any delimiter, any of three encodings, lines as an editor counts them."""

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.csv_rows import delimiter_of
from schemas.errors import Permanent
from schemas.lead_files import LeadFile, Row, reading

CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


def read(data: bytes, told: dict[str, str] | None = None) -> LeadFile:
    with reading(io.BytesIO(data), told or {}) as file:
        return replace(file, rows=iter(list(file.rows)))


def rows_of(file: LeadFile) -> list[Row]:
    return list(file.rows)


def documents(data: bytes, **told: str) -> list[dict[str, object]]:
    return [row.document for row in read(data, told).rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_file_is_read_however_it_was_saved(delimiter: str, encoding: str, end: str) -> None:
    lines = (
        ("E-Mail", "Vorname", "Firma"),
        ("zoë@acme.example", "Zoë", "Müller, Söhne; & Co | KG"),
    )
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(lines)
    assert documents(out.getvalue().encode(encoding)) == [
        {
            "email": "zoë@acme.example",
            "first_name": "Zoë",
            "company_name": "Müller, Söhne; & Co | KG",
        }
    ]


def test_a_file_that_is_not_utf_8_says_from_which_line_on() -> None:
    assert read("mail\na@b.example\nzoë@b.example\n".encode("cp1252")).notices == [
        "Line 3 is not UTF-8; the file was read as Windows-1252."
    ]
    with pytest.raises(Permanent, match=r"line 2 is neither"):
        read(b"mail\n\x81@b.example\n")


def test_lines_are_those_of_an_editor() -> None:
    file = read(b'\n\nmail,name\na@b.example,"two\nlines"\n\nc@d.example,x,extra\ne@f.example,y\n')
    rows = rows_of(file)
    assert [(row.line, row.problem is None) for row in rows] == [(4, True), (7, False), (8, True)]
    assert rows[0].raw == 'a@b.example,"two\nlines"'
    assert rows[1].raw == "c@d.example,x,extra"
    assert "has 3 cells and the header 2" in (rows[1].problem or "")


def test_a_quotation_mark_that_is_never_closed_is_that_rows_problem() -> None:
    rows = rows_of(read(b'mail,name\na@b.example,x\nc@d.example,"y\ne@f.example,z\n'))
    assert [row.problem for row in rows[:1]] == [None]
    assert rows[1].line == 3
    assert "never closed" in (rows[1].problem or "")
    assert rows[1].raw == 'c@d.example,"y\ne@f.example,z'


def test_rows_after_one_with_stray_quotes_are_read() -> None:
    rows = rows_of(read(b'mail,name\na@b.example,"x" y\nc@d.example,z\n'))
    assert "must be doubled" in (rows[0].problem or "")
    assert rows[1].document == {"email": "c@d.example", "full_name": "z"}


def test_excels_own_first_line_names_the_delimiter() -> None:
    file = read(b"sep=|\r\nmail|name, title\r\na@b.example|x\r\n")
    assert [column.name for column in file.columns] == ["mail", "name, title"]
    assert rows_of(file)[0].line == 3


def test_columns_find_their_fields_and_the_rest_is_kept() -> None:
    file = read(
        b"Email,Work Email,FIRST NAME,Job Title,Company Website,Deal Size,outrider_reason,\na@b.example"
    )
    assert [column.field for column in file.columns] == [
        "email", "attributes.Work Email", "first_name", "title", "website", "attributes.Deal Size",
        None, None,
    ]  # fmt: skip


def test_what_a_person_says_goes_before_what_we_guess() -> None:
    file = read(b"Mail,Private,Note\nx,a@b.example,secret\n", {"private": "email", "Note": "-"})
    assert rows_of(file)[0].document == {"email": "a@b.example", "attributes": {"Mail": "x"}}


@pytest.mark.parametrize(
    ("data", "told", "says"),
    [
        (b"", {}, "is empty"),
        (b"\n \n", {}, "is empty"),
        (b"name,phone\nx,y\n", {}, r"--map COLUMN=email\. The columns are: name, phone"),
        (b"mail,mail\n", {}, "'mail' comes twice"),
        (b"mail\n", {"nope": "title"}, "no column 'nope'; it has mail"),
        (b"mail,x\n", {"x": "nope"}, "'nope' is no field; there are email"),
        (b"mail,x,y\n", {"x": "title", "y": "title"}, "title is said of two columns"),
        (
            b"mail," + b",".join(b"c%d" % i for i in range(101)),
            {},
            "101 columns are no field of ours",
        ),
        (b'mail,"x', {}, "header: a quotation mark"),
        (
            b"a@nh.example,A\nb@nh.example,B\n",
            {},
            "line 1 is a person, not column names; add a line",
        ),
        (b"linkedin.com/in/ada\n", {}, "line 1 is a person"),
    ],
)
def test_a_file_that_nobody_can_use_says_why(data: bytes, told: dict[str, str], says: str) -> None:
    with pytest.raises(Permanent, match=says):
        read(data, told)


@given(rows=st.lists(st.tuples(CELL, CELL), max_size=8), delimiter=st.sampled_from(",;\t|"))
def test_every_written_row_is_read_back_at_its_line(
    rows: list[tuple[str, str]], delimiter: str
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(("mail", "note"))
    expected: list[tuple[int, dict[str, object]]] = []
    for mail, note in rows:
        begin = len(io.StringIO(out.getvalue(), newline="").readlines()) + 1
        writer.writerow((mail, note))
        document: dict[str, object] = {"email": mail} if mail.strip() else {}
        if note.strip():
            document["attributes"] = {"note": note}
        if document:
            expected.append((begin, document))
    found = rows_of(read(out.getvalue().encode()))
    assert [(row.line, row.document) for row in found] == expected
    assert "".join(row.raw for row in found if row.problem) == ""


@given(data=st.binary(max_size=200))
def test_no_bytes_whatsoever_break_the_reader(data: bytes) -> None:
    try:
        file = read(b"mail,name\n" + data)
    except Permanent:
        return
    rows = rows_of(file)
    assert all(row.line > 1 for row in rows)
    assert len({row.line for row in rows}) == len(rows)


def test_a_delimiter_inside_quotes_does_not_count() -> None:
    assert delimiter_of('"a,b,c";d') == ";"
