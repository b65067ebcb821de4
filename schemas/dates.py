"""Dates as people write them in mails, in ten languages, relative to the day of the mail. Pure.

Refuses what could be any number: a bare figure counts only after an article or with its ordinal.
"""

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from schemas.phrases import fold

# fmt: off
_MONTHS = (
    "january jan januar janner janvier enero gennaio januari janeiro styczen stycznia",
    "february feb februar fevrier fev febrero febbraio februari fevereiro luty lutego",
    "march mar marz maerz mars marzo maart marco marzec marca",
    "april apr avril avr abril aprile kwiecien kwietnia",
    "may mai mayo maggio mei maio maj maja",
    "june jun juni juin junio giugno giu junho czerwiec czerwca",
    "july jul juli juillet juil julio luglio lug julho lipiec lipca",
    "august aug aout agosto augustus augusti sierpien sierpnia",
    "september sep sept septembre septiembre settembre setembro wrzesien wrzesnia",
    "october oct oktober okt octobre octubre ottobre ott outubro pazdziernik pazdziernika",
    "november nov novembre noviembre novembro listopad listopada",
    "december dec dezember dez decembre diciembre dicembre dic dezembro grudzien grudnia",
)
_DAYS = (
    "monday mon montag lundi lunes lunedi maandag segunda-feira segunda mandag poniedzialek poniedzialku",
    "tuesday tue tues dienstag mardi martes martedi dinsdag terca-feira terca tisdag wtorek wtorku",
    "wednesday wed mittwoch mercredi miercoles mercoledi woensdag quarta-feira quarta onsdag sroda srode",
    "thursday thu thurs donnerstag jeudi jueves giovedi donderdag quinta-feira quinta torsdag czwartek czwartku",
    "friday fri freitag vendredi viernes venerdi vrijdag sexta-feira sexta fredag piatek piatku",
    "saturday sat samstag sonnabend samedi sabado sabato zaterdag lordag sobota sobote",
    "sunday sun sonntag dimanche domingo domenica zondag sondag niedziela niedziele",
)
_TOMORROW = frozenset(["tomorrow", "morgen", "demain", "manana", "domani", "amanha", "imorgon", "jutro"])
_NEXT_WEEK = ({"next", "following"}, {"week"}), ({"nachste", "nachster", "kommende", "kommender"}, {"woche"}), ({"semaine"}, {"prochaine"}), ({"proxima"}, {"semana"}), ({"prossima"}, {"settimana"}), ({"settimana"}, {"prossima"}), ({"semana"}, {"proxima", "que"}), ({"volgende"}, {"week"}), ({"nasta"}, {"vecka"})
_BEFORE_BARE = frozenset(["the", "le", "el", "il", "den", "am", "dem", "al", "dia", "op", "de", "til", "do"])
_ORDINALS = ("st", "nd", "rd", "th", ".", "er", "e", "de", "ste", "º")
# fmt: on

MONTHS: dict[str, int] = {word: number for number, words in enumerate(_MONTHS, 1) for word in words.split()}  # fmt: skip
WEEKDAYS: dict[str, int] = {word: number for number, words in enumerate(_DAYS) for word in words.split()}  # fmt: skip
_LINKS = frozenset(["of", "de", "di", "do", "den", "der", "d'"])
_MOST_WORDS = 800


@dataclass(frozen=True, slots=True)
class Found:
    """A date in a text: the places of its first and last word, and whether it ends a range."""

    day: date
    start: int
    end: int
    ends_range: bool = False


def words_of(text: str) -> list[str]:
    """The words that dates are looked for in; marks at their end stay, ranges are taken apart."""
    folded = fold(text).replace("\u2013", " - ").replace("\u2014", " - ")
    for letter, apart in (("年", "/"), ("月", "/"), ("日", " ")):
        folded = folded.replace(letter, apart)
    found: list[str] = []
    for word in folded.split()[:_MOST_WORDS]:
        found.extend(_apart(word))
    return found


def find(words: Sequence[str], today: date) -> Iterator[Found]:
    """The dates in a text, in order; one without a year is the next one from `today` on."""
    at, last = 0, today
    while at < len(words):
        found = _at(words, at, today, last)
        if found is None:
            at += 1
            continue
        yield found
        last = found.day
        at = found.end + 1


def _apart(word: str) -> list[str]:
    bare = word.strip("()[]\"'*!?,;:")
    left, dash, right = bare.partition("-")
    numbers = left.rstrip(".").replace(".", "").isdigit() and right[:1].isdigit()
    if dash and numbers and len(left.strip(".")) <= 5 and right.count("-") == 0:
        return [left, "-", right]
    return [bare] if bare else []


def _at(words: Sequence[str], at: int, today: date, last: date) -> Found | None:
    for read in (_numeric, _day_month, _month_day, _bare):
        if found := read(words, at, today):
            return found
    word = words[at].rstrip(".")
    if word in WEEKDAYS:
        if at + 1 < len(words) and (dated := _dated(words, at + 1, today)):
            return Found(dated.day, at, dated.end, dated.ends_range)
        base = max(today, last)
        ahead = (WEEKDAYS[word] - base.weekday()) % 7 or 7
        return Found(base + timedelta(days=ahead), at, at)
    if word in _TOMORROW and not (at and words[at - 1] in {"am", "guten"}):
        return Found(today + timedelta(days=1), at, at)
    for first, second in _NEXT_WEEK:
        if word in first and at + 1 < len(words) and words[at + 1].rstrip(".") in second:
            return Found(today + timedelta(days=7 - today.weekday()), at, at + 1)
    return None


