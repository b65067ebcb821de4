"""What tenants write: Liquid templates for plain text, in a language too small to do harm.

Refuses loops, files, clocks and whatever makes text grow: a template chooses and tidies facts.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache, update_wrapper
from typing import Final

from liquid import BoundTemplate, Environment, FalsyStrictUndefined, Token
from liquid.exceptions import LiquidError, OutputStreamLimitError, UndefinedError

from schemas.errors import Permanent

LONGEST_TEMPLATE, LONGEST_TEXT, LONGEST_SUBJECT = 20_000, 50_000, 150

# Left out on purpose: loops and whatever multiplies text (a mail of gigabytes), `date` (it reads
# the clock), and the tags that load files or keep state from one rendering to the next.
_TAGS: Final = frozenset({
    "if", "unless", "case", "assign", "comment", "#", "content", "output", "illegal",
})  # fmt: skip
_FILTERS: Final = frozenset({
    "append", "capitalize", "default", "downcase", "lstrip", "prepend", "remove", "remove_first",
    "replace_first", "rstrip", "squish", "strip", "strip_newlines", "truncate", "truncatewords",
    "upcase",
})  # fmt: skip
_OUTPUT = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_ANSWER = re.compile(
    r"\s*(re|fwd?|aw|wg|sv|vs|antw|rv|tr|odp|ynt|回复|转发|答复)\s*([\[(]\d+[\])]\s*)?[:\uff1a]",
    re.IGNORECASE,
)


class BadTemplate(Permanent):
    """The template cannot be used, whoever it is for."""


class MissingFact(Permanent):
    """The template needs a fact that this person lacks."""


def check(template: str) -> frozenset[str]:
    """The facts without which the template cannot be filled, though all others be known.

    A fact with a default, or one that is only used where an `if` found it, is not among them.
    Raises BadTemplate that names what is wrong, and where.
    """
    every = dict.fromkeys(names(template), "x")
    _fill(template, every)
    return frozenset(name for name in every if not _can_do_without(template, every, name))


def check_subject(template: str) -> frozenset[str]:
    """As `check`, and by the rules of the big receivers: one line, short, and no feigned answer."""
    if len(template.splitlines()) > 1:
        raise BadTemplate("The subject has a line break; write it on one line.")
    needed = check(template)
    words = _fill(template, dict.fromkeys(names(template), ""))
    if len(words) > LONGEST_SUBJECT:
        raise BadTemplate(
            f"The subject has {len(words)} characters before any fact is filled in;"
            f" at most {LONGEST_SUBJECT} can be read."
        )
    _refuse_feigned_answer(words)
    return needed


def names(template: str) -> frozenset[str]:
    """Every fact that the template names, with a default or without. Raises BadTemplate."""
    return frozenset(_parse(template).analyze().globals)


def render(template: str, facts: Mapping[str, str]) -> str:
    """The text for one person; a fact of blanks counts as missing.

    Facts are filled in as they are, never read as templates. Raises MissingFact that names the
    fact and the fix, and BadTemplate when the template is wrong or its text too long.
    """
    return _fill(template, {name: fact for name, fact in facts.items() if fact.strip()})


def render_subject(template: str, facts: Mapping[str, str]) -> str:
    """As `render`, on one line; raises BadTemplate for an empty subject or a feigned answer."""
    subject = " ".join(render(template, facts).split())
    if not subject:
        raise BadTemplate("The subject is empty; nobody opens a mail without one.")
    _refuse_feigned_answer(subject)
    return subject


def _refuse_feigned_answer(subject: str) -> None:
    if found := _ANSWER.match(subject):
        raise BadTemplate(
            f"The subject begins with {found.group().strip()!r}, but answers nobody:"
            " receivers treat that as deceit. Remove it."
        )


def _can_do_without(template: str, facts: Mapping[str, str], name: str) -> bool:
    try:
        _fill(template, {key: value for key, value in facts.items() if key != name})
    except MissingFact:
        return False
    return True


def _fill(template: str, facts: Mapping[str, str]) -> str:
    parsed = _parse(template)
    try:
        return parsed.render(**facts)
    except UndefinedError as error:
        name = error.message
        raise MissingFact(
            f"{name} is not known of this person; find it out, or write a text for those without:"
            f' {{{{ {name} | default: "there" }}}}.'
        ) from None
    except LiquidError as error:
        raise _bad(template, error) from None
    except RecursionError:
        raise BadTemplate("A condition of the template is too long.") from None


@lru_cache(maxsize=1024)
def _parse(template: str) -> BoundTemplate:
    if len(template) > LONGEST_TEMPLATE:
        raise BadTemplate(
            f"The template has {len(template)} characters; at most {LONGEST_TEMPLATE} are allowed."
        )
    try:
        parsed = _LANGUAGE.from_string(template)
    except LiquidError as error:
        raise _bad(template, error) from None
    for uses in parsed.analyze().variables.values():
        for use in uses:
            if len(use.segments) > 1:
                raise BadTemplate(
                    f"{_place(template, use.span.index)}: {use} is no fact; a fact has no parts."
                )
    return parsed


def _bad(template: str, error: LiquidError) -> BadTemplate:
    at = error.token.start_index if error.token else -1
    return BadTemplate(f"{_place(template, at)}: {error.message}.")


def _place(template: str, at: int) -> str:
    """Where an error is; the parser does not always tell, so each `{{ … }}` is asked alone."""
    if at < 0:
        at = next((one.start() for one in _OUTPUT.finditer(template) if not _parses(one[0])), -1)
    if at < 0:
        return "At the end of the template"
    *before, line = template[:at].split("\n")
    return f"Line {len(before) + 1}, column {len(line) + 1}"


def _parses(template: str) -> bool:
    try:
        _LANGUAGE.from_string(template)
    except LiquidError:
        return False
    return True


class _Unknown(FalsyStrictUndefined):
    """A fact that nobody told us: it can be tested and defaulted, and is an error otherwise."""

    def __init__(
        self, name: str, *, token: Token | None, obj: object = None, hint: str | None = None
    ) -> None:
        super().__init__(name, token=token, obj=obj, hint=hint)
        self.msg = name


class _Language(Environment):
    """The tags and filters that do no harm; every text in between is bounded, not just the last."""

    output_stream_limit = LONGEST_TEXT
    local_namespace_limit = LONGEST_TEXT

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=extra)
        self.tags = {name: tag for name, tag in self.tags.items() if name in _TAGS}
        self.filters = {
            name: _bounded(call) for name, call in self.filters.items() if name in _FILTERS
        }


def _bounded(call: Callable[..., object]) -> Callable[..., object]:
    def bounded(*args: object, **options: object) -> object:
        result = call(*args, **options)
        if isinstance(result, str) and len(result) > LONGEST_TEXT:
            raise OutputStreamLimitError(
                f"a text of more than {LONGEST_TEXT} characters", token=None
            )
        return result

    update_wrapper(bounded, call)  # a filter carries marks that the renderer looks for
    return bounded


_LANGUAGE = _Language(undefined=_Unknown)
