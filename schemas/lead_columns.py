"""Which column of a file says what about a person. Refuses a file that names nobody's address."""

import re
from collections.abc import Mapping, Sequence

from schemas.errors import Permanent
from schemas.leads import LeadIn

LEFT_OUT = "-"
"""What a column is mapped to that nobody wants."""
OURS = "outrider_"
"""Columns that we wrote into a list of wrong rows; of no interest when it comes back mended."""

FIELDS = tuple(name for name in LeadIn.model_fields if name != "attributes")
_MOST_ATTRIBUTES = 50

# fmt: off
_SYNONYMS: dict[str, str] = {
    "email": "e_mail mail email_address e_mail_address mail_address work_email business_email email_1 e_mail_adresse adresse_e_mail correo correo_electronico courriel",
    "first_name": "firstname first given_name forename vorname prenom nombre nome",
    "last_name": "lastname last surname family_name nachname nom apellido apellidos cognome",
    "full_name": "fullname name contact contact_name person kontakt ansprechpartner",
    "title": "job_title jobtitle position role job function funktion poste cargo",
    "phone": "phone_number telephone tel mobile mobile_phone work_phone telefon telefonnummer telefono",
    "linkedin_url": "linkedin linkedin_profile linkedin_profile_url person_linkedin_url profile_url",
    "company_name": "company companyname organization organisation account account_name employer firma unternehmen societe entreprise empresa azienda",
    "company_domain": "domain email_domain",
    "website": "web url homepage company_website company_url site web_site webseite",
    "country": "country_code land pays pais paese person_country",
    "locale": "language lang sprache langue idioma",
    "timezone": "time_zone tz zeitzone",
}
# fmt: on
_MEANING = {
    word: field for field, words in _SYNONYMS.items() if field in FIELDS for word in words.split()
}


def match(header: Sequence[str], told: Mapping[str, str]) -> list[str | None]:
    """For each column a field of `LeadIn`, `attributes.<name>`, or None for one that is left out.

    `told` is what a person says (column to field, or `-` for none) and goes first; then a field's
    own name, then its usual names; whatever is left becomes an attribute. Raises Permanent when
    that is not one column per field, or there is no address.
    """
    _refuse_strangers(header, told)
    found: list[str | None] = [None] * len(header)
    taken: set[str] = set()
    ways = (
        {_plain(column): field for column, field in told.items()},
        {name: name for name in FIELDS},
        _MEANING,
    )
    given = {_plain(column) for column in told}
    for way, meanings in enumerate(ways):
        for place, column in enumerate(header):
            word = _plain(column)
            field = meanings.get(word)
            if way and (word in given or found[place]):
                continue
            if field and field != LEFT_OUT and field not in taken:
                found[place] = field
                taken.add(field)
    if "email" not in taken:
        raise Permanent(
            f"email: no column says it; say which one: --map COLUMN=email. The columns are: {', '.join(header)}."
        )
    _keep_the_rest(header, found, given)
    return found


def _refuse_strangers(header: Sequence[str], told: Mapping[str, str]) -> None:
    columns = [_plain(column) for column in header if column.strip()]
    for column in header:
        if column.strip() and columns.count(_plain(column)) > 1:
            raise Permanent(f"header: the column {column!r} comes twice; rename one of them.")
    for column, field in told.items():
        if _plain(column) not in columns:
            raise Permanent(
                f"--map: the file has no column {column!r}; it has {', '.join(header)}."
            )
        if field not in {*FIELDS, LEFT_OUT}:
            raise Permanent(
                f"--map: {field!r} is no field; there are {', '.join(FIELDS)}, or - to leave it out."
            )
    fields = [field for field in told.values() if field != LEFT_OUT]
    for field in fields:
        if fields.count(field) > 1:
            raise Permanent(f"--map: {field} is said of two columns; choose one.")


def _keep_the_rest(header: Sequence[str], found: list[str | None], given: set[str]) -> None:
    for place, column in enumerate(header):
        word = _plain(column)
        if (
            found[place] is None
            and word not in given
            and column.strip()
            and not word.startswith(OURS)
        ):
            found[place] = f"attributes.{column.strip()}"
    extra = sum(1 for field in found if field and field.startswith("attributes."))
    if extra > _MOST_ATTRIBUTES:
        raise Permanent(
            f"header: {extra} columns are no field of ours, and {_MOST_ATTRIBUTES} are kept; "
            "leave some out: --map COLUMN=-"
        )


def _plain(column: str) -> str:
    """A column's name as it is compared: `E-Mail Address ` is `e_mail_address`."""
    return (
        re.sub(r"[^\w]+", "_", column.strip().lower().translate(_ACCENTS)).strip("_")
        or column.strip()
    )


_ACCENTS = str.maketrans("éèêáàâóòôíìúùüäöñç", "eeeaaaoooiiuuuaonc")
