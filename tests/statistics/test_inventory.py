"""Inventory drift: what piled up where, at the price it could be brought back."""

import pytest

from arbitrage_core.domain.market import Market
from arbitrage_core.statistics.inventory import drift_figures, last_px, net_drift_lots
from tests.statistics.logs import CONFIG, LEFT, RIGHT, amount, empty_state


def quoted(state, symbol: int, venue: int, bid: float, ask: float, rate: float = 1.0) -> None:
    """Puts a last book into a state."""
    book = state.symbols["books"][symbol][venue]
    book["mark_bid_px"], book["mark_ask_px"] = bid, ask
    state.symbols["rates"][symbol][venue] = rate


def test_a_surplus_is_worth_the_bid_and_a_deficit_costs_the_ask():
    state = empty_state()
    state.symbols["initial_lots"][0][:2] = 10, 10
    state.symbols["position_lots"][0][:2] = 14, 6  # lots of 0.5: 2 more on the left, 2 fewer on the right
    quoted(state, 0, LEFT, 100.0, 101.0)
    quoted(state, 0, RIGHT, 99.0, 103.0)
    drifts = drift_figures(CONFIG, state)
    assert drifts["left"]["markets"]["BTC/USDT"] == {"lots": 4, "base": 2.0, "quote": 200.0}
    assert drifts["right"]["markets"]["BTC/USDT"] == {"lots": -4, "base": -2.0, "quote": -206.0}
    assert drifts["far"]["markets"]["BTC/USDT"] == {"lots": 0, "base": 0.0, "quote": 0.0}
    assert (drifts["left"]["net_quote"], drifts["right"]["net_quote"], drifts["far"]["net_quote"]) == (200, -206, 0)
    assert net_drift_lots(state.symbols[0]) == 0


def test_what_one_venue_has_of_two_symbols_is_summed_with_and_without_sign():
    state = empty_state()
    state.symbols["position_lots"][0][LEFT], state.symbols["position_lots"][1][LEFT] = 2, -6
    quoted(state, 0, LEFT, 100.0, 101.0)
    quoted(state, 1, LEFT, 9.0, 10.0, rate=2.0)  # in a currency worth two
    left = drift_figures(CONFIG, state)["left"]
    assert left["markets"]["ETH/USDT"] == {"lots": -6, "base": -3.0, "quote": -60.0}
    assert (left["net_quote"], left["gross_quote"]) == (40.0, 160.0)
    assert [net_drift_lots(state.symbols[s]) for s in range(2)] == [2, -6]


@pytest.mark.parametrize("lots, px", [(1, 0.25), (-1, 0.5)])
def test_a_single_lot_has_the_price_of_its_side(lots: int, px: float):
    state = empty_state()
    quoted(state, 0, LEFT, 0.25, 0.5)
    assert last_px(state.symbols[0], LEFT, lots) == px


@pytest.mark.parametrize(
    "bid, rate",
    [(0.0, 1.0), (float("nan"), 1.0), (float("inf"), 1.0), (100.0, 0.0)],
    ids=["none", "nan", "inf", "rate"],
)
def test_what_has_no_price_has_no_value(bid: float, rate: float):
    state = empty_state()
    state.symbols["position_lots"][0][LEFT] = 2
    quoted(state, 0, LEFT, bid, 101.0, rate)
    left = drift_figures(CONFIG, state)["left"]
    assert left["markets"]["BTC/USDT"] == {"lots": 2, "base": 1.0, "quote": None}
    assert (left["net_quote"], left["gross_quote"]) == (None, None)


def test_markets_that_do_not_exist_are_left_out():
    markets = tuple(market for market in CONFIG.markets if market.key != "far.ETH/USDT")
    config = CONFIG.model_copy(update={"markets": markets})
    assert list(drift_figures(config, empty_state())["far"]["markets"]) == ["BTC/USDT"]


def test_cash_drifts_by_currency_in_its_own_units():
    won = Market(venue="far", symbol="BTC/USDT", lot=0.5, quote_currency="KRW")
    markets = tuple(won if market.key == won.key else market for market in CONFIG.markets)
    config = CONFIG.model_copy(update={"markets": markets})
    state = empty_state()
    state.venues["start_amounts"][:, :2] = amount(100.0), 20_000
    state.venues["cash_amounts"][:3, :2] = (amount(90.0), 20_000), (amount(110.0), 20_000), (amount(100.0), 50_000)
    cash = {name: document["cash"] for name, document in drift_figures(config, state).items()}
    assert cash["left"] == {"USDT": {"amount": amount(-10.0), "own": -10.0}, "KRW": {"amount": 0, "own": 0.0}}
    assert cash["right"]["USDT"]["own"] == 10.0
    assert cash["far"]["KRW"] == {"amount": 30_000, "own": 3.0}
