"""The plan: settings by reach, what wins over what, and the words of every refusal."""

import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.strategy import StrategyParams
from arbitrage_core.feeds.synthetic_presets import PRESETS
from arbitrage_core.session.allowed import allowed_values
from arbitrage_core.session.plan import Offer, plan_session, settable

VENUES, SYMBOLS = ("alpha_spot", "be.ta"), ("BTC/USDT", "A.B_C")
OFFER = Offer(VENUES, SYMBOLS)


def planned(*settings: str, **preset: object) -> SessionConfig:
    return plan_session(OFFER, settings, **preset)


def fees(config: SessionConfig) -> list[float]:
    """In the order BTC/USDT on alpha_spot, be.ta; A.B_C on alpha_spot, be.ta."""
    return [market.taker_fee_bps for market in config.markets]


def rungs(config: SessionConfig) -> tuple:
    return config.params.take_profit


REACHES = [
    ((), [10, 10, 10, 10]),
    (("taker_fee_bps=5",), [5, 5, 5, 5]),
    (("market.be.ta.A.B_C.taker_fee_bps=1",), [10, 10, 10, 1]),
    (("market.alpha_spot.BTC/USDT.taker_fee_bps=1",), [1, 10, 10, 10]),
    (("market.be.ta.A.B_C.taker_fee_bps=1", "taker_fee_bps=5"), [5, 5, 5, 1]),
    (("taker_fee_bps=5", "taker_fee_bps=6"), [6, 6, 6, 6]),
    ((" taker_fee_bps = 5 ",), [5, 5, 5, 5]),
]


@pytest.mark.parametrize("settings, expected", REACHES)
def test_the_nearer_market_setting_wins_and_the_later_of_two_alike(settings, expected):
    assert fees(planned(*settings)) == expected


def test_an_operator_overrides_the_preset_and_the_preset_the_defaults():
    preset = {"params": {"exit_spread_bps": 3.0, "hold_max_ms": 9.0}, "market_overrides": {"taker_fee_bps": 4.0}}
    config = planned("hold_max_ms=8", "market.be.ta.A.B_C.taker_fee_bps=1", **preset)
    assert (config.params.exit_spread_bps, config.params.hold_max_ms) == (3.0, 8.0)
    assert fees(config) == [4, 4, 4, 1]


def test_a_symbol_has_its_own_strategy_on_top_of_what_holds_for_all():
    config = planned("entry_spread_bps=7", "symbol.A.B_C.hold_max_ms=5", params={"exit_spread_bps": 1.0})
    own = config.params_of("A.B_C")
    assert (own.entry_spread_bps, own.hold_max_ms, own.exit_spread_bps) == (7, 5, 1)
    assert config.params_of("BTC/USDT").hold_max_ms == StrategyParams().hold_max_ms


def test_a_venue_and_the_session_are_set_by_name():
    config = planned("venue.be.ta.orders_per_s_max=3", "exposure_max_quote=9", "initial_capital_quote=5", "seed=4")
    assert [(v.orders_per_s_max, v.exposure_max_quote) for v in config.venues] == [(50, 9), (3, 9)]
    assert (config.initial_capital_quote, config.seed) == (5, 4)
    assert planned(seed=6).seed == 6
    assert planned("seed=4", seed=6).seed == 4


SIZES = [
    (("qty_base=2",), (2.0, None), (2.0, None)),
    (("notional_quote=7",), (None, 7.0), (None, 7.0)),
    (("qty_base=2", "symbol.A.B_C.notional_quote=7"), (2.0, None), (None, 7.0)),
    (("symbol.A.B_C.qty_base=2",), (None, 1000.0), (2.0, None)),
    (("qty_base=2", "notional_quote=none"), (2.0, None), (2.0, None)),
]


@pytest.mark.parametrize("settings, everyone, own", SIZES)
def test_a_size_given_in_one_way_unsets_the_other(settings, everyone, own):
    config = planned(*settings)
    found = [(params.qty_base, params.notional_quote) for params in (config.params, config.params_of("A.B_C"))]
    assert found == [everyone, own]


VALUES = [
    ("take_profit=8:0.5,5:0.25", lambda c: [(r.closing_cost_bps, r.share) for r in rungs(c)], [(8, 0.5), (5, 0.25)]),
    ("entry_net_edge_bps=off", lambda c: c.params.entry_net_edge_bps, "off"),
    ("entry_order=post_only", lambda c: c.params.entry_order.value, "post_only"),
    ("portfolio_exposure_max_quote=inf", lambda c: c.portfolio_exposure_max_quote, float("inf")),
    ("kind=spot", lambda c: {m.kind.value for m in c.markets}, {"spot"}),
    ("report_latency_ms=none", lambda c: c.markets[0].report_latency_ms, None),
    ("quote_currency=KRW", lambda c: c.reporting_currency, "KRW"),
]


@pytest.mark.parametrize("setting, read, expected", VALUES)
def test_a_value_is_read_as_its_parameter_means_it(setting, read, expected):
    assert read(planned(setting)) == expected


CURRENCIES = [  # tests/domain/test_spelling.py has all the spellings
    (("BTC/USDT", "BTCUSDT"), ["USDT", "USDT"], "USDT"),
    (("KRW-BTC", "ETH/KRW"), ["KRW", "KRW"], "KRW"),
    (("BTC/KRW",), ["KRW"], "KRW"),
    (("BTC/USDC:USDC",), ["USDC"], "USDC"),
    (("BTC/KRW", "ETH/USDT"), ["KRW", "USDT"], "USDT"),
    (("odd/",), ["USDT"], "USDT"),
]


