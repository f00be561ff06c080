"""Markets made to be awkward: small adversarial (SessionConfig, rows) for differential testing.

One description of what may happen, drawn from by two kinds of choices: `seeded_case(seed)` by a NumPy generator, fast,
and `config_strategy()` / `rows_strategy(config)` by hypothesis, which shrinks (the first option is the plainest).
Prices move on a grid of 5 bps, quantities in a handful of lots, so that spreads cross thresholds up and down, fills are
partial and comparisons hit equality. `python -m tests.market_coverage [seeds]` prints what the cases reach.

Where it is wrong: nothing here looks like a real market; its prices would be arbitraged away in one row.
"""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
from hypothesis import strategies as st

from arbitrage_core.domain.market import Market, MarketKind, Venue
from arbitrage_core.domain.order import OrderState
from arbitrage_core.domain.row import ALL_SYMBOLS, Command, FeedStatus, RowKind, row_dtype
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.strategy import EntryOrder, ExitOrder, LegPolicy, Rung, StrategyParams
from arbitrage_core.feeds.row_stream import marked

Option = TypeVar("Option")

SYMBOLS = ("AAA", "BBB", "CCC")
VENUES = ("east", "west", "north", "south")
PRICES = {"AAA": 100.0, "BBB": 2000.0, "CCC": 0.5}
"""Where each symbol's price starts, reporting currency."""
LOTS = {"AAA": 0.01, "BBB": 0.001, "CCC": 1.0}
RATES = {"USDT": 1.0, "BNB": 500.0, "EUR": 1.25, "KRW": 0.001}
GRID_BPS = 5.0
START_NS = 1_700_000_000_900_000_000
MS = 1_000_000
TO_MIDNIGHT_NS = 6_399_100 * MS
"""From START_NS to the next day, UTC."""


class Choices(Protocol):
    """Where decisions come from."""

    def below(self, count: int) -> int:
        """A number from 0 to `count` − 1."""
        ...


class SeededChoices:
    """Decisions of a NumPy generator, drawn in blocks because one at a time is slow."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.default_rng(seed)
        self._block: list[float] = []

    def below(self, count: int) -> int:
        """A number from 0 to `count` − 1."""
        if not self._block:
            self._block = self._generator.random(2048).tolist()
        return int(self._block.pop() * count)


class DrawnChoices:
    """Decisions of hypothesis."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def below(self, count: int) -> int:
        """A number from 0 to `count` − 1."""
        return self._draw(st.integers(0, count - 1))


def pick(choices: Choices, *options: Option) -> Option:
    """One of several."""
    return options[choices.below(len(options))]


def happens(choices: Choices, percent: int) -> bool:
    """Whether something with this chance happens; hypothesis shrinks to no."""
    return choices.below(100) >= 100 - percent


# ---------------------------------------------------------------------------------------------------- configurations


def make_config(choices: Choices) -> SessionConfig:
    """A session of 2–4 venues and 1–3 symbols."""
    venues = VENUES[: pick(choices, 2, 2, 3, 4)]
    symbols = SYMBOLS[: pick(choices, 1, 1, 2, 3)]
    quotes = {name: _quote_currency(choices) for name in venues}
    harsh = happens(choices, 50)
    fee_currencies = {name: pick(choices, "", "", "", "", "BNB", "USDT") for name in venues}
    markets = [
        _market(choices, venue, symbol, quotes[venue], fee_currencies[venue], harsh)
        for symbol in symbols
        for venue in _listing_venues(choices, venues)
    ]
    markets = _suit_poor_venues(choices, markets)
    slowest_ms = max(m.latency_ms + 2 * m.latency_jitter_ms + (m.report_latency_ms or m.latency_ms) for m in markets)
    portfolio = pick(choices, float("inf"), float("inf"), float("inf"), 45.0, 100.0, 250.0)
    return SessionConfig(
        venues=tuple(_venue(choices, name) for name in venues),
        symbols=symbols,
        markets=tuple(markets),
        params=_params(choices, slowest_ms),
        symbol_params={symbols[-1]: _params(choices, slowest_ms)} if happens(choices, 20) else {},
        initial_capital_quote=pick(choices, 10_000.0, 10_000.0, 1_000.0, 1_000.0, 60.0, 1e6 / 3),
        portfolio_exposure_max_quote=portfolio,
        portfolio_daily_loss_max_quote=0.03 if happens(choices, 10) else float("inf"),
        drawdown_max_quote=0.05 if happens(choices, 10) else float("inf"),
        drawdown_max_share=1e-5 if happens(choices, 10) else "off",
        **_steps(choices),
        rate_age_max_ms=pick(choices, 60_000.0, 60_000.0, 1_500.0),
        levels=pick(choices, 1, 2, 3),
        seed=choices.below(1_000_000),
    )


