"""Whose clock a person lives by: what they told, else their country, else the tenant."""

from collections import defaultdict
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.zone_data import NAMES, PRINCIPAL
from schemas.zones import Zone, country_code, is_zone, resolve

UNINHABITED = {"BV", "HM"}


def table(name: str) -> list[list[str]]:
    text = (files("tzdata") / "zoneinfo" / name).read_text()
    return [line.split("\t") for line in text.splitlines() if not line.startswith("#")]


def test_what_a_source_told_beats_the_country_and_the_country_the_tenant() -> None:
    assert resolve("Asia/Kathmandu", "DE", "UTC") == Zone(name="Asia/Kathmandu", source="lead")
    assert resolve(None, "DE", "UTC") == Zone(name="Europe/Berlin", source="country")
    assert resolve(None, None, "Asia/Tokyo") == Zone(name="Asia/Tokyo", source="tenant")
    assert resolve("", "Atlantis", "UTC") == Zone(name="UTC", source="tenant")


@pytest.mark.parametrize("told", ["CEST", "UTC+1", "Europe/Atlantis", "europe/berlin", "../UTC",
                                  "localtime", "Factory", "W. Europe Standard Time"])  # fmt: skip
def test_a_zone_that_nobody_knows_counts_as_not_told(told: str) -> None:
    assert not is_zone(told)
    assert resolve(told, "FR", "UTC") == Zone(name="Europe/Paris", source="country")


@pytest.mark.parametrize(("country", "zone"), [
    ("US", "America/New_York"), ("AU", "Australia/Sydney"), ("BR", "America/Sao_Paulo"),
    ("CA", "America/Toronto"), ("RU", "Europe/Moscow"), ("ES", "Europe/Madrid"),
    ("PT", "Europe/Lisbon"), ("MX", "America/Mexico_City"), ("ID", "Asia/Jakarta"),
    ("CN", "Asia/Shanghai"), ("UA", "Europe/Kyiv"), ("UZ", "Asia/Tashkent"),
])  # fmt: skip
def test_a_country_of_several_zones_gives_that_of_most_of_its_people(
    country: str, zone: str
) -> None:
    assert resolve(None, country, "UTC").name == zone


@pytest.mark.parametrize(("told", "code"), [
    ("de", "DE"), (" Germany ", "DE"), ("DEUTSCHLAND", "DE"), ("Österreich", "AT"),
    ("osterreich", "AT"), ("U.S.A.", "US"), ("u.s.", "US"), ("UK", "GB"), ("el", "GR"),
    ("Cote d'Ivoire", "CI"), ("St. Lucia", "LC"), ("Bosnia & Herzegovina", "BA"),
    ("Pays-Bas", "NL"), ("한국", "KR"), ("日本", "JP"), ("Türkiye", "TR"), ("Ελλάδα", "GR"),
    ("XX", None), ("Atlantis", None), ("", None), (None, None), ("?!", None),
])  # fmt: skip
def test_a_country_is_known_by_code_and_by_name(told: str | None, code: str | None) -> None:
    assert country_code(told) == code


def test_every_inhabited_country_has_a_zone_of_its_own_and_a_name() -> None:
    zones = defaultdict(set)
    for code, _, zone, *_ in table("zone.tab"):
        zones[code].add(zone)
    assert {code for code, *_ in table("iso3166.tab")} - set(PRINCIPAL) == UNINHABITED
    assert {code: zone for code, zone in PRINCIPAL.items() if zone not in zones[code]} == {}
    assert set(NAMES.values()) == set(PRINCIPAL)


def test_a_name_means_one_country() -> None:
    assert {name: country_code(name) for name in NAMES} == NAMES


@settings(deadline=None)
@given(st.text() | st.none(), st.text() | st.none())
def test_whatever_is_told_the_answer_is_a_zone_with_rules(
    told: str | None, country: str | None
) -> None:
    assert ZoneInfo(resolve(told, country, "UTC").name)
