"""Stages D66 and D67 as data, and on a few seeds what they ask; on all by `campaign_margins D66` and `… D67`."""

from functools import cache

import numpy as np
import pytest

from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.engine.guard_memory import remember_result as sound_remember_result
from arbitrage_core.session.backtest import run_backtest
from flows.independence import independence_of, parting
from flows.seed_rows import KeptRows, config_of, feed_of
from flows.stages.d66 import D66, M1, M2, M3
from flows.stages.d67 import D67, P1, P2, P3
from flows.stages.guard_campaigns import GUARD_CAMPAIGNS
from flows.stages.stage import SEEDS, Campaign
from tests.flows.stages.campaign_margins import Measured, absent, measured, missed
from tests.seeded_guard_faults import losses_of_all


@cache
def of_seed(name: str, seed: int) -> Measured:
    stage = D66 if name in {campaign.name for campaign in D66.campaigns} else D67
    return next(measured(campaign, seed) for campaign in stage.campaigns if campaign.name == name)


@pytest.mark.parametrize("campaign", (M1, M2, M3, P1, P2), ids=lambda campaign: campaign.name)
def test_each_symbol_has_the_band_of_its_market_on_twenty_seeds(campaign: Campaign) -> None:
    assert campaign.seeds == SEEDS
    assert len(SEEDS) >= 20
    bands = {"mixed": (0.4, 0.6), "high": (0.65, 0.95), "low": (0.05, 0.35)}
    for band in campaign.bands:
        if band.figure == "win_rate":
            kinds = {campaign.symbols[band.symbol]} if band.symbol else set(campaign.symbols.values())
            assert {(band.least, band.most)} == {bands[kind] for kind in kinds}


@pytest.mark.parametrize("campaign", (M1, M2, M3, P1, P2, P3), ids=lambda campaign: campaign.name)
def test_its_bands_hold_with_no_law_broken_and_no_sum_off(campaign: Campaign) -> None:
    assert missed(campaign, of_seed(campaign.name, 1)) == []


def test_every_refusal_and_every_step_of_every_guard_occurs_in_the_guard_campaigns() -> None:
    seen = [of_seed(campaign.name, seed) for campaign in GUARD_CAMPAIGNS for seed in campaign.seeds]
    assert absent(seen, D67.model_copy(update={"required_exits": ("REDUCED",)})) == []
    assert [text for campaign in GUARD_CAMPAIGNS for text in missed(campaign, of_seed(campaign.name, 1))] == []


def test_every_rule_is_required() -> None:
    assert set(D67.required_refusals) == {rule.name for rule in Refusal} - {"NONE"}


# ------------------------------------------------------------------------------------------------------- independence


SMALL = M2.model_copy(update={"rows": 40_000})


@cache
def small_session():
    feed = KeptRows(feed_of(SMALL, 3))
    config = config_of(SMALL, 3)
    return config, feed, run_backtest(config, feed).log


def test_symbols_decide_alone_and_beside_one_switched_off_as_they_do_together() -> None:
    compared, parted = independence_of(*small_session())
    assert (compared, parted) == (3, ())


def test_a_shared_limit_that_binds_is_told() -> None:
    config, feed, _ = small_session()
    tight = config.model_copy(update={"portfolio_exposure_max_quote": 2_100.0})
    _, parted = independence_of(tight, feed, run_backtest(tight, feed).log)
    assert {where.split(" ")[0] for where in parted} == {"BTC/USDT", "ETH/USDT"}


def test_a_counter_shared_between_symbols_is_told() -> None:
    """Every symbol's losses in a row counted for the first one."""
    config, feed, _ = small_session()
    params = config.params.model_copy(update={"losses_in_a_row_max": 2, "guard_pause_ms": 5_000.0})
    guarded = config.model_copy(update={"params": params})
    assert independence_of(guarded, feed, run_backtest(guarded, feed).log)[1] == ()
    shared = {"remember_result": losses_of_all}
    log = run_backtest(guarded, feed, replaced=shared).log
    assert independence_of(guarded, feed, log, replaced=shared)[1] != ()
    assert sound_remember_result is not losses_of_all


@pytest.mark.parametrize("log", ["orders", "trades"])
def test_decisions_part_where_a_single_entry_differs_or_is_missing(log: str) -> None:
    entries = np.zeros(3, np.dtype([("now_ns", "i8"), ("symbol", "i8")]))
    other = entries.copy()
    names = ("orders", "changes", "fills", "trades", "incidents", "funding")
    one, two = (dict.fromkeys(names, entries) for _ in range(2))
    assert parting(one, two) is None
    other["now_ns"][1] = 1
    assert parting(one, {**two, log: other}) == f"{log}[1] differs"
    assert parting(one, {**two, log: entries[:2]}) == f"3 {log}, there 2"