def _steps(choices: Choices) -> dict[str, Any]:
    """How far beyond its limit a loss may go before open trades leave, and before it is over."""
    reduce_at = pick(choices, 1.5, 1.0, 4.0, "off")
    least = 1.0 if reduce_at == "off" else reduce_at
    return {"reduce_at": reduce_at, "flatten_at": pick(choices, least, 2 * least, 50.0, "off")}


def _listing_venues(choices: Choices, venues: Sequence[str]) -> list[str]:
    """Nearly all venues, at least two."""
    listing = list(venues)
    if len(listing) > 2 and happens(choices, 25):
        listing.pop(choices.below(len(listing)))
    return listing


def _quote_currency(choices: Choices) -> str:
    return pick(choices, "EUR", "KRW") if happens(choices, 8) else "USDT"


def _venue(choices: Choices, name: str) -> Venue:
    outage_from_ms = 100.0 * choices.below(100) if happens(choices, 12) else None
    return Venue(
        name=name,
        exposure_max_quote=pick(choices, float("inf"), float("inf"), float("inf"), 24.0, 60.0, 150.0),
        orders_per_s_max=pick(choices, 50, 50, 50, 3, 1),
        outage_from_ms=outage_from_ms,
        outage_until_ms=None if outage_from_ms is None else outage_from_ms + pick(choices, 500.0, 5_000.0),
    )


def _market(choices: Choices, venue: str, symbol: str, quote: str, fees_in: str, harsh: bool) -> Market:
    """A market; a harsh one rejects, slips, answers late or not at all."""
    spot = happens(choices, 30)
    lot, price = LOTS[symbol], PRICES[symbol] / RATES[quote]
    grid = price * GRID_BPS * 1e-4
    return Market(
        venue=venue,
        symbol=symbol,
        kind=MarketKind.SPOT if spot else MarketKind.PERPETUAL,
        quote_currency=quote,
        fee_currency=fees_in,
        tick=pick(choices, 0.0, grid, grid / 5),
        contract_size=1.0,
        lot=lot * pick(choices, 1, 1, 1, 2, 10),
        min_notional_quote=pick(choices, 0.0, 0.0, 3.0) / RATES[quote],
        taker_fee_bps=pick(choices, 0.0, 1.0, 1.0, 2.5, -0.5),
        maker_fee_bps=pick(choices, 0.0, 0.5, -1.0),
        slippage_bps=pick(choices, 0.0, 0.0, 1.0, 7.0) if harsh else 0.0,
        latency_ms=pick(choices, 0.0, 5.0, 20.0, 120.0) if harsh else pick(choices, 0.0, 0.0, 3.0),
        latency_jitter_ms=pick(choices, 0.0, 15.0, 60.0) if harsh else pick(choices, 0.0, 0.0, 4.0),
        report_latency_ms=pick(choices, None, 0.0, 40.0),
        reject_rate=pick(choices, 0.0, 0.0, 0.15, 0.5) if harsh else 0.0,
        report_loss_rate=pick(choices, 0.0, 0.0, 0.25) if harsh else 0.0,
        margin_rate=pick(choices, 0.2, 0.05, 1.0),
        initial_base=pick(choices, 0.0, 20.0, 100.0) * lot if spot else 0.0,
        short_limit_base=pick(choices, 0.0, 10.0, 50.0) * lot if spot else 0.0,
    )


def _suit_poor_venues(choices: Choices, markets: list[Market]) -> list[Market]:
    """A venue of another currency starts without cash in it: terms under which it can trade all the same."""
    suited = []
    for market in markets:
        if market.quote_currency != "USDT" and happens(choices, 80):
            market = market.model_copy(update={"taker_fee_bps": -100.0, "margin_rate": 0.01})
        suited.append(market)
    return suited


