"""What the columns of other programs' files are called, by the field that they mean."""

import re

# fmt: off
_WORDS: dict[str, str] = {
    "email": "e_mail mail email_address e_mail_address mail_address work_email business_email primary_email contact_email email_1 e_mail_adresse adresse_e_mail correo correo_electronico courriel",
    "first_name": "first given_name forename contact_first_name vorname prenom nombre nome",
    "last_name": "last surname family_name contact_last_name nachname nom apellido apellidos cognome",
    "full_name": "name contact contact_name contact_full_name lead_name person kontakt ansprechpartner",
    "title": "job_title position role job current_job current_title contact_title function funktion poste cargo",
    "phone": "phone_number telephone tel mobile mobile_phone mobile_phone_number work_phone work_direct_phone direct_phone direct_phone_number business_phone corporate_phone telefon telefonnummer telefono",
    "linkedin_url": "linkedin linkedin_link linkedin_profile linkedin_profile_url linkedin_contact_profile_url linkedin_url_public person_linkedin_url contact_linkedin_url prospect_linkedin_url lead_linkedin_url profile_url profile_link linked_in_profile_url default_profile_url",
    "company_name": "company company_account associated_company organization organisation organization_name account account_name current_company employer firma unternehmen societe entreprise empresa azienda",
    "company_domain": "domain email_domain company_domain_name account_domain",
    "website": "web url homepage company_website company_url website_url organization_website site web_site webseite",
    "country": "country_code country_region mailing_country person_country contact_country land pays pais paese",
    "locale": "language preferred_language lang sprache langue idioma",
    "timezone": "time_zone tz zeitzone",
    "source": "lead_source data_source contact_source original_source",
}
# fmt: on

_ACCENTS = str.maketrans("éèêáàâóòôíìúùüäöñç", "eeeaaaoooiiuuuaonc")


def plain(column: str) -> str:
    """A column's name as it is compared: `E-Mail Address ` is `e_mail_address`."""
    return (
        re.sub(r"[^\w]+", "_", column.strip().lower().translate(_ACCENTS)).strip("_")
        or column.strip()
    )


def closed_up(column: str) -> str:
    """The same without what stands between words: `LinkedIn Profile URL` and `linkedInProfileUrl` are one."""
    return plain(column).replace("_", "")


MEANINGS = {closed_up(word): field for field, words in _WORDS.items() for word in words.split()}
"""Field by a column's name, closed up."""
