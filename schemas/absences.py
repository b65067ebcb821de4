"""The day on which somebody who is away works again, as an absence notice says it. Pure.

"Back on the 3rd" is the 3rd. "Until the 3rd" is the 3rd too, unless that day is said to be part of
the absence, ends a range, or is a Friday or a weekend: then it is the working day after.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from schemas import dates
from schemas.dates import Found
from schemas.inbound import Inbound

# fmt: off
_BACK = frozenset(["back", "return", "returning", "returns", "resume", "resumes", "again", "available", "reachable", "reopen", "reopens", "reply", "respond", "wieder", "zuruck", "erreichbar", "ab", "retour", "reprends", "reprendrai", "reprise", "repondrai", "vuelta", "vuelvo", "volvere", "volver", "regreso", "regresare", "reincorporo", "reincorporare", "tornero", "torno", "rientro", "rientrero", "ritorno", "terug", "weer", "bereikbaar", "vanaf", "volto", "voltarei", "regresso", "regressarei", "retorno", "retornarei", "tillbaka", "ater", "tilbage", "tilbake", "wracam", "wroce", "partir"])
_UNTIL = frozenset(["until", "till", "til", "through", "thru", "to", "bis", "jusqu'au", "jusquau", "jusqu'a", "hasta", "fino", "finoal", "al", "tot", "ate", "tom", "t.o.m", "t.o.m.", "t/m", "i.d.m", "fram", "including", "inklusive", "do", "dnia", "au", "through"])
_INCLUSIVE = frozenset(["through", "thru", "inclusive", "including", "incl", "incl.", "einschliesslich", "einschl", "einschl.", "inklusive", "inkl", "inkl.", "inclus", "compris", "compreso", "incluso", "inclusive", "inclusief", "t/m", "t.o.m", "t.o.m.", "tom", "med", "wlacznie"])
_SINCE = frozenset(["from", "vom", "du", "del", "dal", "van", "sinds", "since", "depuis", "desde", "desde", "od", "fran", "as", "of", "ab"])
# fmt: on
_NEAR = 9
_LONGEST = timedelta(days=400)


def return_date(mail: Inbound) -> date | None:
    """The first day back, or None when the notice gives none; needs the mail's own date."""
    if mail.date is None:
        return None
    today = mail.date.date()
    for said in (f"{mail.subject} \n {mail.text[:4_000]}", mail.full_text[:2_000]):
        words = dates.words_of(said)
        found = [one for one in dates.find(words, today)
                 if today <= one.day <= today + _LONGEST]  # fmt: skip
        if day := _chosen(words, found, today):
            return day
    return None


def _chosen(words: Sequence[str], found: Sequence[Found], today: date) -> date | None:
    back = [one for one in found if _says_back(words, one)]
    if back:
        return max(one.day for one in back)
    until = [one for one in found if one.ends_range or _says(words, one, _UNTIL, before=3, after=0)]
    if not until:
        return None
    last = max(until, key=lambda one: one.day)
    inclusive = last.ends_range or _says(words, last, _INCLUSIVE, before=3, after=2)
    if inclusive or last.day.weekday() >= 4:
        return _working_day_after(last.day)
    return last.day if last.day > today else None


def _says_back(words: Sequence[str], one: Found) -> bool:
    """A word of return stands nearer before the date than one of lasting, or just behind it."""
    before = [word.strip(".,") for word in words[max(0, one.start - _NEAR) : one.start]]
    for distance, word in enumerate(reversed(before)):
        if word in _UNTIL and distance <= 3 and not one.ends_range:
            return False
        if word in _BACK and not (word == "ab" and distance > 3):
            return not one.ends_range
    return not one.ends_range and _says(words, one, _BACK - {"ab", "partir"}, before=0, after=4)


def _says(
    words: Sequence[str], one: Found, wanted: frozenset[str], *, before: int, after: int
) -> bool:
    near = [
        *words[max(0, one.start - before) : one.start],
        *words[one.end + 1 : one.end + 1 + after],
    ]
    return any(word.strip(",") in wanted or word.strip(".,") in wanted for word in near)


def _working_day_after(day: date) -> date:
    following = day + timedelta(days=1)
    while following.weekday() >= 5:
        following += timedelta(days=1)
    return following
