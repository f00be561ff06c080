"""The simulated venues of the reference model, from docs/simulation_assumptions.md: own books, orders and ledger."""

from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import ceil, floor, isfinite

from arbitrage_core.domain.order import Action, OrderState, OrderStyle, Purpose
from arbitrage_core.domain.session import SessionConfig
from tests.reference.amount import Rates, amount_of, lots_of
from tests.reference.chance import draw
from tests.reference.ledger import capital_of, share_at_rate
from tests.reference.market import Market, Terms, ns_of
from tests.reference.orders import Report, Sent
from tests.reference.row import Row
from tests.reference.trade import Order

JUMP_MAX = 0.2
ORDER_LATENCY, REPORT_LATENCY, REJECT, REPORT_LOSS, CANCEL_LATENCY = 1, 2, 3, 4, 5


@dataclass
class VenueOrder:
    """An order as its venue knows it."""

    order: Order
    """Only what was asked is read from it, never how it stands."""
    status: OrderState = OrderState.PENDING
    filled_lots: int = 0
    taker_cost: float = 0.0
    maker_cost: float = 0.0
    fee: float = 0.0
    reported_lots: int = 0
    booked_lots: int = 0
    booked_cost: int = 0
    booked_fee: int = 0

    @property
    def rest_lots(self) -> int:
        """What is not filled."""
        return self.order.lots - self.filled_lots

    @property
    def cost_quote(self) -> float:
        """Cumulative."""
        return self.taker_cost + self.maker_cost


@dataclass
class Depth:
    """One side of a book: prices, lots still there."""

    px: list[float] = field(default_factory=list)
    lots: list[int] = field(default_factory=list)


class VenueMarket:
    """A market as its venue runs it."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.bids, self.asks = Depth(), Depth()
        self.good, self.deals = [0.0, 0.0], True
        """Last bid and ask that could be, and whether it deals at the book as it stands."""
        self.resting: list[VenueOrder] = []
        self.position_lots = self.reported_lots = terms.initial_lots

    def quote(self, row: Row) -> None:
        """A new book; whatever was taken from the old one is forgotten. `deals` says whether it can be."""
        before = [depth.px[0] if depth.px else 0.0 for depth in (self.bids, self.asks)]
        best = [row.bid_px[0], row.ask_px[0]]
        crossed = best[0] != 0 and best[1] != 0 and not best[0] < best[1]
        self.deals = not crossed and all(
            px == 0 or good == 0 or any(abs(px - known) <= JUMP_MAX * known for known in (good, last))
            for px, good, last in zip(best, self.good, before, strict=True)
        )
        if self.deals:
            self.good = [px or good for px, good in zip(best, self.good, strict=True)]
        self.bids = Depth(row.bid_px, [lots_of(qty, self.terms.lot) for qty in row.bid_qty])
        self.asks = Depth(row.ask_px, [lots_of(qty, self.terms.lot) for qty in row.ask_qty])

    def is_near(self, px: float) -> bool:
        """Whether a print's price could be."""
        bid, ask = self.good
        return (bid == 0 or px >= bid * (1 - JUMP_MAX)) and (ask == 0 or px <= ask * (1 + JUMP_MAX))

    def touch(self, side: int) -> float:
        """What an order of this side meets; 0 where nothing is."""
        depth = self.asks if side > 0 else self.bids
        return depth.px[0] if depth.px else 0.0

    def take(self, order: VenueOrder, maker: bool) -> int:
        """Fills an order from the standing book, level by level; the lots filled."""
        if not self.deals:
            return 0
        terms, asked = self.terms, order.order
        depth, before = self.asks if asked.side > 0 else self.bids, order.filled_lots
        for level, px in enumerate(depth.px):
            if not (px > 0 and isfinite(px)) or order.rest_lots == 0:
                break
            if maker and self._beyond(asked, px):
                break
            fill_px = asked.limit_px if maker else self._slipped(asked.side, px)
            if not maker and self._beyond(asked, fill_px):
                break
            taken = min(order.rest_lots, depth.lots[level]) // terms.step_lots * terms.step_lots
            if taken > 0:
                depth.lots[level] -= taken
                self.fill(order, taken, fill_px, maker)
        return order.filled_lots - before

    def fill(self, order: VenueOrder, lots: int, px: float, maker: bool) -> None:
        """Adds to what an order has done."""
        order.filled_lots += lots
        if maker:
            order.maker_cost += lots * self.terms.lot * px
        else:
            order.taker_cost += lots * self.terms.lot * px

    def _beyond(self, asked: Order, px: float) -> bool:
        """Whether a price is worse than the limit; a market order has none."""
        if asked.style == OrderStyle.MARKET:
            return False
        return px > asked.limit_px if asked.side > 0 else px < asked.limit_px

    def _slipped(self, side: int, px: float) -> float:
        terms = self.terms
        slipped = px * (1 + side * terms.slippage_bps * 1e-4)
        if terms.slippage_bps > 0 and terms.tick > 0:
            if side > 0:
                return ceil(slipped / terms.tick - 1e-9) * terms.tick
            return floor(slipped / terms.tick + 1e-9) * terms.tick
        return slipped


