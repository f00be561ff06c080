"""The threshold market: what it says of its rows is what a plain count finds."""

import numpy as np
import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import RowKind, row_dtype
from arbitrage_core.feeds.threshold import share_above, threshold_market


def counted(rows: np.ndarray, entry_spread_bps: float) -> float:
    """The share above, in plain Python, by docs/engine.md §3."""
    touches: dict[tuple[int, int], tuple[float, float]] = {}
    above = 0
    for row in rows:
        touches[row.symbol, row.venue] = (row.bid_px[0], row.ask_px[0])
        here = {venue: touch for (symbol, venue), touch in touches.items() if symbol == row.symbol}
        above += any(
            (here[sell][0] - here[buy][1]) / here[buy][1] * 1e4 > entry_spread_bps
            for buy in here
            for sell in here
            if buy != sell
        )
    return above / len(rows)


@pytest.mark.parametrize("symbols, share", ((1, 0.15), (1, 0.4), (5, 0.15)))
def test_the_wanted_share_of_rows_is_above_the_spread_it_solved_for(symbols, share):
    market = threshold_market(20_000, symbols, seed=3, share_above=share)
    assert share - 0.001 < market.share_above <= share
    assert share_above(market.rows, market.entry_spread_bps) == market.share_above
    assert counted(market.rows, market.entry_spread_bps) == market.share_above


@pytest.mark.parametrize("symbols", (1, 50))
def test_each_symbol_has_a_row_a_millisecond_on_two_venues_with_one_level(symbols):
    market = threshold_market(100_000, symbols, seed=1)
    rows = market.rows
    assert rows.dtype == row_dtype(1)
    assert (len(market.venues), len(market.symbols)) == (2, symbols)
    assert (rows["now_ns"][-1] - rows["now_ns"][0]) / 1e6 / len(rows) * symbols == pytest.approx(1.0, rel=0.02)
    assert np.bincount(rows["venue"]).min() / len(rows) == pytest.approx(0.5, abs=0.01)


def test_crossings_come_in_clusters_and_often_enough():
    rows = 300_000
    market = threshold_market(rows, 1, seed=2)
    above = np.array([share_above(market.rows[at : at + 100], market.entry_spread_bps) for at in range(0, rows, 100)])
    assert np.mean(above == 0.0) > 0.5
    assert np.mean(above > 0.5) > 0.05
    starts = np.count_nonzero((above[1:] > 0) & (above[:-1] == 0))
    assert starts / rows * 1e6 > 400


def test_a_spread_lies_between_two_venues_however_crossed_one_of_them_is():
    rows = threshold_market(1_000, 1, seed=1).rows
    alone = rows[rows["venue"] == 0]
    alone["bid_px"] *= 2
    assert share_above(alone, -1e4) == 0.0


def test_only_quotes_count():
    rows = threshold_market(1_000, 1, seed=1).rows
    mixed = np.zeros(1_001, rows.dtype)
    mixed[:1_000] = rows
    mixed[1_000].kind = RowKind.TIMER
    assert share_above(mixed, 5.0) == share_above(rows, 5.0)
    assert share_above(mixed[1_000:], 5.0) == 0.0


@pytest.mark.parametrize(
    "rows, symbols, share, message",
    (
        (100, 0, 0.1, "1 to 50"),
        (100, 51, 0.1, "1 to 50"),
        (0, 1, 0.1, "rows"),
        (100, 1, 0.0, "share"),
        (100, 1, 1.0, "share"),
    ),
)
def test_impossible_wishes_are_refused(rows, symbols, share, message):
    with pytest.raises(BadInput, match=message):
        threshold_market(rows, symbols, 1, share)


def test_an_empty_side_is_no_price():
    rows = threshold_market(1_000, 1, seed=1).rows
    for name in ("ask_px", "ask_qty"):
        rows[name] = 0.0
    assert share_above(rows, -1e4) == 0.0, "there is nothing to buy"
