"""The picture: well-formed, whatever it is told, and every bar as high as its number."""

import xml.etree.ElementTree as ET
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scripts.demo.picture import Layer, Row, Timeline, draw

MONDAY = date(2026, 3, 2)
SVG = "{http://www.w3.org/2000/svg}"


def told(
    rows: list[Row], *, days: int = 10, title: str = "A play", fault: str = "a fall"
) -> Timeline:
    return Timeline(title, "seed 1", MONDAY, MONDAY + timedelta(days=days - 1),
                    [("leads", "9")], rows, [(MONDAY, fault)])  # fmt: skip


@given(
    title=st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40),
    counts=st.lists(st.integers(0, 10**6), min_size=1, max_size=40),
)
def test_whatever_it_is_told_it_is_well_formed(title: str, counts: list[int]):
    days = {MONDAY + timedelta(days=n): count for n, count in enumerate(counts)}
    rows = [Row(title, [Layer(title, "a", days), Layer("b", "b", {})])] * 3
    root = ET.fromstring(draw(told(rows, days=len(counts), title=title, fault=title)))
    assert root.tag == f"{SVG}svg"
    assert root.find(f"{SVG}title") is not None


def test_bars_are_as_high_as_their_numbers_and_stand_on_each_other():
    tuesday = MONDAY + timedelta(days=1)
    row = Row(
        "Mails", [Layer("first", "a", {MONDAY: 4, tuesday: 2}), Layer("second", "b", {MONDAY: 6})]
    )
    bars = {
        bar.findtext(f"{SVG}title"): bar
        for bar in ET.fromstring(draw(told([row]))).iter(f"{SVG}rect")
        if bar.find(f"{SVG}title") is not None
    }
    four, two, six = (bars[f"{day}: {words}"] for day, words in
                      ((MONDAY, "4 first"), (tuesday, "2 first"), (MONDAY, "6 second")))  # fmt: skip
    assert float(four.attrib["height"]) == 2 * float(two.attrib["height"])
    top_of_six = float(six.attrib["y"]) + float(six.attrib["height"])
    assert abs(top_of_six - float(four.attrib["y"])) < 0.2
    assert float(six.attrib["height"]) > float(four.attrib["height"])


def test_weekends_are_shaded_and_the_fault_is_said_in_words():
    picture = draw(
        told([Row("Mails", [Layer("first", "a", {MONDAY: 1})])], days=14, fault="killed & replaced")
    )
    assert picture.count('fill="var(--rest)"') == 4
    assert "killed &amp; replaced" in picture
