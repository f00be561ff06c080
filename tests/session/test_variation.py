"""A configuration with one thing otherwise: that thing everywhere, nothing else, and validated like any other."""

import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.session.plan import Offer, plan_session
from arbitrage_core.session.variation import latency_most_ms, purse_is_short, with_latency, with_size, with_taker_fee

OFFER = Offer(("east", "west"), ("AAA/USDT", "BBB/USDT"))
CONFIG = plan_session(
    OFFER,
    [
        "taker_fee_bps=4",
        "market.east.AAA/USDT.taker_fee_bps=7",
        "symbol.BBB/USDT.qty_base=2",
        "take_profit=9:0.3",
        "market.west.BBB/USDT.report_latency_ms=300",
        "latency_jitter_ms=50",
        "initial_capital_quote=20000",
    ],
)


def other_than(config, *names: str) -> dict:
    return {name: value for name, value in dict(config).items() if name not in names}


@pytest.mark.parametrize(
    "varied, name", [(with_taker_fee(CONFIG, 1.5), "taker_fee_bps"), (with_latency(CONFIG, 1.5), "latency_ms")]
)
def test_it_is_the_same_on_all_markets_and_nothing_else_changes(varied, name: str):
    assert [getattr(market, name) for market in varied.markets] == [1.5] * 4
    assert other_than(varied, "markets") == other_than(CONFIG, "markets")
    for mine, theirs in zip(varied.markets, CONFIG.markets, strict=True):
        assert other_than(mine, name) == other_than(theirs, name)


def test_a_size_changes_every_trade_and_the_capital():
    varied = with_size(CONFIG, 3.0)
    assert (varied.params.notional_quote, varied.params.qty_base) == (3_000.0, None)
    assert (varied.symbol_params["BBB/USDT"].notional_quote, varied.symbol_params["BBB/USDT"].qty_base) == (None, 6.0)
    assert varied.initial_capital_quote == 60_000.0
    assert varied.params.take_profit == CONFIG.params.take_profit
    assert other_than(varied, "params", "symbol_params", "initial_capital_quote") == other_than(
        CONFIG, "params", "symbol_params", "initial_capital_quote"
    )
    assert with_size(CONFIG, 1_000.0).initial_capital_quote == 9e6


def test_limits_of_exposure_and_loss_grow_with_the_size_and_no_limit_stays_none():
    limits = (
        "symbol.AAA/USDT.symbol_exposure_max_quote=10",
        "venue.east.exposure_max_quote=20",
        "drawdown_max_quote=3",
    )
    more = ("portfolio_exposure_max_quote=30", "portfolio_daily_loss_max_quote=4", "symbol_daily_loss_max_quote=5")
    varied = with_size(plan_session(OFFER, (*limits, *more)), 2.0)
    assert varied.params_of("AAA/USDT").symbol_exposure_max_quote == 20.0
    assert varied.params.symbol_exposure_max_quote == float("inf")
    assert [venue.exposure_max_quote for venue in varied.venues] == [40.0, float("inf")]
    assert (varied.portfolio_exposure_max_quote, varied.portfolio_daily_loss_max_quote) == (60.0, 8.0)
    assert (varied.drawdown_max_quote, varied.params.symbol_daily_loss_max_quote) == (6.0, 10.0)
    assert [market.min_notional_quote for market in varied.markets] == [5.0] * 4


@pytest.mark.parametrize("currency, most", [("USDT", 9e6), ("KRW", 9e10), ("BTC", 9e4)])
def test_the_capital_grows_to_the_bound_of_its_currency_and_then_the_purse_is_short(currency, most):
    config = plan_session(Offer(("east", "west"), (f"AAA/{currency}",)), [f"initial_capital_quote={most / 4!r}"])
    assert not purse_is_short(config, 4.0)
    assert purse_is_short(config, 4.1)
    assert with_size(config, 3.0).initial_capital_quote == pytest.approx(0.75 * most)
    assert with_size(config, 5.0).initial_capital_quote == most


def test_as_it_is_it_is_the_same_configuration():
    plain = plan_session(OFFER, ["taker_fee_bps=4", "latency_ms=9"])
    for varied in (with_taker_fee(plain, 4.0), with_latency(plain, 9.0), with_size(plain, 1.0)):
        assert varied.digest == plain.digest


def test_the_highest_latency_is_the_last_that_can_be():
    most = latency_most_ms(CONFIG)
    timeout_ms = CONFIG.params.answer_timeout_ms
    assert most == pytest.approx(0.999 * min((timeout_ms - 100) / 2, timeout_ms - 100 - 300))
    with_latency(CONFIG, most)
    with pytest.raises(BadInput, match="answer_timeout_ms"):
        with_latency(CONFIG, most / 0.998)


@pytest.mark.parametrize("varied", [with_taker_fee, with_latency, with_size])
def test_what_cannot_be_is_refused(varied):
    with pytest.raises(BadInput, match="cannot be varied"):
        varied(CONFIG, -1e6)