def _params(choices: Choices, slowest_ms: float) -> StrategyParams:
    entry_spread_bps = pick(choices, 10.0, 10.0, 14.5, 20.0)
    exit_spread_bps = pick(choices, 0.0, 5.0, -5.0, -12.0, 9.0)
    ladders = ((), (), ((12.0, 0.5),), ((25.0, 0.25), (14.0, 0.4)), ((20.0, 0.3), (10.0, 0.1), (9.5, 0.5)))
    ladder = pick(choices, *ladders)
    sized = pick(choices, 20.0, 8.0, 45.0)
    by_quantity = happens(choices, 25)
    return StrategyParams(
        entry_spread_bps=entry_spread_bps,
        entry_net_edge_bps=pick(choices, 0.0, "off", "off", -10.0, 4.0),
        exit_spread_bps=exit_spread_bps,
        take_profit=tuple(Rung(closing_cost_bps=cost, share=share) for cost, share in ladder),
        stop_loss_bps=pick(choices, "off", "off", 6.0, 25.0),
        hold_max_ms=pick(choices, 60_000.0, 8_000.0, 900.0, 100.0),
        qty_base=pick(choices, 0.12, 0.5) if by_quantity else None,
        notional_quote=None if by_quantity else sized,
        max_open_trades=pick(choices, 1, 2, 4),
        cooldown_ms=pick(choices, 0.0, 30.0, 30.0, 400.0),
        quote_age_max_ms=pick(choices, 1_000.0, 1_000.0, 300.0, 10_000.0),
        spread_max_bps=pick(choices, 500.0, 500.0, 35.0),
        skew_max_ms=pick(choices, 1_000.0, 1_000.0, 12.0, 60.0),
        frozen_max_ms=pick(choices, 60_000.0, "off", 25.0, 400.0),
        symbol_exposure_max_quote=pick(choices, float("inf"), float("inf"), float("inf"), 42.0, 50.0, 120.0),
        rebalancing_bps=pick(choices, 0.0, 0.0, 3.0),
        slippage_excess_max_bps=pick(choices, 0.0, 1.5) if happens(choices, 15) else "off",
        losses_in_a_row_max=pick(choices, 1, 2) if happens(choices, 15) else "off",
        guard_pause_ms=pick(choices, 600_000.0, 400.0, 5_000.0),
        symbol_daily_loss_max_quote=pick(choices, 0.0, 0.02) if happens(choices, 15) else float("inf"),
        entry_order=pick(choices, EntryOrder.IOC, EntryOrder.IOC, *EntryOrder),
        exit_order=pick(choices, ExitOrder.IOC, ExitOrder.IOC, ExitOrder.MARKET),
        slippage_bound_bps=pick(choices, 5.0, 0.0, 12.0),
        working_max_ms=pick(choices, 500.0, 60.0, 3_000.0),
        exit_wait_max_ms=pick(choices, 2_000.0, 150.0),
        answer_timeout_ms=slowest_ms + pick(choices, 1.0, 250.0, 2_000.0),
        retry_ms=pick(choices, 250.0, 20.0),
        single_leg_policy=pick(choices, *LegPolicy),
        single_leg_deadline_ms=pick(choices, 3_000.0, 400.0, 80.0),
        complete_bound_bps=pick(choices, 10.0, 30.0, 0.0),
        hold_risk_bps=pick(choices, 30.0, 30.0, 4.0, 0.0),
    )


# --------------------------------------------------------------------------------------------------------------- rows


