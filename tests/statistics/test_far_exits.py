"""What was earned by leaving at prices too far apart is told, so that nobody takes it for the strategy's."""

import pytest

from arbitrage_core.statistics.far_exits import far_exits
from arbitrage_core.statistics.summary import summarise
from tests.engine.small_market import EAST, WEST, Tape, interpreted, small_config

pytestmark = pytest.mark.usefixtures("silent_arithmetic")

UNIT = 1e-8


def held_until_the_end_at(factor: float, venue: int = EAST):
    """One lot of 1 coin, bought at 100.01 at east and sold at 100.59 at west, whose holding time ends while one venue
    has been quoting its price times `factor` for a while."""
    tape = Tape().both(0, 100.0, 100.6).both(20, 100.0, 100.6)
    for at_ms in range(100, 1_500, 100):
        east, west = (100.0 * factor, 100.6) if venue == EAST else (100.0, 100.6 * factor)
        tape.both(at_ms, east, west)
    config = small_config(cooldown_ms=600_000.0, hold_max_ms=500.0, market={"taker_fee_bps": 0.0})
    session = interpreted(config, tape.rows)
    session.end()
    return session


def test_a_profit_made_of_a_thousandfold_price_is_told():
    session = held_until_the_end_at(1_000.0)
    found = far_exits(session.config, session.log, UNIT)
    assert found["trades"] == 1
    assert found["pnl_quote"] == pytest.approx(99_999.99 - 100.01 + 100.59 - 100.61)  # in and out of both legs
    assert summarise(session.config, session.log, session.state[0])["far_exits"] == found


@pytest.mark.parametrize("factor, trades", [(1.19, 1), (0.001, 1), (1.06, 1), (1.04, 0), (1.0, 0)])
@pytest.mark.parametrize("venue", [EAST, WEST])
def test_the_bound_is_that_of_an_entry(factor: float, trades: int, venue: int):
    session = held_until_the_end_at(factor, venue)
    assert far_exits(session.config, session.log, UNIT)["trades"] == trades
