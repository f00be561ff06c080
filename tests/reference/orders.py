"""Orders of the reference model: sending, applying reports, asking when no answer comes (docs/engine.md §8)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from arbitrage_core.domain.order import Action, OrderState, OrderStyle, Purpose
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.row import ALL_SYMBOLS
from arbitrage_core.domain.session import SessionConfig
from tests.reference.amount import Rates, amount_of, ceil_to_tick, floor_to_tick
from tests.reference.chance import client_order_id
from tests.reference.guard_memory import Guard
from tests.reference.ledger import Ledger
from tests.reference.market import Market, Symbol, Terms, Venue, ns_of
from tests.reference.result import ChangeEntry, Log, OrderEntry
from tests.reference.trade import Order, Trade

QUERIES_MAX = 8


@dataclass(frozen=True)
class Sent:
    """An action on its way to a venue."""

    action: Action
    order: Order
    terms: Terms


@dataclass(frozen=True)
class Report:
    """What a venue says of an order; cumulative figures."""

    client_id: int
    status: OrderState
    filled_lots: int
    cost_quote: float
    fee: float


class State:
    """What all parts of the engine share."""

    def __init__(
        self, config: SessionConfig, session_key: int, units: list[float], send: Callable[[Sent], None]
    ) -> None:
        self.config, self.session_key, self.send = config, session_key, send
        self.log = Log()
        self.symbols = [Symbol(config, index, self.log.guards) for index in range(len(config.symbols))]
        rule, log = Refusal.VENUE_EXPOSURE_MUST_STAY_INSIDE, self.log.guards
        self.venues = [
            Venue(venue.exposure_max_quote, venue.orders_per_s_max, Guard(rule, ALL_SYMBOLS, log, number))
            for number, venue in enumerate(config.venues)
        ]
        self.exposure_guard = Guard(Refusal.PORTFOLIO_EXPOSURE_MUST_STAY_INSIDE, ALL_SYMBOLS, log)
        self.rates = Rates.unheard(units, ns_of(config.rate_age_max_ms))
        self.ledger = Ledger(config, self.symbols, self.rates, self.log)
        self.now = 0
        self.paused = self.ending = self.stores_silent = self.killed = False
        self.unknown_reports = 0

    @property
    def active(self) -> bool:
        """Whether entries are allowed."""
        return not (self.paused or self.ending)

    def stale(self, symbol: Symbol, market: Market) -> bool:
        """Whether a market's book (or a rate it needs) is not fresh now."""
        return symbol.staleness(market, self.rates, self.now) != 0

    def markets(self) -> Iterator[Market]:
        """All markets, by symbol and venue."""
        for symbol in self.symbols:
            yield from symbol.markets.values()


