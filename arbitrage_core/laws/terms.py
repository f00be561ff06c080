"""The terms: what a configuration says, as arrays the laws can index. Made from the configuration alone, not from the
parameters the engine was given, so that a mistake in those is seen."""

from dataclasses import dataclass
from math import floor

import numpy as np

from arbitrage_core.domain.identity import key_of
from arbitrage_core.domain.market import MarketKind
from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.session import REPORTING_CURRENCY, SessionConfig

NS_PER_MS = 1_000_000
NO_MARKET = -1


@dataclass(frozen=True, eq=False)
class Terms:
    """A configuration as arrays: V venues, S symbols, C currencies in the configuration's order.

    f8 [C]: `units`. int64 [S, V]: `quote`, `fee_currency` (currency indices, `NO_MARKET` where there is none),
    `step_lots`, `initial_lots`; bool [S, V]: `spot`. [S]: `lot_base` (f8), `symbol_keys`, the `_ns` durations (int64),
    `slippage_bound_bps`, `symbol_exposure_max_quote` (f8), `open_trades_max`. [V]: `venue_exposure_max_quote` (f8),
    `orders_per_s_max`, `home` (index of the currency its capital is held in), `capital_amounts` (its share, in the
    reporting currency).
    """

    config: SessionConfig
    units: np.ndarray
    quote: np.ndarray
    fee_currency: np.ndarray
    spot: np.ndarray
    step_lots: np.ndarray
    initial_lots: np.ndarray
    lot_base: np.ndarray
    symbol_keys: np.ndarray
    quote_age_max_ns: np.ndarray
    skew_max_ns: np.ndarray
    working_max_ns: np.ndarray
    answer_timeout_ns: np.ndarray
    retry_ns: np.ndarray
    single_leg_deadline_ns: np.ndarray
    exit_wait_max_ns: np.ndarray
    slippage_bound_bps: np.ndarray
    symbol_exposure_max_quote: np.ndarray
    open_trades_max: np.ndarray
    venue_exposure_max_quote: np.ndarray
    orders_per_s_max: np.ndarray
    home: np.ndarray
    capital_amounts: np.ndarray
    portfolio_exposure_max_quote: float

    @property
    def venues(self) -> int:
        """How many venues there are."""
        return self.quote.shape[1]

    @property
    def symbols(self) -> int:
        """How many symbols there are."""
        return self.quote.shape[0]

    @property
    def currencies(self) -> int:
        """How many currencies there are; the first is the reporting currency."""
        return len(self.units)

    def market_name(self, symbol: int, venue: int) -> str:
        """`VENUE.SYMBOL`."""
        return f"{self.config.venues[venue].name}.{self.config.symbols[symbol]}"

    def cash_name(self, venue: int, currency: int) -> str:
        """What a venue holds of a currency, in words."""
        return f"{self.config.currencies[currency]} at {self.config.venues[venue].name}"

    def is_reporting(self, currency: np.ndarray) -> np.ndarray:
        """Whether each currency index is the reporting currency: conversions are identities there."""
        return currency == REPORTING_CURRENCY


def terms_of(config: "SessionConfig | Terms") -> Terms:
    """The terms of a configuration; terms pass through, so that a caller may make them once."""
    if isinstance(config, Terms):
        return config
    params = [config.params_of(symbol) for symbol in config.symbols]
    return Terms(
        config=config,
        units=np.array([booking_unit(currency) for currency in config.currencies]),
        **_markets(config),
        symbol_keys=np.array([key_of(symbol) for symbol in config.symbols], np.int64),
        **{
            f"{name}_ns": np.array([round(getattr(p, f"{name}_ms") * NS_PER_MS) for p in params], np.int64)
            for name in (
                "quote_age_max",
                "skew_max",
                "working_max",
                "answer_timeout",
                "retry",
                "single_leg_deadline",
                "exit_wait_max",
            )
        },
        slippage_bound_bps=np.array([p.slippage_bound_bps for p in params]),
        symbol_exposure_max_quote=np.array([config.exposure_max_quote(symbol) for symbol in config.symbols]),
        open_trades_max=np.array([p.max_open_trades for p in params], np.int64),
        venue_exposure_max_quote=np.array([venue.exposure_max_quote for venue in config.venues]),
        orders_per_s_max=np.array([venue.orders_per_s_max for venue in config.venues], np.int64),
        home=np.array([config.home_currency(venue.name) for venue in config.venues], np.int64),
        capital_amounts=_capital_amounts(config),
        portfolio_exposure_max_quote=config.portfolio_exposure_max_quote,
    )


def _capital_amounts(config: SessionConfig) -> np.ndarray:
    """docs/engine.md §12: in units, evenly, the first venue taking the odd ones."""
    share, rest = divmod(
        round(config.initial_capital_quote / booking_unit(config.reporting_currency)), len(config.venues)
    )
    return np.array([share + rest] + [share] * (len(config.venues) - 1), np.int64)


def _markets(config: SessionConfig) -> dict[str, np.ndarray]:
    shape = (len(config.symbols), len(config.venues))
    venue_index = {venue.name: index for index, venue in enumerate(config.venues)}
    symbol_index = {symbol: index for index, symbol in enumerate(config.symbols)}
    currencies = config.currencies
    lot_base = np.array([config.lot_base(symbol) for symbol in config.symbols])
    quote, fee_currency = np.full(shape, NO_MARKET), np.full(shape, NO_MARKET)
    spot, step_lots, initial_lots = np.zeros(shape, bool), np.ones(shape, np.int64), np.zeros(shape, np.int64)
    for market in config.markets:
        s, v = symbol_index[market.symbol], venue_index[market.venue]
        quote[s, v] = currencies.index(market.quote_currency)
        fee_currency[s, v] = currencies.index(market.fees_in)
        spot[s, v] = market.kind == MarketKind.SPOT
        step_lots[s, v] = round(market.lot_base / lot_base[s])
        initial_lots[s, v] = floor(market.initial_base / lot_base[s] + 1e-6)
    return {
        "quote": quote,
        "fee_currency": fee_currency,
        "spot": spot,
        "step_lots": step_lots,
        "initial_lots": initial_lots,
        "lot_base": lot_base,
    }
