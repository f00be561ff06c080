"""Money in a plan: defaults in the currency of the session, bounds that follow it, rates that somebody must tell."""

import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.strategy import StrategyParams
from arbitrage_core.session.plan import Offer, plan_session
from arbitrage_core.statistics.currencies import currency_notes, quote_currencies

VENUES = ("east", "west")


def planned(symbols: tuple[str, ...], *settings: str, rates: tuple[int, ...] = (), **preset: object) -> SessionConfig:
    return plan_session(Offer(VENUES, symbols, rates=frozenset(rates)), settings, **preset)


def money_of(config: SessionConfig) -> tuple[float, float | None, float]:
    return config.initial_capital_quote, config.params.notional_quote, config.markets[0].min_notional_quote


DEFAULTS = [
    ("BTC/USDT", (10_000.0, 1_000.0, 5.0)),
    ("BTC/KRW", (10_000_000.0, 1_000_000.0, 5_000.0)),
    ("KRW-BTC", (10_000_000.0, 1_000_000.0, 5_000.0)),
    ("ETH/BTC", (0.1, 0.01, 5e-5)),
    ("BTC/JPY", (1_000_000.0, 100_000.0, 500.0)),
    ("BTC/points", (10_000.0, 1_000.0, 5.0)),
]


@pytest.mark.parametrize("symbol, expected", DEFAULTS)
def test_defaults_are_of_the_currency(symbol, expected):
    assert money_of(planned((symbol,))) == expected


def test_what_is_given_is_used_as_given():
    settings = ("initial_capital_quote=7", "notional_quote=2", "min_notional_quote=1")
    assert money_of(planned(("BTC/KRW",), *settings)) == (7.0, 2.0, 1.0)
    assert money_of(planned(("BTC/KRW",), params={"notional_quote": 3.0}))[1] == 3.0
    by_quantity = planned(("BTC/KRW",), params={"qty_base": 0.5})
    assert (by_quantity.params.qty_base, by_quantity.params.notional_quote) == (0.5, None)
    own = planned(("BTC/KRW", "ETH/KRW"), "symbol.ETH/KRW.entry_spread_bps=9")
    assert own.params_of("ETH/KRW").notional_quote == 1_000_000.0


def test_a_configuration_made_without_a_plan_has_them_too():
    plan = planned(("BTC/KRW",))
    bare = SessionConfig(venues=plan.venues, symbols=plan.symbols, markets=plan.markets, reporting_currency="KRW")
    assert (bare.initial_capital_quote, bare.params) == (10_000_000.0, StrategyParams(notional_quote=1_000_000.0))
    assert SessionConfig.model_validate(plan.model_dump()) == plan


BOUNDS = [("BTC/USDT", "USDT", 9e6), ("BTC/KRW", "KRW", 9e10), ("ETH/BTC", "BTC", 9e4), ("BTC/TRY", "TRY", 9e8)]


@pytest.mark.parametrize("symbol, currency, most", BOUNDS)
@pytest.mark.parametrize(
    "name", ["initial_capital_quote", "notional_quote", "symbol.{}.notional_quote", "market.east.{}.min_notional_quote"]
)
def test_money_up_to_the_bound_of_its_currency_is_taken_and_beyond_it_refused_with_the_bound(
    symbol, currency, most, name
):
    name = name.format(symbol)
    planned((symbol,), f"{name}={most!r}")
    with pytest.raises(BadInput) as refused:
        planned((symbol,), f"{name}={most * 1.000001!r}")
    assert name in refused.value.cause
    assert f"amounts of {currency} are not exact that far" in refused.value.cause
    assert refused.value.cure == f"allowed: at most {most:,.0f} {currency}"


def test_a_limit_may_be_as_high_as_it_likes():
    planned(("BTC/USDT",), "portfolio_exposure_max_quote=1e30", "drawdown_max_quote=inf", "exposure_max_quote=1e30")


UNTOLD = [
    (("BTC/KRW", "ETH/USDT"), (), "quoted in KRW, the session is reckoned in USDT"),
    (("ETH/BTC", "ETH/KRW"), (), "the session is reckoned in USDT"),
    (("BTC/KRW",), ("market.west.BTC/KRW.quote_currency=USDT",), "east.BTC/KRW is quoted in KRW"),
    (("BTC/USDT",), ("reporting_currency=KRW",), "quoted in USDT, the session is reckoned in KRW"),
    (("BTC/USDT",), ("fee_currency=BNB",), "takes its fees in BNB"),
]


@pytest.mark.parametrize("symbols, settings, cause", UNTOLD)
def test_a_session_that_needs_rates_is_refused_at_its_start_unless_its_rows_tell_them(symbols, settings, cause):
    with pytest.raises(BadInput, match=cause) as refused:
        planned(symbols, *settings)
    assert "no source of rows tells any" in refused.value.cause
    assert "--symbols" in refused.value.cure
    assert len(planned(symbols, *settings, rates=(1, 2)).currencies) > 1


NOTES = [
    (("BTC/USDT",), (), []),
    (("BTCUSDT", "ETHUSDT"), (), ["USDT, read off the spelling of BTCUSDT, ETHUSDT"]),
    (("KRW-BTC",), (), ["KRW, read off the spelling of KRW-BTC"]),
    (("X",), (), ["USDT, assumed, there is none in X; --set quote_currency=… says otherwise"]),
    (("X", "BTCUSDT"), ("quote_currency=EUR",), []),
    (("A/points",), (), ["what points is worth is not known: defaults of money are the figures of USDT"]),
]


@pytest.mark.parametrize("symbols, settings, notes", NOTES)
def test_what_was_read_assumed_or_not_known_is_said(symbols, settings, notes):
    assert currency_notes(quote_currencies(planned(symbols, *settings))) == notes


def test_of_each_symbol_it_is_told_how_its_currency_came_to_be_known():
    config = planned(
        ("BTC/KRW", "KRW-ETH", "X"), "market.east.X.quote_currency=KRW", "market.west.X.quote_currency=KRW"
    )
    assert quote_currencies(config) == {
        "BTC/KRW": {"currency": "KRW", "known": "stated by the symbol", "typical": True},
        "KRW-ETH": {"currency": "KRW", "known": "read off its spelling", "typical": True},
        "X": {"currency": "KRW", "known": "set", "typical": True},
    }
