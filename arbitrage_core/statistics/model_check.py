"""The model check: whether every fill was dealt at the price, and charged the fee, that the model gives.

Made up anew from the rows, the orders and the configuration (docs/simulation_assumptions.md says the rules; nothing of
the venue's own code is used): when an order arrives, which book stands there, what earlier orders have taken of it, how
far slippage moves the price, how much the limit allows, what fee follows. Lots, cost and fee are compared as they were
booked, to the unit. A session with any other fees or slippage is named, order by order.

Where it does not look; `ModelCheck.unchecked` counts these orders: those without a final state; GTC orders, which take
and rest at once; on books of several levels, orders at markets where others rest, because what those take of a book is
not followed (on books of one level their prices are judged, not their lots); a resting order's fee in another currency
than the quote's. That a venue does not deal at a lone price far off is not modelled: an order that met one is named.
Which orders a venue rejects, and when a resting order meets a quote, is taken from the log.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from arbitrage_core.domain.identity import draw, key_of
from arbitrage_core.domain.market import Market
from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.order import FIRST_FINAL_STATE, Action, OrderState, OrderStyle
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.strategy import EntryOrder
from arbitrage_core.engine.output import SessionLog
from arbitrage_core.statistics.columns import Columns
from arbitrage_core.statistics.standing_books import NO_BOOK, Arrivals, StandingBooks, standing_books

SHOWN_MAX = 5
"""Differences told of each kind; the rest is counted."""

NS_PER_MS = 1_000_000
DRAW_ORDER_LATENCY = 1
LOT_SLACK = 1e-6
"""Of a lot: what floats may be short of a whole one (docs/engine.md §6)."""
TICK_SLACK = 1e-9
"""Of a tick, likewise."""
MAKER_SLACK_UNITS = 1
"""A resting order filled in parts adds floats in an order that its bookings do not tell."""


@dataclass(frozen=True)
class ModelCheck:
    """`differences`, in words, empty when all is as the model has it; how many orders with fills were `checked`; by
    reason, how many orders were not."""

    differences: list[str]
    checked: int
    unchecked: dict[str, int]


def model_differences(config: SessionConfig, rows: Iterable[np.ndarray], log: SessionLog) -> list[str]:
    """Where fees or slippage are not those of the model; empty: nowhere. See `model_check`."""
    return model_check(config, rows, log).differences


def model_check(config: SessionConfig, rows: Iterable[np.ndarray], log: SessionLog) -> ModelCheck:
    """Every fill of a session against the model of fees and slippage.

    rows    the market rows the session was fed with, in batches, `row_dtype(levels)[n]`
    log     all it wrote, from its first row on
    """
    markets = _markets(config)
    orders = _orders(log, markets)
    asked = Columns.of(log.orders)
    at = np.array([order.place for order in orders], np.int64)
    legs = asked["leg"][at] == 0
    arrivals = Arrivals(
        arrives_ns=np.array([order.arrives_ns for order in orders], np.int64),
        symbol=asked["symbol"][at].astype(np.int64),
        venue=asked["venue"][at].astype(np.int64),
        side=asked["side"][at].astype(np.int64),
        at_once=np.array([order.arrives_ns == order.sent_ns for order in orders], bool),
        received_ns=np.where(legs, asked["buy_received_ns"][at], asked["sell_received_ns"][at]),
        bid_px=np.where(legs, asked["buy_bid_px"][at], asked["sell_bid_px"][at]),
        ask_px=np.where(legs, asked["buy_ask_px"][at], asked["sell_ask_px"][at]),
    )
    shape = len(config.symbols), len(config.venues), len(config.currencies)
    judge = _Judge(markets, log, standing_books(rows, arrivals, *shape))
    for index, order in enumerate(orders):
        judge.judge(index, order)
    judge.judge_strangers({order.client_id for order in orders})
    return ModelCheck(judge.told(), judge.checked, judge.unchecked)


class _Terms(NamedTuple):
    """A market as its orders meet it: `rests` says whether entries may rest there."""

    name: str
    lot_base: float
    step_lots: int
    tick: float
    slippage_bps: float
    taker_fee_bps: float
    maker_fee_bps: float
    latency_ns: int
    jitter_ns: int
    quote: int
    fee_currency: int
    quote_unit: float
    fee_unit: float
    keys: tuple[int, int, int]
    rests: bool


class _Order(NamedTuple):
    """A submitted order: `place` in the log of orders, from 0 on."""

    arrives_ns: int
    symbol: int
    sequence: int
    place: int
    client_id: int
    sent_ns: int
    venue: int
    side: int
    style: int
    lots: int
    limit_px: float


class _Booked(NamedTuple):
    """The bookings of one order: the last one's place in the log of fills, and their sums (cost and fee in units)."""

    place: int
    count: int
    lots: int
    cost_amount: int
    fee_amount: int


