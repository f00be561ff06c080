"""The presets: complete, valid, and with the opportunities they promise."""

import numpy as np
import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.market import Market
from arbitrage_core.domain.strategy import StrategyParams
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import PRESETS, preset
from arbitrage_core.feeds.threshold import share_above
from tests.feeds.recordings import rows_of

EACH = pytest.mark.parametrize("name", PRESETS)


def test_there_are_the_six_that_campaigns_and_benchmarks_name():
    assert set(PRESETS) == {"mixed", "high", "low", "calm", "thin", "wide50"}


def test_an_unknown_preset_is_answered_with_those_there_are():
    with pytest.raises(BadInput, match="no synthetic preset 'mixt'; there are mixed, high, low"):
        preset("mixt")


@EACH
def test_its_settings_fit_the_strategy_and_every_market(name):
    chosen = preset(name)
    assert chosen.name == name
    StrategyParams(**chosen.params)
    for venue in chosen.venues:
        for symbol in chosen.symbols:
            Market(venue=venue, symbol=symbol, **chosen.market_overrides)


@EACH
def test_a_feed_of_it_gives_its_rows(name):
    chosen = preset(name)
    feed = SyntheticQuotes(
        chosen.market, venues=chosen.venues, symbols=chosen.symbols, rows=1_000, levels=chosen.levels
    )
    assert len(rows_of(feed)) == 1_000
    assert chosen.rows >= 500_000


@pytest.mark.parametrize("name, least, most", (("mixed", 0.05, 0.4), ("high", 0.03, 0.3), ("low", 0.1, 0.5)))
@pytest.mark.parametrize("seed", range(3))
def test_the_campaign_markets_cross_the_entry_now_and_then(name, least, most, seed):
    chosen = preset(name)
    rows = rows_of(
        SyntheticQuotes(chosen.market, venues=chosen.venues, symbols=chosen.symbols, rows=200_000, seed=seed)
    )
    assert least < share_above(rows, chosen.params["entry_spread_bps"]) < most


def test_the_calm_market_never_covers_its_costs():
    chosen = preset("calm")
    rows = rows_of(SyntheticQuotes(chosen.market, venues=chosen.venues, symbols=chosen.symbols, rows=200_000))
    costs_bps = chosen.params["exit_spread_bps"] + 4 * chosen.market_overrides["taker_fee_bps"]
    assert share_above(rows, costs_bps) == 0.0


def test_jumps_outlast_the_holding_time_more_often_from_high_to_low():
    shares = [preset(name).market.jump_reverting_share for name in ("high", "mixed", "low")]
    assert (np.diff(shares) < 0).all()