class Tape:
    """Writes rows of a session's markets, one after the other."""

    def __init__(self, choices: Choices, config: SessionConfig, count: int) -> None:
        self.choices, self.config = choices, config
        self.rows = np.zeros(count, row_dtype(config.levels))
        self.now_ns = START_NS + pick(choices, 0, 0, TO_MIDNIGHT_NS - 1_000 * MS)
        self.markets = list(config.markets)
        self.currencies = [name for name in config.currencies if name != config.reporting_currency]
        self.mid = dict.fromkeys(config.symbols, 0)
        """Price of each symbol, in grid steps from its start."""
        self.offset = {market.key: 0 for market in self.markets}
        self.stray_rate = dict.fromkeys(self.currencies, 0)
        self.haste = pick(choices, 4, 12, 40)
        self.thickness = pick(choices, 30, 12, 5)
        self.troubles = pick(choices, 0, 3, 6)
        self.unrest = pick(choices, 8, 15, 30)
        self.lurches = happens(choices, 40)
        self.garbled = happens(choices, 30)
        self.flatten_at = count * 3 // 4 if happens(choices, 35) else count
        self.down: list[tuple[int, int]] = []
        """Venues and symbols whose feed shall come back."""
        self.paused = self.stores_silent = self.killed = False
        self.off: list[int] = []
        """Symbols that shall be switched on again."""

    def write(self) -> np.ndarray:
        """All rows."""
        for index in range(len(self.rows)):
            self._advance()
            row = self.rows[index]
            received_ns = self.now_ns - pick(self.choices, 0, 0, 0, 1, 12) * MS
            if happens(self.choices, 2):
                received_ns -= 2_500 * MS
            row["now_ns"], row["received_ns"] = self.now_ns, received_ns
            if index < len(self.currencies):
                self._rate(row, index)
            else:
                self._event(row, index)
        if happens(self.choices, 70):
            return next(marked(iter((self.rows,))))
        return self.rows  # as live quotes that come at one instant: each is decided upon

    def _advance(self) -> None:
        """Often no time at all, mostly a little, seldom long."""
        if happens(self.choices, 1):
            self.now_ns += pick(self.choices, 800, 4_000, 20_000, 61_000) * MS
        elif happens(self.choices, 75):
            self.now_ns += self.choices.below(self.haste) * MS + pick(self.choices, 0, 0, 333)

    def _event(self, row: np.void, index: int) -> None:
        if index == self.flatten_at or (index > self.flatten_at and happens(self.choices, 2)):
            self._command(row, Command.FLATTEN)
            return
        if self.paused and happens(self.choices, 10):
            self._command(row, Command.RESUME)
            return
        if self.stores_silent and happens(self.choices, 10):
            self._command(row, Command.STORES_ANSWER)
            return
        if self.killed and happens(self.choices, 10):
            self._command(row, Command.KILL_RELEASE)
            return
        if self.off and happens(self.choices, 10):
            self._command(row, Command.SYMBOL_ON, self.off.pop())
            return
        if self.down and happens(self.choices, 8):
            row["kind"], row["status"] = RowKind.FEED, FeedStatus.UP
            row["venue"], row["symbol"] = self.down.pop()
            return
        what = self.choices.below(100)
        if what >= 97 and self.currencies:
            self._rate(row, self.choices.below(len(self.currencies)))
        elif what >= 97 - self.troubles:
            self._trouble(row)
        elif what >= 88:
            self._print(row)
        elif what >= 86:
            row["kind"] = RowKind.TIMER
        elif what >= 84:
            self._funding(row)
        else:
            self._quote(row)

    def _address(self, row: np.void, market: Market) -> None:
        row["venue"] = [venue.name for venue in self.config.venues].index(market.venue)
        row["symbol"] = self.config.symbols.index(market.symbol)

    def _grid(self, market: Market) -> tuple[float, float]:
        """Start price and price step of a market, own currency."""
        price = PRICES[market.symbol] / RATES[market.quote_currency]
        return price, price * GRID_BPS * 1e-4

    def _quote(self, row: np.void) -> None:
        choices, market = self.choices, pick(self.choices, *self.markets)
        self._address(row, market)
        row["kind"] = RowKind.QUOTE
        if happens(choices, 12):
            self.mid[market.symbol] += pick(choices, -1, 1)
        if self.lurches and happens(choices, 6):
            self.mid[market.symbol] += pick(choices, 100, 400, -250)
            self.mid[market.symbol] = max(self.mid[market.symbol], -1_000)
        if happens(choices, self.unrest):
            self.offset[market.key] = pick(choices, 0, 0, 1, -1, 2, -2, 3, -3, 5, -5)
        price, grid = self._grid(market)
        steps = self.mid[market.symbol] + self.offset[market.key]
        width = pick(choices, 1, 1, 2)
        if happens(choices, 1):
            width = pick(choices, 0, -1)
        unit = self.config.lot_base(market.symbol)
        for level in range(self.config.levels):
            if level > 0 and happens(choices, 8):
                break
            row["bid_px"][level], row["ask_px"][level] = (
                price + (steps - level) * grid,
                price + (steps + width + level) * grid,
            )
            row["bid_qty"][level] = choices.below(self.thickness) * unit
            row["ask_qty"][level] = choices.below(self.thickness) * unit * pick(choices, 1.0, 1.0, 1.03)
        if happens(choices, 2):
            side = pick(choices, "bid", "ask")
            row[f"{side}_px"], row[f"{side}_qty"] = 0.0, 0.0
        if self.garbled and happens(choices, 3):
            factor = pick(choices, 0.5, 2.0)
            for side in pick(choices, ("bid",), ("ask",), ("bid", "ask")):
                row[f"{side}_px"] *= factor

    def _print(self, row: np.void) -> None:
        choices, market = self.choices, pick(self.choices, *self.markets)
        self._address(row, market)
        price, grid = self._grid(market)
        row["kind"], row["side"] = RowKind.PRINT, pick(choices, 1, -1)
        row["px"] = price + (self.mid[market.symbol] + self.offset[market.key] + pick(choices, 0, 1, -1, 2, -2)) * grid
        row["qty"] = choices.below(self.thickness) * self.config.lot_base(market.symbol)

    def _rate(self, row: np.void, index: int) -> None:
        name = self.currencies[index]
        self.stray_rate[name] += pick(self.choices, 0, 0, 1, -1)
        row["kind"], row["currency"] = RowKind.RATE, self.config.currencies.index(name)
        row["rate"] = RATES[name] * (1 + self.stray_rate[name] * 1e-4)

    def _funding(self, row: np.void) -> None:
        market = pick(self.choices, *self.markets)
        self._address(row, market)
        row["kind"], row["mark_px"] = RowKind.FUNDING, self._grid(market)[0]
        row["rate"] = pick(self.choices, 0.0001, -0.0001, 0.00371, 0.0)

    def _trouble(self, row: np.void) -> None:
        """What is rare: feeds, commands, balances, reports of orders nobody sent."""
        choices = self.choices
        what = choices.below(10)
        if what < 5:
            self._feed(row)
        elif what < 8:
            self._switch(row)
        elif what < 9:
            row["kind"], row["currency"], row["amount"] = RowKind.BALANCE, 0, 123.0
            self._address_venue(row)
        else:
            self._address(row, pick(choices, *self.markets))
            row["kind"], row["status"] = RowKind.REPORT, OrderState.FILLED
            row["client_id"], row["filled_lots"], row["cost_quote"] = 4711, 1, 1.0

    def _switch(self, row: np.void) -> None:
        """Something is switched off; later rows switch it on again."""
        stops = (Command.RESUME, Command.PAUSE, Command.STORES_SILENT, Command.KILL, Command.SYMBOL_OFF)
        command = pick(self.choices, *stops, Command.GUARD_RELEASE, Command.REDUCE)
        symbol, of_either = ALL_SYMBOLS, command in (Command.GUARD_RELEASE, Command.REDUCE)
        if command == Command.SYMBOL_OFF or (of_either and happens(self.choices, 50)):
            symbol = self.choices.below(len(self.config.symbols))
        if command in (Command.SYMBOL_OFF, Command.REDUCE) and symbol != ALL_SYMBOLS:
            self.off.append(symbol)
        self._command(row, command, symbol)

    def _command(self, row: np.void, command: Command, symbol: int = ALL_SYMBOLS) -> None:
        if command in (Command.STORES_SILENT, Command.STORES_ANSWER):
            self.stores_silent = command == Command.STORES_SILENT
        elif command in (Command.KILL, Command.KILL_RELEASE):
            self.killed = command == Command.KILL
        elif command in (Command.PAUSE, Command.RESUME) or (command == Command.REDUCE and symbol == ALL_SYMBOLS):
            self.paused = command != Command.RESUME
        row["kind"], row["status"], row["symbol"] = RowKind.COMMAND, command, symbol

    def _address_venue(self, row: np.void) -> None:
        row["venue"], row["symbol"] = self.choices.below(len(self.config.venues)), ALL_SYMBOLS

    def _feed(self, row: np.void) -> None:
        """A feed goes down, or up for nothing, or ends; mostly it comes back."""
        row["kind"] = RowKind.FEED
        if happens(self.choices, 25):
            self._address_venue(row)
        else:
            self._address(row, pick(self.choices, *self.markets))
        row["status"] = pick(self.choices, FeedStatus.DOWN, FeedStatus.DOWN, FeedStatus.UP, FeedStatus.ENDED)
        if row["status"] != FeedStatus.UP and happens(self.choices, 90):
            self.down.append((int(row["venue"]), int(row["symbol"])))


def seeded_case(seed: int) -> tuple[SessionConfig, np.ndarray]:
    """A case of 200–600 rows, the same for the same seed."""
    choices = SeededChoices(seed)
    config = make_config(choices)
    return config, Tape(choices, config, 200 + choices.below(401)).write()


@st.composite
def config_strategy(draw: st.DrawFn) -> SessionConfig:
    """Configurations."""
    return make_config(DrawnChoices(draw))


@st.composite
def rows_strategy(draw: st.DrawFn, config: SessionConfig, count_max: int = 120) -> np.ndarray:
    """Rows for a configuration: structured array of `row_dtype(config.levels)`, up to `count_max` of them."""
    count = draw(st.integers(1, count_max))
    return Tape(DrawnChoices(draw), config, count).write()