def _markets(config: SessionConfig) -> dict[tuple[int, int], _Terms]:
    """By (symbol, venue)."""
    found = {}
    for s, symbol in enumerate(config.symbols):
        rests = config.params_of(symbol).entry_order in (EntryOrder.GTC, EntryOrder.POST_ONLY)
        for v, venue in enumerate(config.venues):
            market = config.market(venue.name, symbol)
            if market is not None:
                keys = (config.seed, venue.key, key_of(symbol))
                found[s, v] = _terms(config, market, config.lot_base(symbol), keys, rests)
    return found


def _terms(config: SessionConfig, market: Market, lot_base: float, keys: tuple[int, int, int], rests: bool) -> _Terms:
    return _Terms(
        name=market.key,
        lot_base=lot_base,
        step_lots=round(market.lot_base / lot_base),
        tick=market.tick,
        slippage_bps=market.slippage_bps,
        taker_fee_bps=market.taker_fee_bps,
        maker_fee_bps=market.maker_fee_bps,
        latency_ns=round(market.latency_ms * NS_PER_MS),
        jitter_ns=round(market.latency_jitter_ms * NS_PER_MS),
        quote=config.currencies.index(market.quote_currency),
        fee_currency=config.currencies.index(market.fees_in),
        quote_unit=booking_unit(market.quote_currency),
        fee_unit=booking_unit(market.fees_in),
        keys=keys,
        rests=rests,
    )


def _orders(log: SessionLog, markets: dict[tuple[int, int], _Terms]) -> list[_Order]:
    """The submits in the order they arrive: by instant, symbol and sequence."""
    asked = Columns.of(log.orders)
    submits = np.flatnonzero(asked["action"] == Action.SUBMIT)
    names = ("client_id", "now_ns", "symbol", "venue", "side", "style", "lots", "limit_px", "sequence", "trade", "leg")
    columns = [asked[name][submits].tolist() for name in (*names, "attempt")]
    orders = []
    for place, *fields in zip(submits.tolist(), *columns, strict=True):
        client_id, sent_ns, symbol, venue, side, style, lots, limit_px, sequence, trade, leg, attempt = fields
        terms = markets[symbol, venue]
        arrives_ns = sent_ns + terms.latency_ns
        if terms.jitter_ns:
            chance = draw(*(np.int64(part) for part in (*terms.keys, trade, leg, attempt, DRAW_ORDER_LATENCY)))
            arrives_ns += math.floor(chance * terms.jitter_ns)
        orders.append(
            _Order(arrives_ns, symbol, sequence, place, client_id, sent_ns, venue, side, style, lots, limit_px)
        )
    return sorted(orders)


def _booked(fills: np.ndarray) -> dict[int, _Booked]:
    """By client order id."""
    columns = Columns.of(fills)
    names = ("client_id", "lots", "cost_quote_amount", "fee_amount")
    found: dict[int, _Booked] = {}
    for place, (client_id, *fields) in enumerate(zip(*(columns[name].tolist() for name in names), strict=True)):
        lots, cost_amount, fee_amount = fields
        so_far = found.get(client_id)
        if so_far is None:
            found[client_id] = _Booked(place, 1, lots, cost_amount, fee_amount)
        else:
            found[client_id] = _Booked(
                place,
                so_far.count + 1,
                so_far.lots + lots,
                so_far.cost_amount + cost_amount,
                so_far.fee_amount + fee_amount,
            )
    return found


def _last_states(changes: np.ndarray) -> dict[int, int]:
    """The state each order was in last."""
    columns = Columns.of(changes)
    return dict(zip(columns["client_id"].tolist(), columns["after"].tolist(), strict=True))


NOTHING_BOOKED = _Booked(-1, 0, 0, 0, 0)


