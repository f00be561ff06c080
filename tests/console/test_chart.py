"""The chart: one file that needs no other, its band as a plain loop finds it, its thinning without loss of extremes."""

import re
from pathlib import Path

import numpy as np
import pytest

from arbitrage_core.domain.row import FeedStatus, RowKind, row_dtype
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.output import FILL_OUT, TRADE_OUT
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import PRESETS
from arbitrage_core.session.backtest import run_backtest
from arbitrage_core.session.plan import Offer, plan_session
from console.chart import exit_costs_bps, extremes, write_chart
from console.spread_band import spread_band

VENUES, SYMBOLS = ("alpha", "beta", "gamma"), ("BTC/USDT", "ETH/KRW")


class Rows:
    """A feed of rows made by hand, handed over in arrays of a few."""

    venues, symbols, levels = VENUES, SYMBOLS, 1

    def __init__(self, rows: np.ndarray) -> None:
        self.rows = rows

    def __iter__(self):
        return iter(np.array_split(self.rows, 3))


def config() -> SessionConfig:
    return plan_session(Offer(VENUES, SYMBOLS, rates=frozenset({1})), ["reporting_currency=USDT"])


def made_rows() -> np.ndarray:
    draw = np.random.default_rng(5)
    rows = np.zeros(300, row_dtype(1))
    rows["now_ns"] = np.sort(draw.integers(0, 1_000, len(rows)))
    rows["kind"] = RowKind.QUOTE
    rows["venue"], rows["symbol"] = draw.integers(0, 3, len(rows)), draw.integers(0, 2, len(rows))
    rows["bid_px"][:, 0] = draw.uniform(99, 100, len(rows))
    rows["ask_px"][:, 0] = draw.uniform(100, 101, len(rows))
    rates, feeds = draw.choice(len(rows), (2, 20), replace=False)
    for at in rates:
        rows[at] = np.zeros(1, rows.dtype)[0]
        rows["kind"][at], rows["currency"][at], rows["rate"][at] = RowKind.RATE, 1, draw.uniform(0.9, 1.1)
    for at in feeds:
        rows["kind"][at], rows["status"][at] = RowKind.FEED, draw.choice([FeedStatus.DOWN, FeedStatus.UP])
        rows["symbol"][at] = draw.integers(-1, 2)
    rows["now_ns"] = np.maximum.accumulate(rows["now_ns"])
    return rows


def plain_band(rows: np.ndarray, stretches: int, width_ns: int) -> tuple[np.ndarray, np.ndarray]:
    """The same, written to be read."""
    touches: dict[tuple[int, int], tuple[float, float]] = {}
    krw = np.nan
    lowest, highest = np.full((2, stretches), np.nan), np.full((2, stretches), np.nan)
    for row in rows:
        symbol, venue = int(row["symbol"]), int(row["venue"])
        if row["kind"] == RowKind.RATE:
            krw = float(row["rate"])
        elif row["kind"] == RowKind.FEED and row["status"] != FeedStatus.UP:
            for other in (0, 1) if symbol < 0 else (symbol,):
                touches.pop((other, venue), None)
        elif row["kind"] == RowKind.QUOTE:
            touches[symbol, venue] = float(row["bid_px"][0]), float(row["ask_px"][0])
            rate = krw if symbol == 1 else 1.0
            mine = {venue: touches[key] for venue in range(3) if (key := (symbol, venue)) in touches}
            spreads = [
                (bid * rate - ask * rate) / (ask * rate) * 1e4
                for buy, (_, ask) in mine.items()
                for sell, (bid, _) in mine.items()
                if buy != sell
            ]
            if spreads and np.isfinite(max(spreads)):
                at = symbol, min(int(row["now_ns"]) // width_ns, stretches - 1)
                lowest[at], highest[at] = np.fmin(lowest[at], max(spreads)), np.fmax(highest[at], max(spreads))
    return lowest, highest


@pytest.mark.parametrize("stretches", [1, 7, 400])
def test_the_band_is_what_a_plain_loop_finds(stretches):
    rows = made_rows()
    begins, lowest, highest = spread_band(Rows(rows), config(), 0, 999, stretches)
    wanted = plain_band(rows, stretches, int(999 // stretches + 1))
    assert begins[0] == 0
    np.testing.assert_array_equal(np.stack([lowest, highest]), np.stack(wanted))
    assert np.isfinite(highest).any()


@pytest.mark.parametrize("count, stretches", [(0, 10), (1, 10), (39, 10), (5_000, 10), (5_000, 1)])
def test_thinning_keeps_ends_and_extremes_and_the_order(count, stretches):
    values = np.random.default_rng(1).normal(size=count)
    times_ns = np.cumsum(np.random.default_rng(2).integers(0, 9, count))
    kept = extremes(times_ns, values, stretches)
    assert np.all(np.diff(kept) > 0)
    assert len(kept) <= 4 * stretches + 1
    if count:
        assert {0, count - 1, int(values.argmin()), int(values.argmax())} <= set(kept.tolist())


def test_the_cost_of_an_exit_is_that_of_its_fills():
    trades, fills = np.zeros(2, TRADE_OUT), np.zeros(4, FILL_OUT)
    trades["number"] = 1, 2
    fills["trade"], fills["leg"], fills["purpose"] = 1, (0, 0, 1, 0), (2, 2, 2, 0)  # three exits and an entry
    fills["lots"], fills["cash_reporting_amount"] = (1, 1, 2, 9), (100, 102, -202 * 2, 5)
    costs = exit_costs_bps(fills, trades)
    assert costs[0] == pytest.approx(1e4)
    assert np.isnan(costs[1])


def test_the_file_stands_alone_and_names_data_and_configuration(tmp_path: Path):
    chosen = PRESETS["mixed"]
    feed = SyntheticQuotes(chosen.market, venues=chosen.venues, symbols=chosen.symbols, rows=20_000)
    session = plan_session(Offer.of(feed), params=chosen.params, market_overrides=chosen.market_overrides)
    result = run_backtest(session, feed)
    path = tmp_path / "chart.html"
    write_chart(path, result, feed, title="<mixed>")
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<(script|link|img|iframe)\b[^>]*\b(src|href)=", text)
    assert f"data {result.document['data_sha256'][:12]} · configuration {session.digest[:12]}" in text
    assert "&lt;mixed&gt;" in text
    assert [file.name for file in tmp_path.iterdir()] == ["chart.html"]