@pytest.mark.parametrize("symbols, quotes, reporting", CURRENCIES)
def test_the_quote_currency_is_read_off_the_symbol(symbols, quotes, reporting):
    config = plan_session(Offer(VENUES, symbols, rates=frozenset({1})))
    assert [market.quote_currency for market in config.markets if market.venue == "be.ta"] == quotes
    assert config.reporting_currency == reporting


REFUSED = [
    ("taker_fee=5", "no parameter 'taker_fee'", "taker_fee_bps"),
    ("zzz=1", "no parameter 'zzz'", "there are strategy"),
    ("foo", "'foo' is no setting", "name=value"),
    ("=3", "'=3' is no setting", "name=value"),
    ("taker_fee_bps=x", "taker_fee_bps = x cannot be", "a number from -100 to 1000"),
    ("taker_fee_bps=", "taker_fee_bps =  cannot be", "a number from -100 to 1000"),
    ("taker_fee_bps=nan", "taker_fee_bps = nan", "give one"),
    ("spread_max_bps=inf", "spread_max_bps = inf cannot be", "at most 10000"),
    ("max_open_trades=1.5", "max_open_trades = 1.5 cannot be", "a whole number from 1 to 16"),
    ("stop_loss_bps=0", "stop_loss_bps = 0 cannot be", "more than 0 and at most 10000, or off"),
    ("entry_order=foo", "entry_order = foo cannot be", "ioc, market, gtc, post_only"),
    ("take_profit=8:x", "take_profit = 8:x cannot be", "8:0.5,5:0.25"),
    ("initial_capital_quote=0", "initial_capital_quote = 0 cannot be", "more than 0"),
    ("strategy=foo", "strategy = foo cannot be", "taker_taker"),
    ("hold_max_ms=none", "hold_max_ms = none cannot be", "more than 0"),
    ("venue.be.ta.orders_per_s_max=0", "venue.be.ta.orders_per_s_max = 0", "from 1 to"),
    ("market.foo.BTC/USDT.lot=1", "there is no market 'foo.BTC/USDT'", "be.ta.BTC/USDT"),
    ("market.be.ta.A.B_C.lt=1", "a market has no 'lt'", "lot"),
    ("symbol.A.B_C.lot=1", "a symbol has no 'lot'", "there are"),
    ("venue.beta.orders_per_s_max=1", "there is no venue 'beta'", "be.ta"),
    ("shop.x.y=1", "nothing is reached by 'shop'", "market.VENUE.SYMBOL.name"),
    ("spread_max_bps=5", "spread_max_bps must lie above entry_spread_bps", "--set"),
    ("outage_from_ms=3", "an outage needs both", "--set"),
    ("latency_ms=2000", "which answer_timeout_ms = 3000 would call unknown", "--set"),
    ("notional_quote=none", "the size is either qty_base or notional_quote", "--set"),
    ("market.be.ta.A.B_C.lot=3e-5", None, None),
    ("market.be.ta.A.B_C.lot=2.5e-5", "one market's lot must be a multiple of the other's", "--set"),
]


@pytest.mark.parametrize("setting, cause, cure", REFUSED)
def test_an_impossible_setting_is_refused_with_its_name_its_value_and_what_is_allowed(setting, cause, cure):
    if cause is None:
        planned(setting)
        return
    with pytest.raises(BadInput) as refused:
        planned(setting)
    assert cause in refused.value.cause
    assert cure in refused.value.cure


def test_a_symbol_with_one_market_is_refused():
    with pytest.raises(BadInput, match=r"needs markets on two venues.*--symbols"):
        plan_session(Offer(VENUES, ("X",), markets=(("be.ta", "X"),)))


def test_markets_that_are_not_there_are_not_planned():
    some = (("alpha_spot", "X"), ("be.ta", "X"), ("gamma", "Y"), ("be.ta", "Y"))
    config = plan_session(Offer((*VENUES, "gamma"), ("X", "Y"), markets=some))
    assert [(market.venue, market.symbol) for market in config.markets] == list(some)


def test_no_name_belongs_to_two_things():
    names = [name for group in settable().values() for name in group]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_makes_a_session(name):
    chosen = PRESETS[name]
    offer = Offer(chosen.venues, chosen.symbols, chosen.levels)
    config = plan_session(offer, params=chosen.params, market_overrides=chosen.market_overrides)
    assert config.params.entry_spread_bps == chosen.params["entry_spread_bps"]


def test_every_strategy_parameter_says_what_is_allowed():
    assert all(allowed_values(StrategyParams, name) for name in settable()["params"])


def test_a_recording_says_which_markets_it_has():
    class Recording:
        venues, symbols, levels = VENUES, ("X",), 3
        markets = (("be.ta", "X"), ("alpha_spot", "X"))

    assert Offer.of(Recording()) == Offer(VENUES, ("X",), 3, (("alpha_spot", "X"), ("be.ta", "X")))


TOO_MANY = (
    (Offer(tuple("abcdefghi"), SYMBOLS), "9 venues, and a session holds 8; choose at most 8: --venues a,b,…"),
    (
        Offer(VENUES, tuple(f"S{number}" for number in range(65))),
        "65 symbols, and a session holds 64; choose at most 64: --symbols S0,S1,…",
    ),
    (Offer(VENUES, SYMBOLS, levels=25), "books of 25 levels, and a session holds 20; cut them: --levels 20"),
    (Offer(("alpha",), SYMBOLS), "one venue only, alpha: an arbitrage needs two; name two with --venues"),
)


@pytest.mark.parametrize("offer, words", TOO_MANY)
def test_more_or_fewer_than_a_session_holds_is_said_with_how_to_choose(offer, words):
    with pytest.raises(BadInput) as refused:
        plan_session(offer)
    assert str(refused.value) == words
