"""The points model: exact, explained, repeatable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.addresses import facts
from schemas.enrichments import DomainFacts, PageFacts, conclude
from schemas.enums import EmailStatus, LeadTier
from schemas.leads import LeadIn
from schemas.scores import LIMITS, RULES, Features, Score, features, score, tier
from schemas.titles import Function, Seniority

everything = st.builds(
    Features,
    title=st.none() | st.text(),
    seniority=st.sampled_from(Seniority),
    function=st.sampled_from(Function),
    company=st.none() | st.text(),
    email_status=st.sampled_from(EmailStatus),
    employees=st.none() | st.integers(min_value=0, max_value=10_000_000),
    business_mail=st.none() | st.just("google"),
    technologies=st.lists(st.sampled_from(["HubSpot", "WordPress", "x"])).map(tuple),
    **dict.fromkeys(
        ("has_name", "has_phone", "has_linkedin", "has_website", "takes_mail", "role_address",
         "free_mail", "disposable", "dmarc_enforced", "hiring", "site_broken"), st.booleans()),
)  # fmt: skip


@given(everything)
def test_the_factors_add_up_to_the_points_exactly(seen: Features):
    found = score(seen)
    assert sum(factor.points for factor in found.factors) == found.points
    assert 0 <= found.points <= 100
    assert found.tier is tier(found.points)
    assert all(factor.because for factor in found.factors)


@given(everything)
def test_no_group_leaves_its_limits(seen: Features):
    totals = dict.fromkeys(LIMITS, 0)
    for factor in score(seen).factors:
        totals[factor.group] += factor.points
    assert all(LIMITS[group][0] <= total <= LIMITS[group][1] for group, total in totals.items() if group != "Total")  # fmt: skip


@given(everything)
def test_equal_features_give_equal_scores_and_hashes(seen: Features):
    again = Features.model_validate(seen.to_json())
    assert score(again) == score(seen)
    assert Score.model_validate(score(seen).to_json()) == score(seen)


@given(everything)
def test_a_promotion_never_costs_points(seen: Features):
    ranks = [Seniority.STAFF, Seniority.MANAGER, Seniority.HEAD, Seniority.DIRECTOR, Seniority.VP, Seniority.C_LEVEL]  # fmt: skip
    points = [score(seen.model_copy(update={"seniority": rank})).points for rank in ranks]
    assert points == sorted(points)


def test_a_score_that_does_not_add_up_cannot_be_made():
    good = score(Features()).to_json()
    with pytest.raises(ValidationError, match="add up to"):
        Score.model_validate({**good, "points": 99})


@pytest.mark.parametrize(
    ("points", "name"),
    [(100, "hot"), (85, "hot"), (84, "warm"), (60, "warm"), (59, "cool"), (35, "cool"), (34, "cold"), (20, "cold"), (19, "dead"), (0, "dead")],
)  # fmt: skip
def test_tiers_begin_where_they_say(points: int, name: str):
    assert tier(points) is LeadTier(name)


def test_every_rule_belongs_to_a_group_with_limits_and_has_its_own_name():
    assert {rule.group for rule in RULES} <= set(LIMITS)
    assert len({(rule.group, rule.name) for rule in RULES}) == len(RULES)


def test_a_chief_executive_of_a_growing_company_is_hot_and_a_throw_away_address_is_not():
    page = PageFacts(url="https://acme.example/", organization="Acme", employees=200, hiring=True,
                     technologies=("HubSpot", "WordPress"))  # fmt: skip
    domain = DomainFacts(domain="acme.example", has_mx=True, mail_operator="google",
                         dmarc="reject", page=page, page_state="ok")  # fmt: skip
    boss = LeadIn(
        email="anna@acme.example", full_name="Anna Schmidt", title="CEO", phone="+49 30 1"
    )
    best = score(features(boss, conclude(boss, facts(str(boss.email)), domain)))
    assert best.tier is LeadTier.HOT
    assert any(line.name == "cap" and line.points < 0 for line in best.factors)

    nobody = LeadIn(email="info@mailinator.com")
    gone = DomainFacts(domain="mailinator.com", has_mx=False, null_mx=True)
    worst = score(features(nobody, conclude(nobody, facts(str(nobody.email)), gone)))
    assert worst.tier is LeadTier.DEAD
    assert [(line.group, line.points) for line in worst.factors if line.name == "floor"] == [("Risk", 23)]  # fmt: skip


def test_reasons_are_filled_in_even_when_a_title_holds_braces():
    odd = LeadIn(email="anna@acme.example", title="CEO {0} {x}")
    lines = score(features(odd, conclude(odd, facts(str(odd.email)), None))).factors
    assert "“CEO {0} {x}” leads the company." in {line.because for line in lines}
