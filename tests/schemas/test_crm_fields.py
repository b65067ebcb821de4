"""The field mapping: every fact that has a row is said, as text, and nobody's entry is lost."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.standins.hubspot_store import KINDS, LEAD_STATUSES
from schemas.crm_fields import (
    HS_LEAD_STATUS,
    HUBSPOT,
    LOCAL,
    TRANSFORMS,
    BadMapping,
    Fact,
    FieldMapping,
    check,
    hash_of,
    properties,
    say,
    status_now,
)
from schemas.enums import CrmOverwrite, LeadStatus, SuppressionReason

MOMENT = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
ADA: dict[str, Fact] = {"email": "Ada@Firm.example", "first_name": "Ada", "status": "replied",
                        "score": 0, "captured_at": MOMENT, "title": None, "phone": ""}  # fmt: skip


def row(local: str, remote: str = "r", **more: object) -> FieldMapping:
    return FieldMapping.model_validate({"local_field": local, "remote_field": remote, **more})


@pytest.mark.parametrize(("local", "transform", "text"), [
    ("email", "as_is", "Ada@Firm.example"),
    ("email", "lower", "ada@firm.example"),
    ("email", "upper", "ADA@FIRM.EXAMPLE"),
    ("score", "as_is", "0"),
    ("score", "bool", "false"),
    ("first_name", "bool", "true"),
    ("title", "bool", "false"),
    ("captured_at", "iso_date", "2026-11-21"),
    ("captured_at", "iso_time", "2026-11-21T23:30:00Z"),
    ("status", "hs_lead_status", "CONNECTED"),
])  # fmt: skip
def test_a_fact_becomes_the_text_that_its_row_says(local: str, transform: str, text: str) -> None:
    assert say(ADA, [row(local, transform=transform)]) == {"r": text}


def test_a_blank_is_left_out_unless_its_row_clears() -> None:
    rows = [row("title", "a"), row("phone", "b"), row("title", "c", clear_blank=True)]
    assert say(ADA, rows) == {"c": ""}


def test_what_they_have_stays_where_a_row_only_fills() -> None:
    careful = [row("first_name", overwrite="if_empty")]
    assert properties(ADA, careful, {}) == {"r": "Ada"}
    assert properties(ADA, careful, {"r": ""}) == {"r": "Ada"}
    assert properties(ADA, careful, {"r": "Augusta"}) == {}
    assert properties(ADA, [row("first_name")], {"r": "Augusta"}) == {"r": "Ada"}


def test_a_row_that_only_fills_never_clears() -> None:
    rows = [row("title", overwrite="if_empty", clear_blank=True)]
    assert properties(ADA, rows, {"r": "Countess"}) == {}


@pytest.mark.parametrize(("bad", "says"), [
    (row("shoe_size"), "shoe_size → r: local_field is none of email, "),
    (row("email", transform="rot13"), "email → r: transform is none of as_is, "),
    (row("email", transform="iso_date"), "iso_date cannot be made of email"),
    (row("captured_at"), "as_is cannot be made of captured_at"),
    (row("title", transform="hs_lead_status"), "hs_lead_status cannot be made of title"),
    (row("email", " "), "remote_field is empty"),
])  # fmt: skip
def test_a_row_that_cannot_work_is_named_with_what_would(bad: FieldMapping, says: str) -> None:
    with pytest.raises(BadMapping) as raised:
        check(bad)
    assert says in str(raised.value)
    with pytest.raises(BadMapping):
        say(ADA, [bad])


def test_the_default_rows_are_sound_and_every_state_has_an_option_of_theirs() -> None:
    for mapping in HUBSPOT:
        check(mapping)
    assert {mapping.remote_field for mapping in HUBSPOT} <= set(KINDS)
    assert set(HS_LEAD_STATUS) == set(LeadStatus)
    assert set(HS_LEAD_STATUS.values()) <= set(LEAD_STATUSES)


def test_people_keep_what_they_wrote_by_default_and_what_we_conclude_is_current() -> None:
    careful = {m.remote_field for m in HUBSPOT if m.overwrite is CrmOverwrite.IF_EMPTY}
    assert {"firstname", "phone", "company"} <= careful
    assert not careful & {"email", "hs_lead_status", "outrider_status", "outrider_score"}


def test_who_wants_to_be_left_alone_is_so_in_the_crm_too() -> None:
    for reason in SuppressionReason:
        assert status_now(LeadStatus.REPLIED, reason) in {
            LeadStatus.UNSUBSCRIBED, LeadStatus.BOUNCED, LeadStatus.REPLIED}  # fmt: skip
    assert status_now(LeadStatus.REPLIED, SuppressionReason.UNSUBSCRIBE) is LeadStatus.UNSUBSCRIBED
    assert status_now(LeadStatus.REPLIED, SuppressionReason.BOUNCE) is LeadStatus.BOUNCED
    assert status_now(LeadStatus.REPLIED, SuppressionReason.CUSTOMER) is LeadStatus.REPLIED
    assert status_now(LeadStatus.REPLIED, None) is LeadStatus.REPLIED


words = st.none() | st.text(max_size=12)
facts = st.fixed_dictionaries(
    {name: words for name, kind in LOCAL.items() if kind is str and name != "status"}
    | {"score": st.none() | st.integers(0, 100), "captured_at": st.just(MOMENT),
       "status": st.sampled_from([status.value for status in LeadStatus])}
)  # fmt: skip
rows = st.lists(
    st.builds(
        FieldMapping, local_field=st.sampled_from(list(LOCAL)), remote_field=st.sampled_from("abc"),
        transform=st.sampled_from(list(TRANSFORMS)), overwrite=st.sampled_from(list(CrmOverwrite)),
        clear_blank=st.booleans(),
    ),
    unique_by=lambda mapping: mapping.remote_field,
)  # fmt: skip


@given(facts=facts, rows=rows, remote=st.dictionaries(st.sampled_from("abc"), st.text(max_size=3)))
def test_a_row_that_was_checked_never_fails_and_never_overwrites_what_it_may_not(
    facts: dict[str, Fact], rows: list[FieldMapping], remote: dict[str, str]
) -> None:
    sound: list[FieldMapping] = []
    for mapping in rows:
        try:
            check(mapping)
        except BadMapping:
            continue
        sound.append(mapping)
    sent = properties(facts, sound, remote)
    assert all(isinstance(text, str) for text in sent.values())
    for mapping in sound:
        if mapping.overwrite is CrmOverwrite.IF_EMPTY and remote.get(mapping.remote_field):
            assert mapping.remote_field not in sent
        if not mapping.clear_blank:
            assert sent.get(mapping.remote_field) != ""


def test_the_same_said_of_the_same_address_has_one_hash() -> None:
    assert hash_of("a", {"x": "1", "y": "2"}) == hash_of("a", {"y": "2", "x": "1"})
    assert hash_of("a", {"x": "1"}) != hash_of("b", {"x": "1"})
    assert hash_of("a", {"x": "1"}) != hash_of("a", {"x": "2"})
    assert hash_of("a", {"x": ""}) != hash_of("a", {})
