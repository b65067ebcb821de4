"""Public holidays by country. Refuses to guess: a country it does not know has none."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from schemas.zones import country_code


def is_holiday(day: date, country: str | None) -> str | None:
    """The name of the nationwide public holiday on a day, in English where one is known.

    `country` is an ISO 3166 code or a name, as `schemas.zones` reads it. Regional holidays
    (one federal state, one canton) do not count, since a lead's region is not known.
    """
    code = country_code(country)
    return _holidays(code, day.year).get(day) if code else None


@lru_cache(maxsize=2048)
def _holidays(code: str, year: int) -> Mapping[date, str]:
    import holidays  # slow to load, and most processes never plan a mail

    try:
        found = holidays.country_holidays(code, years=year, expand=False, language="en_US")
    except NotImplementedError:
        return {}
    return dict(found.items())
