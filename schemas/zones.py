"""Whose clock a person lives by: told, or concluded from their country. Refuses what is no IANA zone."""

import re
import unicodedata
from functools import cache
from typing import Literal
from zoneinfo import available_timezones

from schemas.base import Value
from schemas.zone_data import NAMES, PRINCIPAL

_ALSO = {"UK": "GB", "EL": "GR"}  # what the European Union writes instead of the ISO code


class Zone(Value):
    """An IANA zone, and who says so."""

    name: str
    source: Literal["lead", "country", "tenant"]


def resolve(told: str | None, country: str | None, default: str) -> Zone:
    """The zone of a person: as a source told, else their country's principal one, else `default`.

    `told` is an IANA name, `country` as `country_code` reads it; what is unknown counts as not
    said. In a country of several zones the guess is the one of most of its people.
    """
    if told and is_zone(told):
        return Zone(name=told, source="lead")
    code = country_code(country)
    if code:
        return Zone(name=PRINCIPAL[code], source="country")
    return Zone(name=default, source="tenant")


def is_zone(name: str) -> bool:
    """Whether the IANA database has a zone of exactly this name."""
    return name in _zones()


def country_code(country: str | None) -> str | None:
    """The ISO 3166-1 alpha-2 code of a code or of a country's name; None for anything else.

    Names count in English and in the country's own language, whatever their case and accents.
    """
    text = _plain(country or "")
    code = _ALSO.get(text.upper(), text.upper())
    return code if code in PRINCIPAL else _names().get(text)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - {"localtime", "Factory"}


@cache
def _names() -> dict[str, str]:
    return {_plain(name): code for name, code in NAMES.items()}


def _plain(text: str) -> str:
    """Letters and digits alone, so that U.S.A. is usa and Côte d'Ivoire is cotedivoire."""
    spelled = re.sub(r"\bst\b", "saint", text.casefold().replace("&", " and "))
    parts = unicodedata.normalize("NFKD", spelled)
    return "".join(part for part in parts if part.isalnum())
