"""The same market in another currency is the same market: its trades, its profit, and how much of it there is."""

from pathlib import Path

import pytest

from arbitrage_core.domain.currency import ABOUT_ONE_USDT
from arbitrage_core.domain.money import booking_unit
from arbitrage_core.session.backtest import run_backtest
from arbitrage_core.session.plan import Offer, plan_session
from arbitrage_core.session.result import SessionResult
from arbitrage_core.session.verdict_document import verdict_document
from arbitrage_core.session.verdict_run import SizeEnd, VerdictRun, verdict_of
from tests.session.scaled_markets import market_in

CURRENCIES = ("USDT", "KRW", "JPY", "BTC", "ETH")
SETTINGS = ("taker_fee_bps=2",)


def traded(currency: str, folder: Path, *settings: str) -> SessionResult:
    feed = market_in(currency, folder)
    return run_backtest(plan_session(Offer.of(feed), (*SETTINGS, *settings)), feed)


def judged(currency: str, folder: Path, *settings: str, qty_base: float = 16.0) -> VerdictRun:
    feed = market_in(currency, folder, qty_base=qty_base)
    config = plan_session(Offer.of(feed), (*SETTINGS, *settings))
    return verdict_of(config, feed, run_backtest(config, feed).log)


@pytest.mark.parametrize("currency", CURRENCIES[1:])
def test_it_has_the_same_trades_and_the_profit_scaled(currency: str, tmp_path: Path):
    """By defaults alone. Each of its fills may be rounded to half a booking unit of its own currency, cash and fee."""
    mine, usdt = traded(currency, tmp_path), traded("USDT", tmp_path)
    document, other = mine.document, usdt.document
    assert other["entries"] == 120
    for name in ("entries", "closed_trades", "unwound", "open", "exits", "win_rate", "refusals"):
        assert document[name] == other[name], name
    assert mine.log.fills["lots"].tolist() == usdt.log.fills["lots"].tolist()
    scale = ABOUT_ONE_USDT[currency]
    room = len(mine.log.fills) * (booking_unit(currency) + booking_unit("USDT") * scale)
    for name in ("pnl_quote", "gross_quote", "fees_quote", "max_drawdown_quote"):
        assert document[name] == pytest.approx(other[name] * scale, abs=room), name
    assert not mine.violations


def test_its_capacity_is_the_same_and_ends_where_the_books_do(tmp_path: Path):
    """16 of a coin at 250 are four times the usual size: of eight times no more can be had."""
    usdt, krw = judged("USDT", tmp_path), judged("KRW", tmp_path)
    for found, scale in ((usdt, 1.0), (krw, 1_000.0)):
        assert [point.value for point in found.size] == [point.value for point in usdt.size]
        assert [point.trades for point in found.size] == [point.trades for point in usdt.size]
        earned = [point.earned / scale for point in found.size]
        assert earned == pytest.approx([point.earned for point in usdt.size], rel=1e-6)
        assert earned[-1] == earned[-2]
        assert found.size_end is SizeEnd.DEPTH
    assert [found.capacity.value for found in (krw, usdt) if found.capacity is not None] == [4.0, 4.0]


def test_sizes_grow_until_the_books_end_them_though_exposure_and_losses_have_limits(tmp_path: Path):
    """A hundred times as deep; the limits are those of the usual size and grow along with it."""
    limits = ("symbol_exposure_max_quote=9000", "drawdown_max_quote=500", "venue.east.exposure_max_quote=5000")
    found = judged("USDT", tmp_path, *limits, qty_base=1_600.0)
    assert found.size_end is SizeEnd.DEPTH
    assert found.capacity is not None
    assert found.capacity.value >= 256.0
    assert found.capacity.value > 16.0 * found.size[0].value


PURSES = [
    # settings, what ended the curve, the largest size tried
    (("notional_quote=500000", "initial_capital_quote=900000"), SizeEnd.PURSE, 8.0),
    (("notional_quote=500000", "initial_capital_quote=900000", "margin_rate=0.05"), SizeEnd.BOUND, 16.0),
    (("initial_capital_quote=9000000",), SizeEnd.TRIED, 1_024.0),
]


@pytest.mark.parametrize("settings, end, largest", PURSES)
def test_where_the_books_end_nothing_it_is_said_what_did(settings, end, largest, tmp_path: Path):
    """Books for ten thousand times the usual size. Of half a million a trade sixteen times as much is more than the
    most capital covers, or, on less margin, thirty-two times as much more than can be booked. A thousand can grow to
    the largest that is tried, though the capital stands at its bound from the first: it covers them all the same."""
    found = judged("USDT", tmp_path, *settings, qty_base=160_000.0)
    config = plan_session(Offer.of(market_in("USDT", tmp_path)), (*SETTINGS, *settings))
    capacity = verdict_document(found, config)["capacity"]
    assert (found.size_end, found.size[-1].value) == (end, largest)
    assert (capacity["at_least"], capacity["ended_by"], capacity["size_factor"]) == (True, str(end), largest)