class Orders:
    """Sends, and keeps each order's state in step with what is reported."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.known: dict[int, tuple[Symbol, Trade, Order]] = {}

    # --------------------------------------------------------------------------------------------------- sending

    def submit(
        self,
        symbol: Symbol,
        trade: Trade,
        leg_index: int,
        purpose: Purpose,
        style: OrderStyle,
        lots: int,
        limit_px: float,
        decision_px: float,
        worst_exposure: float = 0.0,
        need: int = 0,
    ) -> Order:
        """Sends an order for a leg, which has none working; `need` is set aside for it."""
        state, leg = self.state, trade.legs[leg_index]
        market = symbol.markets[leg.venue]
        opens = purpose in (Purpose.ENTRY, Purpose.COMPLETE)
        leg.attempts += 1
        if leg.order is not None:
            self.known.pop(leg.order.client_id, None)
        order = Order(
            trade=trade.number,
            leg=leg_index,
            attempt=leg.attempts,
            client_id=client_order_id(state.session_key, symbol.key, trade.number, leg_index, leg.attempts),
            venue=leg.venue,
            side=leg.side if opens else -leg.side,
            lots=lots,
            style=style,
            purpose=purpose,
            limit_px=limit_px,
            decision_px=decision_px,
            sent_ns=state.now,
            sequence=symbol.sequence + 1,
            answer_due_ns=state.now + symbol.answer_timeout_ns,
        )
        if order.rests:
            order.cancel_due_ns = state.now + symbol.working_max_ns
        state.ledger.reserve_order(symbol, order, need)
        leg.order = order
        self.known[order.client_id] = (symbol, trade, order)
        state.venues[leg.venue].submits_ns.append(state.now)
        stale = purpose != Purpose.ENTRY and state.stale(symbol, market)
        trade.stale = trade.stale or stale
        self._send(Action.SUBMIT, symbol, trade, order, stale, worst_exposure)
        self._change(symbol, order, OrderState.PENDING)
        return order

    def _send(
        self, action: Action, symbol: Symbol, trade: Trade, order: Order, stale: bool = False, worst: float = 0.0
    ) -> None:
        symbol.sequence += 1
        submits = action == Action.SUBMIT
        cited = [
            symbol.markets[leg.venue]
            if submits and (order.purpose == Purpose.ENTRY or leg.index == order.leg)
            else None
            for leg in trade.legs
        ]
        buy, sell = cited
        self.state.log.orders.append(
            OrderEntry(
                now_ns=self.state.now,
                client_id=order.client_id,
                trade=order.trade,
                attempt=order.attempt,
                lots=order.lots,
                limit_px=order.limit_px,
                decision_px=order.decision_px,
                buy_received_ns=buy.received_ns if buy else 0,
                sell_received_ns=sell.received_ns if sell else 0,
                buy_bid_px=buy.bid_px[0] if buy else 0.0,
                buy_ask_px=buy.ask_px[0] if buy else 0.0,
                sell_bid_px=sell.bid_px[0] if sell else 0.0,
                sell_ask_px=sell.ask_px[0] if sell else 0.0,
                sequence=symbol.sequence,
                worst_exposure_quote=worst,
                action=action,
                symbol=symbol.index,
                venue=order.venue,
                leg=order.leg,
                side=order.side,
                style=order.style,
                purpose=order.purpose,
                stale=int(stale),
            )
        )
        self.state.send(Sent(action, order, symbol.markets[order.venue].terms))

    def _change(self, symbol: Symbol, order: Order, after: OrderState) -> None:
        before, market = order.state, symbol.markets[order.venue]
        market.unknown_orders += (after == OrderState.UNKNOWN) - (before == OrderState.UNKNOWN)
        order.state = after
        self.state.log.changes.append(
            ChangeEntry(
                self.state.now, order.client_id, order.filled_lots, order.lots, symbol.index, before, after, order.venue
            )
        )

    # ---------------------------------------------------------------------------------------------------- timers

    def run_timers(self, symbol: Symbol, trade: Trade) -> None:
        """Whatever is due at this instant for the orders of a trade, by leg: first the answer, then the cancel."""
        for order in trade.working:
            if order.answer_due_ns is not None and order.answer_due_ns <= self.state.now:
                self._ask(symbol, trade, order)
            if order.cancel_due_ns is not None and order.cancel_due_ns <= self.state.now:
                self.cancel(symbol, trade, order)

    def _ask(self, symbol: Symbol, trade: Trade, order: Order) -> None:
        if order.state != OrderState.UNKNOWN:
            self._change(symbol, order, OrderState.UNKNOWN)
        if order.queries == QUERIES_MAX:
            trade.flagged, order.answer_due_ns = True, None
            return
        order.queries += 1
        order.answer_due_ns = self.state.now + symbol.answer_timeout_ns * 2**order.queries
        self._send(Action.QUERY, symbol, trade, order)

    def cancel(self, symbol: Symbol, trade: Trade, order: Order) -> None:
        """Asks for the end of a resting order, now and again until it is final."""
        if not order.cancel_sent and order.state != OrderState.UNKNOWN:
            order.queries, order.answer_due_ns = 0, self.state.now + symbol.answer_timeout_ns
        order.cancel_sent = True
        order.cancel_due_ns = self.state.now + symbol.answer_timeout_ns
        self._send(Action.CANCEL, symbol, trade, order)

    # --------------------------------------------------------------------------------------------------- reports

    def apply(self, report: Report) -> tuple[Symbol, Trade, bool, bool] | None:
        """Books what a report adds and moves the state. None for an unknown id, else symbol, trade, whether anything
        was booked, whether the order became final."""
        found = self.known.get(report.client_id)
        if found is None:
            self.state.unknown_reports += 1
            return None
        symbol, trade, order = found
        terms, was_final = symbol.markets[order.venue].terms, order.final
        lots = report.filled_lots - order.filled_lots
        if lots > 0:
            cost = amount_of(report.cost_quote, terms.unit)
            fee = amount_of(report.fee, terms.fee_unit)
            growth = (cost - order.cost_amount, fee - order.fee_amount)
            order.filled_lots, order.cost_amount, order.fee_amount = report.filled_lots, cost, fee
            if order.opens:
                self.state.ledger.keep_reserve(symbol, order)
            self.state.ledger.book_fill(symbol, trade, order, lots, *growth, self.state.now)
        self._move(symbol, order, report.status)
        if order.final and not was_final and order.opens:
            self.state.ledger.keep_reserve(symbol, order)
        return symbol, trade, lots > 0, order.final and not was_final

    def _move(self, symbol: Symbol, order: Order, status: OrderState) -> None:
        if order.final:
            return
        if order.state == OrderState.UNKNOWN or status > order.state:
            self._change(symbol, order, status)
        if order.final:
            order.answer_due_ns = order.cancel_due_ns = None
        elif order.rests and not order.cancel_sent:
            order.queries, order.answer_due_ns = 0, None

    def forget(self, trade: Trade) -> None:
        """The orders of an ended trade are unknown from now on."""
        for leg in trade.legs:
            if leg.order is not None:
                self.known.pop(leg.order.client_id, None)


def limit_of(terms: Terms, side: int, reference_px: float, bound_bps: float) -> float:
    """The limit of an order: so much beyond a reference price, on the tick (§5)."""
    if side > 0:
        return floor_to_tick(reference_px * (1 + bound_bps * 1e-4), terms.tick)
    return ceil_to_tick(reference_px * (1 - bound_bps * 1e-4), terms.tick)


def bounded(terms: Terms, side: int, *prices: float) -> float:
    """The tightest of several limits, on the tick."""
    return floor_to_tick(min(prices), terms.tick) if side > 0 else ceil_to_tick(max(prices), terms.tick)
