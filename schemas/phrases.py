"""A small language for what people write, and its matcher. Linear in the text; no regular expressions.

A phrase is words that follow each other in one sentence: `a|b` is either, `stop*` anything that begins
so, `_` up to four words of any kind, `^` the sentence's start and `$` its end. Words are compared
without case and accents.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_MOST_WORDS = 6_000
_ENDS = set(".!?;:\n\u2022\u00bf\u00a1\u2026\u3002\uff01\uff1f")
_GAP = 4
_SHORT = {"re": "are", "d": "would", "ll": "will"}


@dataclass(frozen=True, slots=True)
class Sentence:
    """The words of one sentence, folded, and whether it asks."""

    words: tuple[str, ...]
    asks: bool
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase that was found, and where."""

    words: str
    sentence: int
    start: int
    end: int


Word = tuple[frozenset[str], tuple[str, ...]]
"""One place of a phrase: the words that fit, and the beginnings that fit."""


@dataclass(frozen=True, slots=True)
class _Phrase:
    source: str
    places: tuple[Word | None, ...]
    at_start: bool
    at_end: bool


class Lexicon:
    """Many phrases, found together in one pass."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._words: dict[str, list[_Phrase]] = {}
        self._beginnings: dict[str, list[_Phrase]] = {}
        for source in phrases:
            self._add(_compiled(source))

    def _add(self, phrase: _Phrase) -> None:
        first = phrase.places[0]
        assert first, f"{phrase.source!r} begins with a gap"
        for word in first[0]:
            self._words.setdefault(word, []).append(phrase)
        for beginning in first[1]:
            self._beginnings.setdefault(beginning[:3], []).append(phrase)

    def find(self, sentences: Sequence[Sentence]) -> Iterator[Hit]:
        """Every place where a phrase fits, in the order of the text."""
        for number, sentence in enumerate(sentences):
            for start, word in enumerate(sentence.words):
                for phrase in (*self._words.get(word, ()), *self._beginnings.get(word[:3], ())):
                    end = _fits(phrase, sentence.words, start)
                    if end:
                        yield Hit(" ".join(sentence.words[start:end])[:120], number, start, end)

    def first(self, sentences: Sequence[Sentence]) -> Hit | None:
        """The first place where any phrase fits."""
        return next(self.find(sentences), None)


def fold(text: str) -> str:
    """Lower case without accents, apostrophes straight."""
    plain = unicodedata.normalize("NFKD", text.replace("\u2019", "'").replace("ß", "ss").casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def sentences(text: str, *, most_chars: int = 60_000) -> list[Sentence]:
    """The sentences of a text; an address or a number keeps its points."""
    found: list[Sentence] = []
    left = _MOST_WORDS
    for said in _split(text[:most_chars]):
        words = tuple(_words(fold(said)))[:left]
        left -= len(words)
        if words:
            found.append(Sentence(words, said.rstrip()[-1:] in {"?", "\uff1f"}, said.strip()))
    return found


def _split(text: str) -> Iterator[str]:
    start = 0
    for index, letter in enumerate(text):
        if letter not in _ENDS:
            continue
        following = text[index + 1 : index + 2]
        if letter in ".:" and following and not following.isspace():
            continue  # 10.30, ada@example.org, http://…
        if letter == "\n" and _goes_on(text, start, index):
            continue
        if index > start:
            yield text[start : index + 1]
        start = index + 1
    if start < len(text):
        yield text[start:]


def _goes_on(text: str, start: int, index: int) -> bool:
    """A line that was wrapped: long, and what follows begins in small letters."""
    return index - start > 40 and text[index + 1 : index + 2].islower()


def _words(folded: str) -> Iterator[str]:
    word: list[str] = []
    for letter in folded:
        joins = letter in "./:" and word and word[-1].isdigit()
        if joins or letter.isalnum() or letter in "'@-+_":
            word.append(letter)
        elif word:
            yield from _pieces("".join(word))
            word.clear()
    if word:
        yield from _pieces("".join(word))


def _pieces(word: str) -> Iterator[str]:
    """A word without its edges; `don't` stays one, `l'offre` is two."""
    bare = word.strip("-'_+./:")
    head, apostrophe, tail = bare.partition("'")
    if head == "we" and tail in _SHORT:  # else "we're" and "we'd" would be the past and a Wednesday
        yield from (head, _SHORT[tail])
        return
    if apostrophe and tail and len(head) <= 2 and head not in {"i", "he", "we", "it"}:
        yield from (head + "'", tail)
    elif bare:
        yield bare.replace("'", "")


def _compiled(source: str) -> _Phrase:
    words = source.split()
    at_start, at_end = words[0] == "^", words[-1] == "$"
    inner = words[int(at_start) : len(words) - int(at_end)]
    return _Phrase(source, tuple(map(_place, inner)), at_start, at_end)


def _place(word: str) -> Word | None:
    if word == "_":
        return None
    either = word.split("|")
    whole = frozenset(_bare(one) for one in either if not one.endswith("*"))
    return whole, tuple(_bare(one[:-1]) for one in either if one.endswith("*"))


def _bare(word: str) -> str:
    folded = fold(word)
    return folded if folded.endswith("'") else folded.replace("'", "")


def _fits(phrase: _Phrase, words: tuple[str, ...], start: int) -> int:
    """Where the phrase that begins at `start` ends; 0: it does not fit."""
    if phrase.at_start and start:
        return 0
    ends = {start}
    for place in phrase.places:
        if place is None:
            ends = {end + extra for end in ends for extra in range(_GAP + 1)}
        else:
            ends = {end + 1 for end in ends if end < len(words) and _is(place, words[end])}
        if not ends:
            return 0
    fitting = [
        end for end in ends if end <= len(words) and (not phrase.at_end or end == len(words))
    ]
    return min(fitting, default=0)


def _is(place: Word, word: str) -> bool:
    return word in place[0] or any(word.startswith(beginning) for beginning in place[1])


def lines(text: str) -> list[str]:
    """The patterns of a block of text, one per line; blank ones are left out."""
    return [line.strip() for line in text.strip().splitlines() if line.strip()]
