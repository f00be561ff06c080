"""What a market may declare."""

import pytest

from arbitrage_core.domain.market import TICK_LEAST, Market


@pytest.mark.parametrize("tick", [5e-324, 1e-300, TICK_LEAST / 2])
def test_a_tick_finer_than_any_price_is_refused(tick: float):
    with pytest.raises(ValueError, match="finer than any price"):
        Market(venue="east", symbol="AAA", tick=tick)


@pytest.mark.parametrize("tick", [0.0, -0.0, TICK_LEAST, 0.01])
def test_other_ticks_are_taken(tick: float):
    assert Market(venue="east", symbol="AAA", tick=tick).tick == tick
