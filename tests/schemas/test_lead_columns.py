"""Columns of the programs that people export from find their fields, by name or by what stands in them."""

import pytest

from schemas.errors import Permanent
from schemas.lead_columns import NAMELESS, doubts, match

APOLLO = "First Name,Last Name,Title,Company Name,Company Name for Emails,Email,Email Status,Primary Email Source,Email Confidence,Primary Email Catch-all Status,Seniority,Departments,Contact Owner,Work Direct Phone,Home Phone,Mobile Phone,Corporate Phone,Other Phone,Stage,Lists,Last Contacted,Account Owner,# Employees,Industry,Keywords,Person Linkedin Url,Website,Company Linkedin Url,Facebook Url,Twitter Url,City,State,Country,Company Address,Company City,Company State,Company Country,Company Phone,SEO Description,Technologies,Annual Revenue,Total Funding,Latest Funding,Latest Funding Amount,Last Raised At,Subsidiary of,Email Sent,Email Open,Email Bounced,Replied,Demoed,Number of Retail Locations,Apollo Contact Id,Apollo Account Id,Secondary Email,Tertiary Email,Primary Intent Topic,Primary Intent Score"
ZOOMINFO = "ZoomInfo Contact ID,Last Name,First Name,Middle Name,Salutation,Suffix,Job Title,Job Title Hierarchy Level,Management Level,Job Start Date,Job Function,Department,Company Division Name,Direct Phone Number,Email Address,Email Domain,Mobile phone,Last Job Change Type,Contact Accuracy Score,ZoomInfo Contact Profile URL,LinkedIn Contact Profile URL,Notice Provided Date,Person Street,Person City,Person State,Person Zip Code,Country,ZoomInfo Company ID,Company Name,Website,Founded Year,Company HQ Phone,Ticker,Revenue (in 000s USD),Employees,Primary Industry,Company Street Address"
HUBSPOT = "Record ID,First Name,Last Name,Email,Phone Number,Mobile Phone Number,Contact owner,Associated Company,Last Activity Date,Lead Status,Marketing contact status,Create Date,Job Title,Website URL,LinkedIn URL,Country/Region,Preferred language,Time Zone,Original Source"
SALESFORCE = "Lead ID,Salutation,FirstName,LastName,Title,Company / Account,Email,Phone,MobilePhone,Website,Mailing Country,Lead Source,Lead Status,Rating,Lead Owner"
NAVIGATOR = "profileUrl,fullName,firstName,lastName,companyName,title,companyUrl,summary,location,email,linkedInProfileUrl,connectionDegree"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (APOLLO, {"email": "Email", "first_name": "First Name", "last_name": "Last Name", "title": "Title",
                  "company_name": "Company Name", "phone": "Work Direct Phone", "country": "Country",
                  "linkedin_url": "Person Linkedin Url", "website": "Website"}),
        (ZOOMINFO, {"email": "Email Address", "first_name": "First Name", "last_name": "Last Name", "title": "Job Title",
                    "company_name": "Company Name", "phone": "Direct Phone Number", "country": "Country",
                    "linkedin_url": "LinkedIn Contact Profile URL", "website": "Website", "company_domain": "Email Domain"}),
        (HUBSPOT, {"email": "Email", "first_name": "First Name", "last_name": "Last Name", "title": "Job Title",
                   "company_name": "Associated Company", "phone": "Phone Number", "country": "Country/Region",
                   "linkedin_url": "LinkedIn URL", "website": "Website URL", "locale": "Preferred language",
                   "timezone": "Time Zone", "source": "Original Source"}),
        (SALESFORCE, {"email": "Email", "first_name": "FirstName", "last_name": "LastName", "title": "Title",
                      "company_name": "Company / Account", "phone": "Phone", "country": "Mailing Country",
                      "website": "Website", "source": "Lead Source"}),
        (NAVIGATOR, {"email": "email", "full_name": "fullName", "first_name": "firstName", "last_name": "lastName",
                     "company_name": "companyName", "title": "title", "linkedin_url": "profileUrl", "website": "companyUrl"}),
    ],
    ids=["apollo", "zoominfo", "hubspot", "salesforce", "navigator"],
)  # fmt: skip
def test_the_exporters_of_the_field_are_understood(header: str, expected: dict[str, str]) -> None:
    columns = match(header.split(","), {})
    found = {one.field: one.name for one in columns if one.field and "." not in one.field}
    assert found == expected
    beside = [one for one in columns if one.field and one.field.startswith("attributes.")]
    assert len(beside) + len(expected) == len(columns)


def test_a_column_without_a_known_name_is_known_by_its_values() -> None:
    rows = [
        ["x", "ada@x.example", "linkedin.com/in/ada"],
        ["y", "b@x.example", ""],
        ["z", "c@x.example", ""],
    ]
    columns = match(["A", "B", "C"], {}, rows)
    assert [(one.field, one.why) for one in columns] == [
        ("attributes.A", "kept beside"), ("email", "its values look like addresses"),
        ("linkedin_url", "its values look like LinkedIn profiles"),
    ]  # fmt: skip
    assert columns[1].samples == ("ada@x.example", "b@x.example", "c@x.example")


def test_a_language_that_is_no_code_is_kept_beside_and_spoils_no_row() -> None:
    header = ["Email", "Language", "Time Zone"]
    words = match(header, {}, [["a@x.example", "German", "us_slash_eastern"]])
    codes = match(header, {}, [["a@x.example", "de-DE", "Europe/Berlin"]])
    assert [one.field for one in words] == ["email", "attributes.Language", "attributes.Time Zone"]
    assert [one.field for one in codes] == ["email", "locale", "timezone"]


def test_a_name_whose_values_say_something_else_is_doubted() -> None:
    rows = [["Ada"], ["Bob"]]
    [doubt] = doubts(match(["Email"], {}, rows), rows)
    assert "none of its first values are addresses" in doubt


def test_of_those_who_are_not_written_to_nothing_else_is_kept() -> None:
    columns = match(["Domain", "Name", "Budget"], {}, (), NAMELESS)
    assert [one.field for one in columns] == ["company_domain", None, None]
    with pytest.raises(Permanent, match="email: no column says it"):
        match(["Name"], {}, (), NAMELESS)
