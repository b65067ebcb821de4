"""What pydantic found wrong with a document, in words. Refuses jargon: each is half a sentence after a field's name."""

from collections.abc import Iterator

from pydantic import ValidationError

_MOST = 50
_WORDS = {
    "missing": "is required",
    "extra_forbidden": "is not a known field; remove it, or move it into attributes",
    "model_type": "must be a JSON object",
    "model_attributes_type": "must be a JSON object",
}


def refusals(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Every wrong field (its path, with dots) and what is wrong with it; fifty at most."""
    wrong = error.errors(include_url=False, include_input=False, include_context=False)
    for one in wrong[:_MOST]:
        path = ".".join(str(part) for part in one["loc"]) or "(body)"
        yield path, _WORDS.get(one["type"]) or _sentence(one["msg"])


def _sentence(message: str) -> str:
    """A validator's words as the second half of a sentence that begins with the field's name."""
    words = message.removeprefix("Value error, ").rstrip(".")
    for said, meant in (("Input should ", "should "), ("String should ", "should ")):
        words = words.replace(said, meant, 1) if words.startswith(said) else words
    return words