def _dated(words: Sequence[str], at: int, today: date) -> Found | None:
    while at < len(words) and words[at] in {"the", "den", "dem", "le", "el", "il", "de", "d."}:
        at += 1
    if at >= len(words):
        return None
    for read in (_numeric, _day_month, _month_day):
        if found := read(words, at, today):
            return found
    return None


def _numeric(words: Sequence[str], at: int, today: date) -> Found | None:
    word = words[at].rstrip(".")
    for mark in ("-", "/", "."):
        parts = word.split(mark)
        if len(parts) in {2, 3} and all(part.isdigit() and len(part) <= 4 for part in parts):
            day = _from_numbers([int(part) for part in parts], mark, today)
            return Found(day, at, at, ends_range=_after_dash(words, at)) if day else None
    return None


def _from_numbers(numbers: list[int], mark: str, today: date) -> date | None:
    if len(numbers) == 3 and numbers[0] > 31:
        return _date(numbers[0], numbers[1], numbers[2])
    first, second = numbers[:2]
    if first > 31 or second > 31 or (len(numbers) == 2 and mark == "-"):
        return None
    year = numbers[2] + (2000 if numbers[2] < 100 else 0) if len(numbers) == 3 else None
    orders = [(second, first)] if mark == "." else [(second, first), (first, second)]
    options = [day for month, number in orders if (day := _next(month, number, today, year))]
    ahead = [day for day in options if day >= today] or options
    return min(ahead, key=lambda day: abs((day - today).days), default=None)


def _day_month(words: Sequence[str], at: int, today: date) -> Found | None:
    """3 August, 3. August 2026, 3 de agosto de 2026, 3rd of August; 3 - 14 August gives its end."""
    number = _number(words[at])
    after = at + 1
    while number and after < len(words) and words[after] in _LINKS:
        after += 1
    if not number or after >= len(words) or words[after].strip(".,") not in MONTHS:
        return None
    month = MONTHS[words[after].strip(".,")]
    if after + 1 < len(words) and words[after + 1] in {"de", "del"}:
        year, end = _year(words, after + 2)
    else:
        year, end = _year(words, after + 1)
    day = _next(month, number, today, year)
    return Found(day, at, end if year else after, _after_dash(words, at)) if day else None


def _month_day(words: Sequence[str], at: int, today: date) -> Found | None:
    """August 3, Aug. 3rd, 2026."""
    month = MONTHS.get(words[at].strip(".,"))
    if not month or at + 1 >= len(words):
        return None
    skip = 2 if words[at + 1] == "the" and at + 2 < len(words) else 1
    number = _number(words[at + skip])
    if not number:
        return None
    year, end = _year(words, at + skip + 1)
    day = _next(month, number, today, year)
    return Found(day, at, end if year else at + skip, _after_dash(words, at)) if day else None


def _bare(words: Sequence[str], at: int, today: date) -> Found | None:
    """The 18th; le 29."""
    word = words[at]
    number = _number(word)
    if not number or not at or words[at - 1] not in _BEFORE_BARE:
        return None
    if words[at - 1] == "the" and word.isdigit():
        return None
    for ahead in range(2):
        month = (today.month - 1 + ahead) % 12 + 1
        day = _date(today.year + (today.month - 1 + ahead) // 12, month, number)
        if day and day >= today:
            return Found(day, at, at, ends_range=_after_dash(words, at))
    return None


def _after_dash(words: Sequence[str], at: int) -> bool:
    """Whether this date is the second of two, as in "3 - 14", "vom 3. bis 14.", "du 3 au 14"."""
    before = words[max(0, at - 3) : at]
    return any(word in {"-", "bis", "au", "to", "al", "tot", "ate", "till", "through", "a"} and index
               and _figures(before[index - 1]) for index, word in enumerate(before))  # fmt: skip


def _figures(word: str) -> bool:
    return word[:1].isdigit() or word.strip(".") in MONTHS


def _number(word: str) -> int | None:
    bare = word.rstrip(",")
    for ordinal in _ORDINALS:
        if bare.endswith(ordinal) and bare[: -len(ordinal)].isdigit():
            bare = bare[: -len(ordinal)]
            break
    number = int(bare) if bare.isdecimal() and len(bare) <= 2 else 0
    return number if 1 <= number <= 31 else None


def _year(words: Sequence[str], at: int) -> tuple[int | None, int]:
    word = words[at].strip(".,") if at < len(words) else ""
    year = int(word) if len(word) == 4 and word.isdecimal() else 0
    return (year, at) if 2000 <= year <= 2100 else (None, at)


def _next(month: int, number: int, today: date, year: int | None) -> date | None:
    if year is not None:
        return _date(year, month, number)
    day = _date(today.year, month, number)
    if day and day < today - timedelta(days=120):
        return _date(today.year + 1, month, number)
    return day


def _date(year: int, month: int, number: int) -> date | None:
    if not (1 <= month <= 12 and 2000 <= year <= 2100):
        return None
    return date(year, month, number) if 1 <= number <= calendar.monthrange(year, month)[1] else None
