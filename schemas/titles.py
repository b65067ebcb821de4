"""What a job title says about rank and field, in seven languages. Refuses to guess from silence."""

import re
import unicodedata
from enum import StrEnum


class Seniority(StrEnum):
    C_LEVEL = "c_level"
    VP = "vp"
    DIRECTOR = "director"
    HEAD = "head"
    MANAGER = "manager"
    STAFF = "staff"
    UNKNOWN = "unknown"


class Function(StrEnum):
    SALES = "sales"
    MARKETING = "marketing"
    FINANCE = "finance"
    PEOPLE = "human resources"
    OPERATIONS = "operations"
    TECHNOLOGY = "technology"
    GENERAL = "general management"
    UNKNOWN = "unknown"


# Matched in this order against the lower-case title without accents; the first hit decides, so an
# assistant to the CEO is staff, a vice president is no president, and a team leader no head.
_RANKS: tuple[tuple[Seniority, str], ...] = (
    (Seniority.STAFF, (r"assist\w*|intern|trainee|working student|werkstudent\w*|praktikant\w*"
                      r"|stagiaire|becari[oa]|apprenti\w*|secretary|sekretar\w*|stagista")),
    (Seniority.VP, r"[se]?vp|vice[- ]?president\w*|vicepresident\w*"),
    (Seniority.C_LEVEL, (r"c[efmtoipr]o|ciso|chro|chief \w+( \w+)? officer|(co-?)?founder|(?<!product )owner|president\w*"
                        r"|managing director|general manager|managing partner|geschaftsfuhr\w*|vorstand\w*"
                        r"|inhaber\w*|grunder\w*|prokurist\w*|pdg|directeur general|directrice generale"
                        r"|gerant\w*|fondat\w+|director general|directora general|gerente general"
                        r"|consejer[oa] delegad[oa]|fundador\w*|dueno|amministrat\w+ delegat\w+|titolare"
                        r"|algemeen directeur|zaakvoerder|eigenaar|bestuurder|prezes|(founding|general|senior) partner")),
    (Seniority.MANAGER, r"team ?lead\w*|teamleit\w*|gruppenleit\w*|chef de (produit|projet)"),
    (Seniority.DIRECTOR, r"director\w*|directeur|directrice|direktor\w*|direttor\w+|direttrice"),
    (Seniority.HEAD, (r"head of|head|\w*leit(er|erin|ung)|responsable|responsabile|chef d\w*|chef\w*|hoofd"
                     r"|jef[ea] de|jef[ea]|kierownik")),
    (Seniority.MANAGER, (r"manager\w*|lead|leader|gerente|supervisor\w*|coordinat\w+|coordinador\w*"
                        r"|capo\w*")),
    (Seniority.STAFF, r"[a-z]\w*"),
)  # fmt: skip
_FIELDS: tuple[tuple[Function, str], ...] = (
    (Function.SALES, (r"sales|cro|revenue|vertrieb\w*|verkauf\w*|commercial\w*|comercial|ventes?|ventas|vendit\w+"
                     r"|verkoop|account|business development|growth")),
    (Function.MARKETING, r"marketing\w*|cmo|brand|communicat\w*|kommunikation\w*|demand generation|content"),
    (Function.FINANCE, r"financ\w*|finanz\w*|cfo|controll\w*|accounting|buchhalt\w*|contab\w*|compta\w*"),
    (Function.PEOPLE, r"hr|chro|human\w*|people|talent|personal\w*|recruit\w*|rrhh|risorse"),
    (Function.TECHNOLOGY, (r"cto|cio|ciso|it|technolog\w*|technik|technisch\w*|technique|engineer\w*|entwickl\w*"
                          r"|software|data|develop\w*|informati\w*|security|devops|tecnolog\w*")),
    (Function.OPERATIONS, (r"operat\w*|coo|logisti\w*|supply|procurement|einkauf\w*|achats|compras|acquisti"
                          r"|betrieb\w*|produ[ck]tion\w*|quality|opera[ct]\w+")),
    (Function.GENERAL, (r"ceo|chief executive\w*|(co-?)?founder|(?<!product )owner|president\w*|managing|geschaftsfuhr\w*"
                       r"|general\w*|inhaber\w*|pdg|gerant\w*|amministrat\w+|consejer[oa]|titolare|zaakvoerder"
                       r"|algemeen|vorstand\w*|eigenaar")),
)  # fmt: skip
_RANK_RULES = tuple((rank, re.compile(rf"\b(?:{words})\b")) for rank, words in _RANKS)
_FIELD_RULES = tuple((field, re.compile(rf"\b(?:{words})\b")) for field, words in _FIELDS)


def _plain(title: str) -> str:
    """Lower case, no accents, no dots: `C.E.O.` is `ceo` and `Geschäftsführerin` has no umlaut."""
    split = unicodedata.normalize("NFKD", title.casefold())
    return "".join(c for c in split if not unicodedata.combining(c)).replace(".", "")


def seniority(title: str | None) -> Seniority:
    """The rank a title claims; staff when no word of it does.

    Unknown without a title, or for one in a script that we cannot read.
    """
    text = _plain(title or "")
    return next((rank for rank, rule in _RANK_RULES if rule.search(text)), Seniority.UNKNOWN)


def function(title: str | None) -> Function:
    """The field a title names; unknown when no word of it names one."""
    text = _plain(title or "")
    return next((field for field, rule in _FIELD_RULES if rule.search(text)), Function.UNKNOWN)
