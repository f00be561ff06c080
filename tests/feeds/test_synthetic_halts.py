"""Halts of a synthetic market: told by FEED rows, as often and as long as stated, and traded as an end of the feed."""

import numpy as np
import pytest
from pydantic import ValidationError

from arbitrage_core.domain.order import Action, Purpose
from arbitrage_core.domain.row import FeedStatus, RowKind
from arbitrage_core.domain.trade import ExitReason, Phase
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_market import SyntheticMarket
from arbitrage_core.feeds.synthetic_presets import preset
from arbitrage_core.session.backtest import run_backtest
from arbitrage_core.session.plan import Offer, plan_session
from tests.feeds.recordings import rows_of

VENUES = ("alpha", "beta")
SYMBOLS = ("BTC/USDT", "ETH/USDT")
HALTING = SyntheticMarket(halts_per_s=0.02, halt_mean_s=8.0, gaps_per_s=0.0)
IDENTITIES_BEFORE_HALTS = {
    "calm": "6571e3bbe78153d74c81e9daee241b07607bebc49d181510284b39816ea1c07e",
    "thin": "688cf55ad204df860c2e07daf7530ebbfd08ba5e2fb4de96d7344147c549ffc4",
    "wide50": "540fc01d5b76ba2de3cd8bed6ae63fe98de24413f7ae00e6b539b78b225ca056",
}


def halting_rows(levels: int = 1) -> np.ndarray:
    return rows_of(SyntheticQuotes(HALTING, venues=VENUES, symbols=SYMBOLS, rows=200_000, seed=3, levels=levels))


def of_markets(rows: np.ndarray) -> list[np.ndarray]:
    """The rows of each market of two symbols on two venues."""
    return [rows[(rows["symbol"] == s) & (rows["venue"] == v)] for s in range(2) for v in range(2)]


def halts_of(rows: np.ndarray) -> list[tuple[int, int, int, int]]:
    """(symbol, venue, from_ns, until_ns) of each halt that is over."""
    found = []
    for market in of_markets(rows):
        ends = np.flatnonzero(market["kind"] == RowKind.FEED)
        for began, over in zip(ends[::2].tolist(), ends[1::2].tolist(), strict=False):
            one = market[began]
            found.append((int(one["symbol"]), int(one["venue"]), int(one["now_ns"]), int(market[over]["now_ns"])))
    return found


def test_a_halted_market_says_ended_then_nothing_then_up_and_quotes_again():
    for market in of_markets(halting_rows()):
        feeds = np.flatnonzero(market["kind"] == RowKind.FEED)
        assert len(feeds) > 10
        told = market["status"][feeds]
        assert (told[::2] == FeedStatus.ENDED).all()
        assert (told[1::2] == FeedStatus.UP).all()
        pairs = len(feeds) // 2
        assert (feeds[1::2] == feeds[: 2 * pairs : 2] + 1).all()  # nothing between the two
        after = feeds[1::2] + 1
        assert (market["kind"][after[after < len(market)]] == RowKind.QUOTE).all()


def test_halts_come_and_last_as_stated():
    rows = halting_rows()
    halts = halts_of(rows)
    seconds = (rows["now_ns"][-1] - rows["now_ns"][0]) * 1e-9
    lasted_s = np.array([until - since for *_, since, until in halts]) * 1e-9
    assert len(halts) / seconds / len(SYMBOLS) == pytest.approx(HALTING.halts_per_s, rel=0.2)
    assert np.mean(lasted_s) == pytest.approx(HALTING.halt_mean_s + 1 / HALTING.updates_per_s, rel=0.05)
    assert lasted_s.min() >= HALTING.halt_mean_s / 2
    assert lasted_s.max() < HALTING.halt_mean_s * 1.5 + 2


def test_a_feed_row_carries_its_times_and_an_empty_payload():
    rows = halting_rows(levels=3)
    feeds = rows[rows["kind"] == RowKind.FEED]
    for name in ("bid_px", "bid_qty", "ask_px", "ask_qty"):
        assert not feeds[name].any()
    assert (feeds["received_ns"] == feeds["now_ns"]).all()
    assert (feeds["venue_ns"] == feeds["now_ns"]).all()


def test_a_symbol_has_the_same_halts_alone():
    together = halting_rows()
    own = together[together["symbol"] == 1].copy()
    own["symbol"] = 0
    alone = rows_of(SyntheticQuotes(HALTING, venues=VENUES, symbols=SYMBOLS[1:], rows=len(own), seed=3))
    assert own.tobytes() == alone.tobytes()


@pytest.mark.parametrize("name, sha256", IDENTITIES_BEFORE_HALTS.items())
def test_markets_without_halts_keep_the_identity_they_had_before_there_were_any(name, sha256):
    chosen = preset(name)
    feed = SyntheticQuotes(
        chosen.market, venues=chosen.venues, symbols=chosen.symbols, rows=1_000, seed=1, levels=chosen.levels
    )
    assert feed.identity()["sha256"] == sha256


@pytest.mark.parametrize("market", (HALTING, SyntheticMarket()), ids=("halting", "not"))
def test_a_market_can_be_made_again_from_its_definition(market):
    assert SyntheticMarket.model_validate(market.definition()) == market


def test_how_long_halts_last_is_part_of_the_identity():
    longer = HALTING.model_copy(update={"halt_mean_s": 9.0})
    assert longer.definition() != HALTING.definition()


def test_more_halts_than_updates_allow_are_refused():
    with pytest.raises(ValidationError, match=r"halts\) are too many for updates_per_s = 10"):
        SyntheticMarket(halts_per_s=3.0)


def test_trades_of_a_halted_market_leave_at_once_and_none_is_entered_before_it_is_back():
    chosen = preset("low")
    market = chosen.market.model_copy(update={"halts_per_s": 0.02, "halt_mean_s": 8.0})
    feed = SyntheticQuotes(market, venues=VENUES, symbols=SYMBOLS, rows=100_000, seed=3)
    costs = {**chosen.market_overrides, "reject_rate": 0.0, "report_loss_rate": 0.0}
    result = run_backtest(plan_session(Offer.of(feed), params=chosen.params, market_overrides=costs), feed)
    log, halts = result.log, halts_of(rows_of(feed))
    assert not result.violations

    closed = log.trades[log.trades["phase"] == Phase.CLOSED]
    ended = closed[closed["exit_reason"] == ExitReason.FEED_ENDED]
    assert len(ended) > 20
    began_ns = {(symbol, since) for symbol, _, since, _ in halts}
    at_once = [(int(trade["symbol"]), int(trade["leaving_ns"])) in began_ns for trade in ended]
    assert np.mean(at_once) > 0.9  # the others were still opening, or already leaving, when the halt began

    entries = log.orders[(log.orders["action"] == Action.SUBMIT) & (log.orders["purpose"] == Purpose.ENTRY)]
    for symbol, _, since, until in halts:
        mine = entries["now_ns"][entries["symbol"] == symbol]
        assert not ((mine >= since) & (mine <= until)).any()
