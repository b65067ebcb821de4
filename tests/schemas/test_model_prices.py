"""What a call costs: exact, and never less for being odd."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.completions import Tokens
from schemas.model_prices import PRICES, Price, cost

CENTS = st.decimals(min_value=0, max_value=100_000, places=6)
PRICED = st.builds(Price, input=CENTS, cached=CENTS, output=CENTS)
COUNTED = st.builds(
    Tokens,
    input=st.integers(0, 10**6),
    cached=st.integers(0, 10**6),
    output=st.integers(0, 10**6),
)


def test_a_call_costs_its_tokens_by_the_list() -> None:
    tokens = Tokens(input=1_000_000, cached=400_000, output=100_000)
    assert cost(tokens, PRICES["gpt-4o-mini"]) == Decimal("18.0000")  # 0.6·15 + 0.4·7.5 + 0.1·60
    assert cost(Tokens(input=3, output=1), PRICES["gpt-4o-mini"]) == Decimal("0.0001")


@settings(max_examples=200)
@given(COUNTED, PRICED)
def test_a_cost_is_within_half_a_ten_thousandth_of_the_truth_and_fits_its_column(
    tokens: Tokens, price: Price
) -> None:
    found = cost(tokens, price)
    cached = min(tokens.cached, tokens.input)
    true = Decimal(tokens.input - cached) * price.input + cached * price.cached
    true = (true + tokens.output * price.output) / Decimal(10**6)
    assert abs(found - true) <= Decimal("0.00005")
    assert found == found.quantize(Decimal("0.0001"))
    assert 0 <= found < 10**8
