"""The demo's people: shipped, valid, invented."""

import csv

import pytest

from schemas.addresses import facts
from scripts.demo.people import COLUMNS, COMPANIES, PATH, PEOPLE, generate, load


def test_the_shipped_file_is_what_the_generator_writes():
    with PATH.open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        assert tuple(table.fieldnames or ()) == COLUMNS
        assert list(table) == list(generate())
    assert PATH.stat().st_size < 700_000


def test_every_row_is_a_valid_lead_and_no_address_comes_twice():
    leads = load(PEOPLE, seed=1)
    assert len({str(lead.email).lower() for lead in leads}) == PEOPLE
    domains = {facts(str(lead.email)).domain for lead in leads}
    assert abs(len(domains) - COMPANIES) < 50


def test_nobody_in_it_is_real():
    for lead in load(PEOPLE, seed=1):
        address = facts(str(lead.email))
        assert address.domain.endswith(".example") or address.local.startswith("outrider.demo.")


def test_the_seed_decides_who_comes_and_in_which_order():
    assert load(50, seed=1) == load(50, seed=1)
    assert load(50, seed=1) != load(50, seed=2)
    assert load(0, seed=1) == []


@pytest.mark.parametrize("n", [-1, PEOPLE + 1])
def test_more_people_than_there_are_is_a_clear_error(n: int):
    with pytest.raises(ValueError, match="The demo has 5000 leads"):
        load(n, seed=1)