class SimulatedVenues:
    """All venues of a session: what arrives, what they do with it, what they report."""

    def __init__(self, config: SessionConfig, markets: list[Market], units: list[float]) -> None:
        currencies = len(config.currencies)
        self.config, self.seed = config, config.seed
        self.outages_ms = [(venue.outage_from_ms, venue.outage_until_ms) for venue in config.venues]
        self.markets = {(m.terms.venue, m.terms.symbol): VenueMarket(m.terms) for m in markets}
        self.rates = Rates.unheard(units, 0)
        self.cash = [[amount] + [0] * (currencies - 1) for amount in capital_of(config)]
        self.orders: dict[int, VenueOrder] = {}
        self.symbol_of: dict[int, int] = {}
        self.arrivals: list[tuple[int, int, int, Sent]] = []
        """Due time, symbol, sequence, action: earliest first."""
        self.reports: list[tuple[int, int, int, Report]] = []
        self.report_count: dict[int, int] = dict.fromkeys(range(len(config.symbols)), 0)
        self.start_ns = 0

    # ------------------------------------------------------------------------------------------------- messages

    def send(self, sent: Sent, sequence: int, now: int) -> None:
        """The engine sends an action; it arrives after the market's latency."""
        terms, tag = sent.terms, ORDER_LATENCY if sent.action == Action.SUBMIT else CANCEL_LATENCY
        due = now + terms.latency_ns + floor(self._draw(sent.terms, sent.order, tag) * terms.jitter_ns)
        heappush(self.arrivals, (due, terms.symbol, sequence, sent))

    def next_report(self) -> Report:
        """The earliest report, which is delivered with this."""
        told = heappop(self.reports)[3]
        order = self.orders.get(told.client_id)
        if order is not None:
            market = self.markets[order.order.venue, self.symbol_of[told.client_id]]
            market.reported_lots += order.order.side * (told.filled_lots - order.reported_lots)
            order.reported_lots = told.filled_lots
        return told

    def _draw(self, terms: Terms, order: Order, tag: int) -> float:
        return draw(self.seed, terms.venue_key, terms.symbol_key, order.trade, order.leg, order.attempt, tag)

    def _report(self, terms: Terms, order: VenueOrder, status: OrderState, now: int, answer: bool = False) -> None:
        """Tells how an order stands; only an answer to a query is never lost."""
        asked = order.order
        order.status = status
        if not answer and self._draw(terms, asked, REPORT_LOSS) < terms.report_loss_rate:
            return
        delay = terms.report_latency_ns + floor(self._draw(terms, asked, REPORT_LATENCY) * terms.jitter_ns)
        self.report_count[terms.symbol] += 1
        told = Report(asked.client_id, status, order.filled_lots, order.cost_quote, order.fee)
        heappush(self.reports, (now + delay, terms.symbol, self.report_count[terms.symbol], told))

    # -------------------------------------------------------------------------------------------------- arrivals

    def arrive(self, now: int) -> None:
        """Runs the earliest arrival, at its time."""
        _, _, _, sent = heappop(self.arrivals)
        terms = sent.terms
        market = self.markets[terms.venue, terms.symbol]
        order = self.orders.get(sent.order.client_id)
        if sent.action == Action.SUBMIT:
            self._accept(market, sent.order, now)
        elif sent.action == Action.CANCEL:
            if order is not None and order in market.resting:
                market.resting.remove(order)
                self._report(terms, order, OrderState.CANCELED, now)
        elif order is None:
            self._report(terms, VenueOrder(sent.order), OrderState.REJECTED, now, answer=True)
        else:
            self._report(terms, order, order.status, now, answer=True)

    def _accept(self, market: VenueMarket, asked: Order, now: int) -> None:
        terms = market.terms
        order = self.orders[asked.client_id] = VenueOrder(asked)
        self.symbol_of[asked.client_id] = terms.symbol
        if self._refuses(market, asked, now):
            self._report(terms, order, OrderState.REJECTED, now)
            return
        self._report(terms, order, OrderState.OPEN, now)
        if market.take(order, maker=False) > 0:
            self._book(market, order)
            if order.rest_lots == 0:
                self._report(terms, order, OrderState.FILLED, now)
                return
            self._report(terms, order, OrderState.PARTIALLY_FILLED, now)
        if asked.style in (OrderStyle.GTC, OrderStyle.POST_ONLY):
            market.resting.append(order)
            market.resting.sort(key=lambda resting: resting.order.sequence)
        else:
            self._report(terms, order, OrderState.EXPIRED, now)

    def _refuses(self, market: VenueMarket, asked: Order, now: int) -> bool:
        """The five reasons to reject, in order."""
        terms, side = market.terms, asked.side
        since, until = self.outages_ms[terms.venue]
        if since is not None and until is not None:
            if self.start_ns + ns_of(since) <= now < self.start_ns + ns_of(until):
                return True
        if self._draw(terms, asked, REJECT) < terms.reject_rate:
            return True
        px = market.touch(side) if asked.style == OrderStyle.MARKET else asked.limit_px
        if asked.purpose == Purpose.ENTRY and asked.lots * terms.lot * px < terms.min_notional_quote:
            return True
        if terms.spot:
            if side > 0 and amount_of(asked.lots * terms.lot * px, terms.unit) > self.cash[terms.venue][terms.quote]:
                return True
            if side < 0 and asked.lots > market.position_lots + terms.short_limit_lots:
                return True
        if asked.style == OrderStyle.POST_ONLY:
            other = market.touch(side)
            return other > 0 and (asked.limit_px >= other if side > 0 else asked.limit_px <= other)
        return False

    # -------------------------------------------------------------------------------------------------- bookings

    def _book(self, market: VenueMarket, order: VenueOrder) -> None:
        """Books what an order has done beyond what is booked."""
        terms, rates = market.terms, self.rates.values
        fee = order.taker_cost * terms.taker_fee_bps * 1e-4 + order.maker_cost * terms.maker_fee_bps * 1e-4
        order.fee = fee if terms.fee == terms.quote else fee / rates[terms.fee] * rates[terms.quote]
        cost, fee_amount = amount_of(order.cost_quote, terms.unit), amount_of(order.fee, terms.fee_unit)
        market.position_lots += order.order.side * (order.filled_lots - order.booked_lots)
        self.cash[terms.venue][terms.quote] -= order.order.side * (cost - order.booked_cost)
        self.cash[terms.venue][terms.fee] -= fee_amount - order.booked_fee
        order.booked_lots, order.booked_cost, order.booked_fee = order.filled_lots, cost, fee_amount

    # ------------------------------------------------------------------------------------------------------ rows

    def rate(self, row: Row) -> None:
        """A RATE row; at a currency's first one the capital held in it is there."""
        first = row.rate > 0 and not self.rates.values[row.currency] > 0
        self.rates.hear(row.currency, row.rate, row.received_ns)
        if first:
            for venue, cash in enumerate(self.cash):
                cash[row.currency] += share_at_rate(self.config, venue, row.currency, row.rate)

    def quote(self, row: Row, now: int) -> None:
        """A QUOTE row: a new book, then the resting orders it crosses, at their limits."""
        market = self.markets[row.venue, row.symbol]
        market.quote(row)
        for order in list(market.resting):
            before = order.filled_lots
            market.take(order, maker=True)
            self._after_rest(market, order, before, now)

    def print(self, row: Row, now: int) -> None:
        """A PRINT row: resting orders it went through, sharing its lots in the order they were sent."""
        market = self.markets[row.venue, row.symbol]
        left = lots_of(row.qty, market.terms.lot)
        for order in list(market.resting):
            asked, before = order.order, order.filled_lots
            through = row.px < asked.limit_px if asked.side > 0 else row.px > asked.limit_px
            through &= market.is_near(row.px)
            lots = min(order.rest_lots, left) // market.terms.step_lots * market.terms.step_lots
            if through and lots > 0:
                left -= lots
                market.fill(order, lots, asked.limit_px, maker=True)
                self._after_rest(market, order, before, now)

    def _after_rest(self, market: VenueMarket, order: VenueOrder, before: int, now: int) -> None:
        lots = order.filled_lots - before
        if lots == 0:
            return
        self._book(market, order)
        if order.rest_lots == 0:
            market.resting.remove(order)
            self._report(market.terms, order, OrderState.FILLED, now)
        else:
            self._report(market.terms, order, OrderState.PARTIALLY_FILLED, now)

    def fund(self, row: Row) -> None:
        """A FUNDING row, on the position as far as it was reported."""
        market = self.markets[row.venue, row.symbol]
        terms = market.terms
        if not terms.spot and market.reported_lots:
            amount = amount_of(market.reported_lots * terms.lot * row.mark_px * row.rate, terms.unit)
            self.cash[terms.venue][terms.quote] -= amount
