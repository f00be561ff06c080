"""A rate of a currency: what waits for it to be fresh is looked at at the next quote, whatever that shows."""

import pytest

from arbitrage_core.domain.row import RowKind
from tests.engine.small_market import Tape, interpreted, small_config

pytestmark = pytest.mark.usefixtures("silent_arithmetic")


@pytest.mark.parametrize("given", [{"fee_currency": "BNB"}, {"quote_currency": "BNB"}], ids=str)
def test_a_rate_of_prices_or_of_fees_makes_the_next_quote_be_looked_at(given: dict[str, str]) -> None:
    """Found by comparing seeds: with fees in BNB, a trade that waited for a fresh rate did not leave before
    the next quote of one of its own markets, and its symbol has more than two."""
    tape = Tape().row(0, RowKind.RATE, currency=1, rate=1.0).both(1, 100.0, 100.6).both(20, 100.0, 100.6)
    config = small_config(market={**given, "taker_fee_bps": -100.0, "margin_rate": 0.01})
    before = interpreted(config, tape.rows).state[0].symbols[0]
    assert int(before.in_use) > 0
    assert int(before.attention) == 0
    after = interpreted(config, tape.row(30, RowKind.RATE, currency=1, rate=1.0).rows).state[0].symbols[0]
    assert (int(after.attention), int(after.restless), int(after.above_floor)) == (1, 1, 1)
