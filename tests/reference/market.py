"""The market and the symbol as the reference model holds them: what is declared, and what the engine last saw."""

from collections import deque
from dataclasses import dataclass, field
from math import inf, isfinite, nan

from arbitrage_core.domain.identity import key_of
from arbitrage_core.domain.market import MarketKind
from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.row import FeedStatus
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.strategy import StrategyParams
from tests.reference.amount import Rates, lots_of
from tests.reference.guard_memory import Guard, Memory
from tests.reference.result import GuardEntry, SymbolFigures
from tests.reference.trade import Trade


def ns_of(milliseconds: float) -> int:
    """Whole nanoseconds, half to even."""
    return round(milliseconds * 1e6)


@dataclass(frozen=True)
class Terms:
    """What a market declares, in lots, nanoseconds and currency indices. Shared with the simulated venue."""

    venue: int
    symbol: int
    venue_key: int
    symbol_key: int
    spot: bool
    quote: int
    fee: int
    unit: float
    fee_unit: float
    tick: float
    lot: float
    step_lots: int
    min_notional_quote: float
    taker_fee_bps: float
    maker_fee_bps: float
    slippage_bps: float
    latency_ns: int
    jitter_ns: int
    report_latency_ns: int
    reject_rate: float
    report_loss_rate: float
    margin_rate: float
    initial_lots: int
    short_limit_lots: int


def terms_of(config: SessionConfig, venue: int, symbol: int) -> Terms | None:
    """The terms of a market, or None where there is none."""
    market = config.market(config.venues[venue].name, config.symbols[symbol])
    if market is None:
        return None
    currencies, lot = config.currencies, config.lot_base(market.symbol)
    report_ms = market.latency_ms if market.report_latency_ms is None else market.report_latency_ms
    return Terms(
        venue=venue,
        symbol=symbol,
        venue_key=key_of(market.venue),
        symbol_key=key_of(market.symbol),
        spot=market.kind == MarketKind.SPOT,
        quote=currencies.index(market.quote_currency),
        fee=currencies.index(market.fees_in),
        unit=booking_unit(market.quote_currency),
        fee_unit=booking_unit(market.fees_in),
        tick=market.tick,
        lot=lot,
        step_lots=round(market.lot_base / lot),
        min_notional_quote=market.min_notional_quote,
        taker_fee_bps=market.taker_fee_bps,
        maker_fee_bps=market.maker_fee_bps,
        slippage_bps=market.slippage_bps,
        latency_ns=ns_of(market.latency_ms),
        jitter_ns=ns_of(market.latency_jitter_ms),
        report_latency_ns=ns_of(report_ms),
        reject_rate=market.reject_rate,
        report_loss_rate=market.report_loss_rate,
        margin_rate=market.margin_rate,
        initial_lots=lots_of(market.initial_base, lot) if market.kind == MarketKind.SPOT else 0,
        short_limit_lots=lots_of(market.short_limit_base, lot),
    )


@dataclass
class Market:
    """One symbol on one venue, as the engine knows it."""

    terms: Terms
    quoted: bool = False
    known: bool = False
    """Whether a quote came since the feed was last down."""
    feed: FeedStatus = FeedStatus.UP
    received_ns: int = 0
    moved_ns: int = 0
    """When its best prices last changed."""
    bid_px: list[float] = field(default_factory=list)
    bid_qty: list[float] = field(default_factory=list)
    ask_px: list[float] = field(default_factory=list)
    ask_qty: list[float] = field(default_factory=list)
    mark_bid_px: float = nan
    """The last bid known of a book that was not crossed; likewise the ask."""
    mark_ask_px: float = nan
    bid: float = nan
    """Touch, reporting currency."""
    ask: float = nan
    position_lots: int = 0
    unknown_orders: int = 0
    first_value: int | None = None
    """What the spot inventory was worth when first seen, reporting currency."""

    def price(self, side: int) -> float:
        """The own touch price an order of this side would take."""
        return self.ask_px[0] if side > 0 else self.bid_px[0]

    def convert_touch(self, rates: Rates) -> None:
        """Touch anew: after a quote, and after a rate of its currency."""
        if self.quoted:
            rate = rates.values[self.terms.quote]
            self.bid = self.bid_px[0] * rate
            self.ask = inf if self.ask_px[0] == 0 else self.ask_px[0] * rate

    def see(self, bid_px: list[float], bid_qty: list[float], ask_px: list[float], ask_qty: list[float]) -> None:
        """A new book, and what is known of its prices from now on."""
        self.bid_px, self.bid_qty, self.ask_px, self.ask_qty = bid_px, bid_qty, ask_px, ask_qty
        bid, ask = bid_px[0], ask_px[0]
        if ask == 0 or bid < ask:
            self.mark_bid_px = bid if bid > 0 else self.mark_bid_px
            self.mark_ask_px = ask if 0 < ask < inf else self.mark_ask_px

    def mark_px(self, lots: int) -> float:
        """The last price known at which a position would be closed, own currency."""
        return self.mark_bid_px if lots > 0 else self.mark_ask_px

    def set_feed(self, status: FeedStatus) -> None:
        """DOWN and ENDED: unknown until the next quote after UP. UP while up changes nothing."""
        if status != FeedStatus.UP:
            self.known = False
        self.feed = status

    def staleness(self, rates: Rates, now_ns: int, age_max_ns: int) -> Refusal:
        """NONE for a fresh book, else the first rule of §2 it breaks."""
        if self.feed != FeedStatus.UP or not self.known:
            return Refusal.FEED_MUST_BE_UP
        bid, ask = self.bid_px[0], self.ask_px[0]
        if not (0 < bid < ask and isfinite(ask)):
            return Refusal.BOOK_MUST_BE_UNCROSSED
        if not now_ns - self.received_ns <= age_max_ns:
            return Refusal.BOOK_MUST_BE_FRESH
        if not (rates.fresh(self.terms.quote, now_ns) and rates.fresh(self.terms.fee, now_ns)):
            return Refusal.RATE_MUST_BE_FRESH
        return Refusal.NONE


