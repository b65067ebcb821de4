"""What we conclude from the evidence, and what we leave alone."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from schemas.addresses import facts
from schemas.enrichments import DomainFacts, Enrichment, Fact, PageFacts, conclude, site_of
from schemas.enums import EmailStatus
from schemas.leads import LeadIn

PAGE = PageFacts(
    url="https://www.acme.example/", organization="Acme GmbH", site_name="acme", employees=120,
    country="DE", technologies=("WordPress",), hiring=True)  # fmt: skip
DOMAIN = DomainFacts(domain="acme.example", has_mx=True, mail_operator="google", page=PAGE, page_state="ok")  # fmt: skip


def lead(**content: object) -> LeadIn:
    return LeadIn.model_validate({"email": "anna@acme.example", **content})


def test_blanks_are_filled_and_each_field_says_where_it_comes_from():
    fields = conclude(lead(), facts("anna@acme.example"), DOMAIN).fields
    assert fields["company_name"] == Fact(value="Acme GmbH", source="page")
    assert fields["employee_count"] == Fact(value=120, source="page")
    assert fields["mail_operator"] == Fact(value="google", source="dns")
    assert fields["company_domain"] == Fact(value="acme.example", source="address")


def test_what_a_person_told_us_is_never_overwritten():
    told = lead(company_name="ACME Europe", country="AT", company_domain="acme-europe.example")
    found = conclude(told, facts(str(told.email)), DOMAIN)
    assert found.fields["company_name"] == Fact(value="ACME Europe", source="given")
    assert not {"company_name", "country", "company_domain"} & set(found.found())


def test_a_full_name_is_put_together_from_its_parts():
    named = lead(first_name="Anna", last_name="Schmidt")
    assert (
        conclude(named, facts(str(named.email)), None).fields["full_name"].value == "Anna Schmidt"
    )


def test_a_private_address_says_nothing_about_a_company():
    private = LeadIn(email="someone@gmail.com")
    operator = DomainFacts(domain="gmail.com", has_mx=True, mail_operator="google")
    assert conclude(private, facts(str(private.email)), operator).found() == {}


def test_an_address_is_invalid_only_on_proof_and_never_verified():
    for null_mx, has_mx, resolves in product([False, True], repeat=3):
        domain = DomainFacts(domain="acme.example", has_mx=has_mx, null_mx=null_mx, resolves=resolves)  # fmt: skip
        status = conclude(lead(), facts("anna@acme.example"), domain).email_status
        proof = null_mx or not (has_mx or resolves)
        assert status is (EmailStatus.INVALID if proof else EmailStatus.UNKNOWN)
    assert conclude(lead(), facts("anna@acme.example"), None).email_status is EmailStatus.UNKNOWN
    assert conclude(lead(), facts("broken"), None).email_status is EmailStatus.INVALID


def test_facts_of_another_domain_prove_nothing_about_the_address():
    other = DomainFacts(domain="other.example", has_mx=False)
    status = conclude(lead(), facts("anna@acme.example"), other).email_status
    assert status is EmailStatus.UNKNOWN


def test_the_site_to_read_is_the_given_one_or_the_given_companys():
    address = facts("anna@acme.example")
    assert site_of(lead(), address) is None
    assert site_of(lead(company_domain="acme.example"), address) is None
    assert site_of(lead(company_domain="other.example"), address) == "https://other.example/"
    assert site_of(lead(website="https://acme.example/de"), address) == "https://acme.example/de"


@given(st.builds(PageFacts, url=st.just("https://acme.example/"), hiring=st.booleans()))
def test_an_enrichment_survives_the_way_through_json(page: PageFacts):
    domain = DOMAIN.model_copy(update={"page": page})
    found = conclude(lead(), facts("anna@acme.example"), domain)
    again = Enrichment.model_validate(found.to_json())
    assert again == found
    assert again.fingerprint() == found.fingerprint()
    assert (again.found()["hiring"].value is True) == page.hiring
