"""Rank and field from a job title."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.titles import Function, Seniority, function, seniority


@pytest.mark.parametrize(
    ("title", "rank", "field"),
    [
        ("CEO", Seniority.C_LEVEL, Function.GENERAL),
        ("C.E.O. & Co-Founder", Seniority.C_LEVEL, Function.GENERAL),
        ("Assistant to the CEO", Seniority.STAFF, Function.GENERAL),
        ("Vice President Sales", Seniority.VP, Function.SALES),
        ("Head of Marketing", Seniority.HEAD, Function.MARKETING),
        ("Vertriebsleiterin", Seniority.HEAD, Function.SALES),
        ("Teamleiter IT", Seniority.MANAGER, Function.TECHNOLOGY),
        ("Geschäftsführerin", Seniority.C_LEVEL, Function.GENERAL),
        ("Directrice générale", Seniority.C_LEVEL, Function.GENERAL),
        ("Directeur commercial", Seniority.DIRECTOR, Function.SALES),
        ("Chef de produit", Seniority.MANAGER, Function.UNKNOWN),
        ("Jefe de Compras", Seniority.HEAD, Function.OPERATIONS),
        ("Amministratore Delegato", Seniority.C_LEVEL, Function.GENERAL),
        ("Chief Financial Officer", Seniority.C_LEVEL, Function.FINANCE),
        ("Product Owner", Seniority.STAFF, Function.UNKNOWN),
        ("HR Manager", Seniority.MANAGER, Function.PEOPLE),
        ("Software Engineer", Seniority.STAFF, Function.TECHNOLOGY),
        ("代表取締役", Seniority.UNKNOWN, Function.UNKNOWN),
        (None, Seniority.UNKNOWN, Function.UNKNOWN),
    ],
)
def test_a_title_says_rank_and_field(title: str | None, rank: Seniority, field: Function):
    assert (seniority(title), function(title)) == (rank, field)


@given(st.text())
def test_any_title_has_a_rank_and_a_field(title: str):
    assert seniority(title) in Seniority
    assert function(title) in Function