class _Judge:
    """Takes the orders as they arrive, keeps what was taken of each book, and collects what differs."""

    def __init__(self, markets: dict[tuple[int, int], _Terms], log: SessionLog, books: StandingBooks) -> None:
        self._markets, self._fills, self._books = markets, log.fills, books
        self._booked, self._states = _booked(log.fills), _last_states(log.changes)
        self._number, self._px, self._qty = books.number.tolist(), books.px.tolist(), books.qty.tolist()
        self._taken: dict[tuple[int, int, int, int], list[int]] = {}
        self._told: dict[str, list[str]] = {}
        self.checked, self.unchecked = 0, {}

    def judge(self, index: int, order: _Order) -> None:
        """The order that arrives as number `index`."""
        terms = self._markets[order.symbol, order.venue]
        booked, state = self._booked.get(order.client_id, NOTHING_BOOKED), self._states.get(order.client_id)
        if state is None or state < FIRST_FINAL_STATE:
            self._leave_out("without a final state")
        elif state == OrderState.REJECTED:
            if booked.count:
                self._tell("fills", order, terms, booked, "was rejected, yet lots were booked", 0, booked.lots)
        elif order.style == OrderStyle.GTC:
            self._leave_out("GTC: takes and rests at once")
        elif order.style == OrderStyle.POST_ONLY:
            self._judge_resting(order, terms, booked)
        elif terms.rests and len(self._px[index]) > 1:
            self._leave_out("where others rest, on books of several levels")
        else:
            self._judge_taking(index, order, terms, booked)

    def _judge_taking(self, index: int, order: _Order, terms: _Terms, booked: _Booked) -> None:
        px, qty = self._px[index], self._qty[index]
        key = (order.symbol, order.venue, order.side, self._number[index])
        taken = self._taken.setdefault(key, [0] * len(px))
        if terms.rests:  # what is left of the level is not known: as much as was dealt
            lots, cost = booked.lots, booked.lots * terms.lot_base * _dealt_px(terms, order.side, px[0])
        elif self._number[index] == NO_BOOK:
            lots, cost = 0, 0.0
        else:
            lots, cost = _taken_lots(terms, order, px, qty, taken)
        self.checked += 1 if booked.count else 0
        if lots != booked.lots:
            self._tell("lots", order, terms, booked, "lots", lots, booked.lots)
            return
        fee = cost * terms.taker_fee_bps * 1e-4
        if terms.fee_currency != terms.quote:
            rates = self._books.rates[index]
            fee = fee / rates[terms.fee_currency] * rates[terms.quote]
        self._judge_money(order, terms, booked, cost, fee, 0)

    def _judge_resting(self, order: _Order, terms: _Terms, booked: _Booked) -> None:
        """Dealt at its own limit, whenever that was."""
        if not booked.count:
            return
        self.checked += 1
        cost = booked.lots * terms.lot_base * order.limit_px
        fee = cost * terms.maker_fee_bps * 1e-4
        if terms.fee_currency != terms.quote:
            self._leave_out("a resting order's fee in another currency")
            fee = float("nan")
        self._judge_money(order, terms, booked, cost, fee, MAKER_SLACK_UNITS)

    def _judge_money(
        self, order: _Order, terms: _Terms, booked: _Booked, cost: float, fee: float, slack_units: int
    ) -> None:
        """Cost first; where that differs the fee should follow what was paid, or one defect would be told as two."""
        cost_amount = round(cost / terms.quote_unit)
        if abs(booked.cost_amount - cost_amount) > slack_units:
            quantity = booked.lots * terms.lot_base
            expected_px, seen_px = cost / quantity, booked.cost_amount * terms.quote_unit / quantity
            self._tell("prices", order, terms, booked, "mean price", f"{expected_px:.10g}", f"{seen_px:.10g}")
            fee *= booked.cost_amount / cost_amount if cost_amount else float("nan")
            slack_units += 1
        if math.isfinite(fee) and abs(booked.fee_amount - round(fee / terms.fee_unit)) > slack_units:
            expected, seen = round(fee / terms.fee_unit), booked.fee_amount
            self._tell("fees", order, terms, booked, f"fee in units of {terms.fee_unit:g}", expected, seen)

    def judge_strangers(self, known: set[int]) -> None:
        """Fills of orders that were never sent."""
        for client_id, booked in self._booked.items():
            if client_id not in known:
                self._told.setdefault("fills", []).append(f"fill {booked.place}: its order {client_id} was never sent")

    def told(self) -> list[str]:
        """What differs, the first few of each kind."""
        found = []
        for kind, lines in self._told.items():
            found += lines[:SHOWN_MAX]
            if len(lines) > SHOWN_MAX:
                found.append(f"{kind}: {len(lines) - SHOWN_MAX} more orders differ")
        return found

    def _tell(
        self, kind: str, order: _Order, terms: _Terms, booked: _Booked, what: str, expected: object, seen: object
    ) -> None:
        where = f"fill {booked.place}" if booked.count else "no fill"
        self._told.setdefault(kind, []).append(
            f"{where} of order {order.client_id} at {terms.name}: {what}: {expected} by the model, {seen} booked"
        )

    def _leave_out(self, reason: str) -> None:
        self.unchecked[reason] = self.unchecked.get(reason, 0) + 1


def _taken_lots(terms: _Terms, order: _Order, px: list[float], qty: list[float], taken: list[int]) -> tuple[int, float]:
    """Lots a taking order gets from a book, level by level, and what they cost; `taken` grows by them."""
    lots, cost = 0, 0.0
    for level, level_px in enumerate(px):
        if not 0.0 < level_px < 1e300:
            break
        dealt_px = _dealt_px(terms, order.side, level_px)
        if order.style != OrderStyle.MARKET and order.side * (dealt_px - order.limit_px) > 0.0:
            break
        free = max(int(qty[level] / terms.lot_base + LOT_SLACK), 0) - taken[level]
        dealt = min(order.lots - lots, free)
        dealt -= dealt % terms.step_lots
        if dealt > 0:
            taken[level] += dealt
            lots += dealt
            cost += (dealt * terms.lot_base) * dealt_px
        if lots == order.lots:
            break
    return lots, cost


def _dealt_px(terms: _Terms, side: int, px: float) -> float:
    """A level's price, worse by the slippage and then on the tick against us."""
    if not terms.slippage_bps > 0.0:
        return px
    worse = px * (1.0 + side * terms.slippage_bps * 1e-4)
    if not terms.tick > 0.0:
        return worse
    if side > 0:
        return math.ceil(worse / terms.tick - TICK_SLACK) * terms.tick
    return math.floor(worse / terms.tick + TICK_SLACK) * terms.tick
