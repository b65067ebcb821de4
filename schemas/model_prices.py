"""What a call costs: tokens by a price list, in cents of a US dollar, exact to 0.0001 cent.

Refuses to guess: a model that is on no list costs nobody knows what.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Final

from pydantic import Field

from schemas.base import Value
from schemas.completions import Tokens

EXACT: Final = Decimal("0.0001")
_MILLION: Final = Decimal(1_000_000)

PerMillion = Annotated[
    Decimal, Field(ge=0, le=100_000, max_digits=14, decimal_places=6, allow_inf_nan=False)
]


class Price(Value):
    """Cents per million tokens: read, read again from the server's cache, and written."""

    input: PerMillion
    cached: PerMillion
    output: PerMillion


def cost(tokens: Tokens, price: Price) -> Decimal:
    """What an answer cost in cents, rounded half up to 0.0001; the same as Postgres would round."""
    cached = min(tokens.cached, tokens.input)
    spent = (
        (tokens.input - cached) * price.input
        + cached * price.cached
        + tokens.output * price.output
    )  # fmt: skip
    return (spent / _MILLION).quantize(EXACT, ROUND_HALF_UP)


def _price(given: int, cached: str, written: int) -> Price:
    return Price(input=Decimal(given), cached=Decimal(cached), output=Decimal(written))


PRICES: Final[dict[str, Price]] = {
    "gpt-4.1": _price(200, "50", 800),
    "gpt-4.1-mini": _price(40, "10", 160),
    "gpt-4.1-nano": _price(10, "2.5", 40),
    "gpt-4o": _price(250, "125", 1000),
    "gpt-4o-mini": _price(15, "7.5", 60),
}
"""List prices of models that many use; a price of the house or of a tenant goes before them."""
