"""The people of the demo: 5,000 invented leads of 1,500 invented companies, shipped as a CSV.

`python -m scripts.demo.people` writes the file anew. Refuses real people: companies live under
`.example` (RFC 2606), private addresses say that they are a demo, phone numbers are reserved ones.
"""

import csv
import random
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.leads import LeadIn

PATH = Path(__file__).parent.parent / "data" / "demo_leads.csv"
PEOPLE, COMPANIES, SEED = 5000, 1500, 2026
COLUMNS: tuple[str, ...] = (
    "email", "first_name", "last_name", "title", "phone", "linkedin_url",
    "company_name", "company_domain", "website", "country", "locale",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Country:
    """How people and companies are called somewhere; `phone` is a reserved range with room for a number below 100, or empty."""

    code: str
    locale: str
    phone: str
    first: str
    last: str
    titles: str
    forms: str


# Phone ranges reserved for fiction by Ofcom (GB), BNetzA (DE), ARCEP (FR), NANPA (US).
COUNTRIES = (
    Country("GB", "en-GB", "+44 20 7946 00{:02}",
            "Olivia Amelia Isla Freya Grace Oliver George Harry Noah Arthur Imran Priya Callum Niamh",
            "Smith Jones Taylor Brown Wilson Evans Patel Khan Walker Hughes Green Clarke O'Brien Murray",
            "CEO|Managing Director|Sales Director|Head of Marketing|IT Manager|Account Manager|Finance Director|Operations Manager|Chief Technology Officer|Buyer",
            "Ltd|Group|LLP"),
    Country("DE", "de-DE", "+49 30 23125 0{:02}",
            "Anna Lena Katharina Jürgen Björn Lukas Felix Jonas Mia Sabine Stefan Uwe Zeynep Mehmet",
            "Müller Schmidt Schneider Fischer Weber Schäfer Köhler Krüger Yilmaz Hoffmann Groß Jäger",
            "Geschäftsführer|Geschäftsführerin|Vertriebsleiter|Leiterin Marketing|Teamleiter IT|Einkäufer|Prokurist|Leiter Einkauf|Sachbearbeiter|CTO",
            "GmbH|AG|GmbH & Co. KG"),
    Country("FR", "fr-FR", "+33 1 99 00 00 {:02}",
            "Léa Chloé Manon Camille Zoé Hugo Louis Jules Adrien François Amélie Benoît Karim Élodie",
            "Martin Bernard Dubois Lefèvre Moreau Girard Lambert Gauthier Benali Chevalier Hébert Noël",
            "Directeur général|Directrice commerciale|Responsable achats|Directeur marketing|Chef de projet|Gérante|PDG|Responsable informatique|Assistante de direction|DAF",
            "SAS|SARL|SA"),
    Country("US", "en-US", "+1 212 555 01{:02}",
            "Emma Ava Sophia Mason Ethan Logan Jackson Carlos Maria Aaliyah Wei Raj Tyler Madison",
            "Johnson Williams Garcia Davis Rodriguez Martinez Anderson Thomas Lee Nguyen Lopez Chen Shah",
            "VP of Sales|Chief Executive Officer|SVP Engineering|Director of Operations|Marketing Manager|Founder|Chief Revenue Officer|Software Engineer|HR Manager|Sales Development Representative",
            "Inc.|LLC|Corp."),
    Country("ES", "es-ES", "",
            "Lucía Sofía Martina Paula Hugo Martín Pablo Álvaro Íñigo Begoña José Núria",
            "García Fernández González López Martínez Sánchez Núñez Ibáñez Castaño Vidal Ferrer",
            "Director general|Jefa de ventas|Responsable de marketing|Gerente|Directora financiera|Coordinador de compras|Consejero delegado|Técnico",
            "S.L.|S.A."),
    Country("IT", "it-IT", "",
            "Giulia Aurora Alice Ginevra Leonardo Francesco Matteo Niccolò Chiara Davide",
            "Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino D'Angelo",
            "Amministratore Delegato|Responsabile acquisti|Direttrice commerciale|Titolare|Direttore marketing|Impiegato",
            "S.r.l.|S.p.A."),
    Country("NL", "nl-NL", "",
            "Sanne Fleur Lotte Daan Sem Bram Thijs Noor Joost Eline",
            "Jansen Bakker Visser Smit Meijer Mulder Bos Vos Peters",
            "Algemeen directeur|Hoofd verkoop|Eigenaar|Accountmanager|Manager operations|Controller",
            "B.V.|N.V."),
)  # fmt: skip
_FIRST = "Nord Blue Alba Terra Silver Nova Prim Hoch Clear Vita Rhein Stone Luma Orbi Grün West Ever Alto Delta Ferro Mira Quanta Solar Kite Zen".split()  # noqa: SIM905
_SECOND = "wind bridge field werk tech soft line stahl port data mark cargo pharma tools energy press food craft".split()  # noqa: SIM905
_TRADE = "Logistics Systems Consulting Foods Medical Software Analytics".split()  # noqa: SIM905
_MISTAKES: tuple[tuple[str, object], ...] = (
    ("email", "jane.doe at example.com"), ("website", "ftp://files.example/"), ("email", ""),
    ("locale", "mother tongue"), ("company_domain", "not a domain"), ("email", "a@@b.example"),
)  # fmt: skip
_PRIVATE = "gmail.com outlook.com gmx.de web.de yahoo.com orange.fr libero.it icloud.com".split()  # noqa: SIM905
_SHARED = "info sales kontakt contact office".split()  # noqa: SIM905


def load(n: int, seed: int) -> list[LeadIn]:
    """`n` of the shipped leads, chosen and ordered by `seed`.

    Raises ValueError when `n` is negative or more than there are.
    """
    with PATH.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not 0 <= n <= len(rows):
        raise ValueError(f"The demo has {len(rows)} leads; ask for 0 to {len(rows)}, not {n}.")
    chosen = random.Random(seed).sample(rows, n)  # noqa: S311  (a choice, not a secret)
    return [LeadIn.model_validate(row) for row in chosen]


def generate(seed: int = SEED) -> Iterator[dict[str, str]]:
    """The rows of the file; the same for ever for the same seed, and no address twice."""
    dice = random.Random(seed)  # noqa: S311
    names = [f"{a}{b} {c}" for a in _FIRST for b in _SECOND for c in _TRADE]
    companies = [_company(dice, name) for name in dice.sample(names, COMPANIES)]
    taken: set[str] = set()
    for number in range(PEOPLE):
        # The first of each company in turn, so that none is empty; then some get more than others.
        index = number if number < COMPANIES else int(COMPANIES * dice.random() ** 1.6)
        row = _person(dice, number, *companies[index])
        while row["email"] in taken:
            local, _, domain = row["email"].partition("@")
            row["email"] = f"{local}{dice.randrange(2, 100)}@{domain}"
        taken.add(row["email"])
        yield row


def _company(dice: random.Random, name: str) -> tuple[str, str, Country]:
    country = dice.choice(COUNTRIES)
    full_name = f"{name} {dice.choice(country.forms.split('|'))}"
    return full_name, f"{_plain(name).replace(' ', '-')}.example", country


def _person(
    dice: random.Random, number: int, company: str, domain: str, country: Country
) -> dict[str, str]:
    first, last = dice.choice(country.first.split()), dice.choice(country.last.split())

    def sometimes(share: float, text: str) -> str:
        return text if dice.random() < share else ""

    return {
        "email": _email(dice, number, first, last, domain),
        "first_name": first,
        "last_name": last,
        "title": sometimes(0.93, dice.choice(country.titles.split("|"))),
        "phone": sometimes(0.5, country.phone.format(dice.randrange(100))),
        "linkedin_url": sometimes(0.4, f"https://www.linkedin.com/in/outrider-demo-{number:04}"),
        "company_name": sometimes(0.6, company),
        "company_domain": sometimes(0.3, domain),
        "website": sometimes(0.2, f"https://www.{domain}/"),
        "country": sometimes(0.7, country.code),
        "locale": sometimes(0.3, country.locale),
    }


def _email(dice: random.Random, number: int, first: str, last: str, domain: str) -> str:
    kind = dice.random()
    if kind < 0.04:
        return f"outrider.demo.{number:04}@{dice.choice(_PRIVATE)}"
    if kind < 0.045:
        return f"outrider.demo.{number:04}@mailinator.com"
    if kind < 0.06:
        return f"{dice.choice(_SHARED)}@{domain}"
    shape = dice.choice(("{first}.{last}", "{first}.{last}", "{initial}{last}", "{first}"))
    plain = {"first": _plain(first), "last": _plain(last), "initial": _plain(first)[0]}
    return f"{shape.format(**plain)}@{domain}"


def _plain(text: str) -> str:
    """Lower-case ASCII letters, digits and spaces of a name."""
    german = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
    folded = unicodedata.normalize("NFKD", text.lower().translate(german))
    return "".join(c for c in folded if c.isascii() and (c.isalnum() or c == " "))


@dataclass(frozen=True, slots=True)
class Row:
    """One row as a customer's system posts it; `wrong` names the field that cannot be taken."""

    record: dict[str, object]
    wrong: str | None = None


def rows(people: Sequence[LeadIn], seed: int) -> list[Row]:
    """Every lead once, and among them about one row in a hundred that is wrong in one field."""
    dice = random.Random(f"{seed}:rows")  # noqa: S311
    told = [Row(person.model_dump(mode="json", exclude_defaults=True)) for person in people]
    for number in range(-(-len(people) // 100) if people else 0):
        field, value = _MISTAKES[number % len(_MISTAKES)]
        spoiled = {**dice.choice(told).record, field: value}
        told.insert(dice.randrange(len(told) + 1), Row(spoiled, field))
    return told


def write(path: Path = PATH) -> None:
    """Write the generated rows as CSV with a header."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(generate())


if __name__ == "__main__":
    write()
