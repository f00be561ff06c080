"""The session's configuration: everything that decides what a run does, besides its rows."""

from itertools import pairwise
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from arbitrage_core.domain.currency import USUAL_CAPITAL_USDT, USUAL_NOTIONAL_USDT, most_money, typical
from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.identity import digest_of, key_of
from arbitrage_core.domain.market import LimitQuote, Market, Venue
from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.strategy import Off, StrategyParams

Multiple = Annotated[float, Field(ge=1, le=1_000, allow_inf_nan=False)]
REPORTING_CURRENCY = 0
"""Index of the reporting currency among a session's currencies."""


class SessionConfig(BaseModel):
    """Venues × symbols with their markets, strategy and limits. Validated whole before anything starts.

    `markets` may leave out some of venues × symbols; a symbol needs markets on at least two venues. Strategy
    parameters come per symbol from `symbol_params`, else from `params`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    strategy: str = "taker_taker"
    venues: tuple[Venue, ...] = Field(min_length=2, max_length=8)
    symbols: tuple[str, ...] = Field(min_length=1, max_length=64)
    markets: tuple[Market, ...]
    params: StrategyParams = StrategyParams()
    symbol_params: dict[str, StrategyParams] = Field(default_factory=dict)
    reporting_currency: str = "USDT"
    initial_capital_quote: float = Field(
        USUAL_CAPITAL_USDT, gt=0, allow_inf_nan=False, description="by default about 10,000 USDT in the currency"
    )
    portfolio_exposure_max_quote: LimitQuote = float("inf")
    portfolio_daily_loss_max_quote: LimitQuote = Field(float("inf"), description="of the UTC day, all symbols together")
    drawdown_max_quote: LimitQuote = Field(float("inf"), description="of the marked equity, from its highest")
    drawdown_max_share: Annotated[float, Field(ge=0, le=1)] | Off = Field("off", description="the same, of the highest")
    reduce_at: Multiple | Off = Field(1.5, description="a loss of so many times its limit: open trades leave")
    flatten_at: Multiple | Off = Field(2.0, description="a loss of so many times its limit: for good")
    rate_age_max_ms: float = Field(60_000.0, gt=0, le=86_400_000)
    levels: int = Field(1, ge=1, le=20, description="depth of the books")
    seed: int = Field(0, ge=0, lt=2**63)

    @model_validator(mode="before")
    @classmethod
    def _defaults_follow_the_currency(cls, given: Any) -> Any:
        currency = given.get("reporting_currency", "USDT") if isinstance(given, dict) else None
        if not isinstance(currency, str):
            return given
        usual = {
            "initial_capital_quote": typical(USUAL_CAPITAL_USDT, currency),
            "params": StrategyParams(notional_quote=typical(USUAL_NOTIONAL_USDT, currency)),
        }
        return {**usual, **given}

    @model_validator(mode="after")
    def _money_can_be_booked(self) -> "SessionConfig":
        """What has to be an amount must be one with room to spare; limits may be as high as they like: none is."""
        reporting = self.reporting_currency
        set_here = [("initial_capital_quote", self.initial_capital_quote, reporting)]
        set_here.append(("notional_quote", self.params.notional_quote or 0.0, reporting))
        for symbol, params in self.symbol_params.items():
            set_here.append((f"symbol.{symbol}.notional_quote", params.notional_quote or 0.0, reporting))
        for market in self.markets:
            name = f"market.{market.key}.min_notional_quote"
            set_here.append((name, market.min_notional_quote, market.quote_currency))
        for name, value, currency in set_here:
            if not value <= most_money(currency):
                raise BadInput(
                    f"{name} = {value:,.12g} {currency} cannot be: amounts of {currency} are not exact that far",
                    f"allowed: at most {most_money(currency):,.12g} {currency}",
                )
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> "SessionConfig":
        names = [venue.name for venue in self.venues]
        _must_be_unique("venue", names)
        _must_be_unique("symbol", list(self.symbols))
        _must_be_unique("market", [market.key for market in self.markets])
        for market in self.markets:
            if market.venue not in names:
                raise ValueError(f"market {market.key}: no venue {market.venue!r}; there are {', '.join(names)}")
            if market.symbol not in self.symbols:
                raise ValueError(f"market {market.key}: no symbol {market.symbol!r}")
        for symbol in self.symbol_params:
            if symbol not in self.symbols:
                raise ValueError(f"symbol_params: no symbol {symbol!r}")
        for symbol in self.symbols:
            self._symbol_must_be_tradable(symbol)
        weighted = [symbol for symbol in self.symbols if self.params_of(symbol).portfolio_weight != "off"]
        if weighted and self.portfolio_exposure_max_quote == float("inf"):
            raise ValueError(
                f"portfolio_weight of {', '.join(weighted)}: it is a part of portfolio_exposure_max_quote; set that too"
            )
        if "off" not in (self.reduce_at, self.flatten_at) and self.flatten_at < self.reduce_at:
            raise ValueError("flatten_at must not lie below reduce_at: FLATTEN is the step after REDUCE")
        if len(self.currencies) > 8:
            raise ValueError(f"at most 8 currencies, not {len(self.currencies)}")
        return self

    def _symbol_must_be_tradable(self, symbol: str) -> None:
        markets = [market for market in self.markets if market.symbol == symbol]
        if len(markets) < 2:
            raise ValueError(f"symbol {symbol}: an arbitrage needs markets on two venues, found {len(markets)}")
        finest = min(market.lot_base for market in markets)
        steps = sorted(market.lot_base / finest for market in markets)
        if any(abs(step - round(step)) > 1e-6 * step for step in steps) or any(
            round(large) % round(small) for small, large in pairwise(steps)
        ):
            raise ValueError(f"symbol {symbol}: one market's lot must be a multiple of the other's")
        params = self.params_of(symbol)
        for market in markets:
            for name, base in (
                ("qty_base", params.qty_base or 0.0),
                ("initial_base", market.initial_base),
                ("short_limit_base", market.short_limit_base),
            ):
                if not base / finest < 2.0**53:
                    raise ValueError(
                        f"market {market.key}: {name} = {base:g} are more lots of {finest:g} than can be counted; "
                        "its markets need a larger lot"
                    )
            slowest_ms = market.latency_ms + market.latency_jitter_ms
            back_ms = market.latency_ms if market.report_latency_ms is None else market.report_latency_ms
            answer_ms = slowest_ms + back_ms + market.latency_jitter_ms
            if params.answer_timeout_ms <= answer_ms:
                raise ValueError(
                    f"market {market.key}: an answer takes up to {answer_ms:g} ms, which "
                    f"answer_timeout_ms = {params.answer_timeout_ms:g} would call unknown"
                )

    def params_of(self, symbol: str) -> StrategyParams:
        """The strategy parameters of one symbol."""
        return self.symbol_params.get(symbol, self.params)

    def exposure_max_quote(self, symbol: str) -> float:
        """The most a symbol may have exposed, reporting currency: its own limit or its part of the portfolio's.

        Parts are by weight, and nobody takes another's. A symbol without a weight takes what it finds.
        """
        params = self.params_of(symbol)
        if params.portfolio_weight == "off":
            return params.symbol_exposure_max_quote
        weights = [self.params_of(other).portfolio_weight for other in self.symbols]
        part = params.portfolio_weight / sum(weight for weight in weights if weight != "off")
        return min(params.symbol_exposure_max_quote, part * self.portfolio_exposure_max_quote)

    def market(self, venue: str, symbol: str) -> Market | None:
        """The market of a symbol on a venue, if there is one."""
        return next((m for m in self.markets if m.venue == venue and m.symbol == symbol), None)

    def lot_base(self, symbol: str) -> float:
        """The symbol's lot in base currency: the finest of its markets."""
        return min(market.lot_base for market in self.markets if market.symbol == symbol)

    @property
    def currencies(self) -> tuple[str, ...]:
        """The reporting currency first, then all others in the order of the markets."""
        used = [self.reporting_currency]
        for market in self.markets:
            used += [market.quote_currency, market.fees_in]
        return tuple(dict.fromkeys(used))

    def home_currency(self, venue: str) -> int:
        """Index of the currency a venue's capital is held in: the reporting one if any of its markets quotes it."""
        quotes = [market.quote_currency for market in self.markets if market.venue == venue]
        if not quotes or self.reporting_currency in quotes:
            return REPORTING_CURRENCY
        return self.currencies.index(quotes[0])

    def starting_amounts(self) -> tuple[int, ...]:
        """What each venue starts with, in units of the reporting currency: even shares, the first gets the rest.

        0 for a venue whose home currency is another: its share comes with the first rate of that currency.
        """
        share, rest = divmod(
            round(self.initial_capital_quote / booking_unit(self.reporting_currency)), len(self.venues)
        )
        shares = [share + (rest if index == 0 else 0) for index in range(len(self.venues))]
        return tuple(
            amount if self.home_currency(venue.name) == REPORTING_CURRENCY else 0
            for venue, amount in zip(self.venues, shares, strict=True)
        )

    @property
    def digest(self) -> str:
        """SHA-256 of the whole configuration."""
        return digest_of(self.model_dump(mode="json"))

    def session_key(self, data: str) -> int:
        """The 63-bit key under which order ids are derived: configuration (without the mode) and data identity."""
        return key_of(f"{self.digest}/{data}")


def _must_be_unique(noun: str, names: list[str]) -> None:
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ValueError(f"{noun} named twice: {', '.join(doubled)}")