@dataclass
class Venue:
    """What holds for a whole venue."""

    exposure_max_quote: float
    orders_per_s_max: int
    exposure_guard: Guard
    submits_ns: deque[int] = field(default_factory=lambda: deque(maxlen=64))


class Symbol:
    """A symbol, its markets by venue, its parameters in nanoseconds and lots, its trades and counters."""

    def __init__(self, config: SessionConfig, index: int, guard_log: list[GuardEntry]) -> None:
        name = config.symbols[index]
        params: StrategyParams = config.params_of(name)
        self.index, self.name, self.key, self.params = index, name, key_of(name), params
        self.lot = config.lot_base(name)
        found = [terms_of(config, venue, index) for venue in range(len(config.venues))]
        self.markets: dict[int, Market] = {terms.venue: Market(terms) for terms in found if terms is not None}
        for market in self.markets.values():
            market.position_lots = market.terms.initial_lots
        self.net_edge_min = float("-inf") if params.entry_net_edge_bps == "off" else float(params.entry_net_edge_bps)
        self.cooldown_ns = ns_of(params.cooldown_ms)
        self.quote_age_max_ns = ns_of(params.quote_age_max_ms)
        self.skew_max_ns = ns_of(params.skew_max_ms)
        self.frozen_max_ns = None if params.frozen_max_ms == "off" else ns_of(params.frozen_max_ms)
        self.exposure_max_quote = config.exposure_max_quote(name)
        self.exposure_guard = Guard(Refusal.SYMBOL_EXPOSURE_MUST_STAY_INSIDE, index, guard_log)
        self.memory = Memory(params, ns_of(params.guard_pause_ms), index, guard_log)
        self.hold_max_ns = ns_of(params.hold_max_ms)
        self.working_max_ns = ns_of(params.working_max_ms)
        self.exit_wait_max_ns = ns_of(params.exit_wait_max_ms)
        self.answer_timeout_ns = ns_of(params.answer_timeout_ms)
        self.retry_ns = ns_of(params.retry_ms)
        self.deadline_ns = ns_of(params.single_leg_deadline_ms)
        self.trades: dict[int, Trade] = {}
        """Live trades by ascending number."""
        self.trade_count = 0
        self.sequence = 0
        self.free_from_ns = 0
        self.cooldown_due_ns: int | None = None
        self.opportunity_stands = False
        self.opportunity_taken = False
        self.first_refusal = Refusal.NONE
        self.figures = SymbolFigures()

    @property
    def on(self) -> bool:
        """Whether it is switched on."""
        return self.memory.on

    def pair_step(self, buy: Market, sell: Market) -> int:
        """The larger step of two markets, which the smaller divides."""
        return max(buy.terms.step_lots, sell.terms.step_lots)

    def level_lots(self, market: Market, quantity: float) -> int:
        """What a level offers in the steps its market deals in."""
        step = market.terms.step_lots
        return lots_of(quantity, self.lot) // step * step

    def costs_bps(self, buy: Terms, sell: Terms) -> float:
        """What a round trip is expected to cost (§3)."""
        fees, slippage = buy.taker_fee_bps + sell.taker_fee_bps, buy.slippage_bps + sell.slippage_bps
        return self.params.exit_spread_bps + 2 * fees + 2 * slippage + self.params.rebalancing_bps

    def staleness(self, market: Market, rates: Rates, now_ns: int) -> Refusal:
        """NONE if a market's book and rates are fresh by this symbol's limits."""
        return market.staleness(rates, now_ns, self.quote_age_max_ns)
