"""The story: an honest evidence, told by hand, action by action, with books kept in plain Python.

A story says what was asked of the venues, what they dealt and what they reported; the ledger follows docs/engine.md in
integers and fractions, another way than the engine and another than the laws. Prices are whole numbers and a lot is
0.001, so that every cost and fee of 10 bps is exact.
"""

from dataclasses import dataclass, field
from fractions import Fraction

from arbitrage_core.domain.identity import client_order_id, key_of
from arbitrage_core.domain.market import Market, Venue
from arbitrage_core.domain.order import FIRST_FINAL_STATE, NO_LIMIT_PX, Action, OrderState, OrderStyle, Purpose
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.strategy import StrategyParams
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine.state import NEVER_NS, Approval
from tests.laws.log_table import LogTable

MS = 1_000_000
START_NS = 1_700_000_000_000 * MS
SYMBOL = "BTC/USDT"
SESSION_KEY = 424242
START_AMOUNT = 10_000 * 10**8
LOT_PX_UNITS = 100_000
"""Amount of one lot at a price of 1: 0.001 base × 1 / 1e-8."""
HOLD_UNITS = 10_000_000
"""Reserved for each lot of an opening order; unwinds reserve a tenth."""
OPENING = (Purpose.ENTRY, Purpose.COMPLETE)


def story_config(east_lot: float = 0.001, **changes: object) -> SessionConfig:
    """Two venues, one symbol, four open trades, 10 bps; `changes` go to the strategy's parameters."""
    lots = (("east", east_lot), ("west", 0.001))
    markets = tuple(Market(venue=name, symbol=SYMBOL, lot=lot) for name, lot in lots)
    params = StrategyParams(
        **{"max_open_trades": 4, "symbol_exposure_max_quote": 10_000.0, "cooldown_ms": 0.0, **changes}
    )
    return SessionConfig(
        venues=(Venue(name="east", exposure_max_quote=5_000.0), Venue(name="west", exposure_max_quote=5_000.0)),
        symbols=(SYMBOL,),
        markets=markets,
        params=params,
        portfolio_exposure_max_quote=10_000.0,
    )


@dataclass
class Order:
    """An order, and beside what we know of it what its venue has done (`dealt_`)."""

    client_id: int
    trade: "Trade"
    leg: int
    attempt: int
    purpose: Purpose
    style: OrderStyle
    side: int
    lots: int
    limit_px: float
    decision_px: int
    worst_px: float
    sent_ns: int
    state: OrderState = OrderState.NONE
    filled: int = 0
    cost: int = 0
    fee: int = 0
    queries: int = 0
    canceling: int = 0
    dealt_lots: int = 0
    dealt_cost: int = 0

    @property
    def working(self) -> bool:
        return OrderState.NONE < self.state < FIRST_FINAL_STATE

    @property
    def unfilled(self) -> int:
        return self.lots - self.filled if self.working and self.purpose in OPENING else 0


@dataclass
class Leg:
    """One side of a trade."""

    lots: int = 0
    basis: int = 0
    attempts: int = 0
    decision_px: int = 0
    order: Order | None = None


@dataclass
class Trade:
    """A round trip; `kept` sums what TRADE_OUT stores."""

    number: int
    decided_ns: int
    phase: Phase = Phase.OPENING
    legs: tuple[Leg, Leg] = field(default_factory=lambda: (Leg(), Leg()))
    kept: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("realised", "fees", "funding", "slippage", "incident"), 0)
    )
    fills: int = 0
    opened_ns: int = 0
    entry_cost: int = 0
    imbalance_ns: int = NEVER_NS
    measured_ns: int = 0
    unhedged_quote_s: float = 0.0
    incident_ns: int = NEVER_NS
    incident_cost: int = 0
    incidents: int = 0
    flagged: int = 0

    @property
    def working(self) -> bool:
        return any(leg.order is not None and leg.order.working for leg in self.legs)


class Story:
    """What happened, in order. Leg 0 buys at venue 0 (east), leg 1 sells at venue 1 (west)."""

    def __init__(self, config: SessionConfig | None = None) -> None:
        self.config = config or story_config()
        self.steps = [round(market.lot / 0.001) for market in self.config.markets]
        self.log = LogTable()
        self.now_ns = START_NS
        self.books = [(59_990, 60_000), (60_300, 60_310)]
        self.quoted_ns = START_NS
        self.trades: list[Trade] = []
        self.orders: dict[int, Order] = {}
        self.cash = [START_AMOUNT // 2, START_AMOUNT // 2]
        self.position = [0, 0]
        self.dealt_cash = list(self.cash)
        self.dealt_position = [0, 0]
        self.realised = [0, 0]
        self.fees = 0
        self.equity = self.peak = START_AMOUNT
        self.drawdown = 0

    # what is asked of the venues

    def quote(self, ns: int, east: tuple[int, int], west: tuple[int, int]) -> None:
        """Both books, bid and ask."""
        self.now_ns = self.quoted_ns = ns
        self.books = [east, west]

    def enter(self, ns: int, lots: int, style: OrderStyle = OrderStyle.IOC) -> tuple[Order, Order]:
        """Both legs of a new trade, at the touch."""
        trade = Trade(len(self.trades) + 1, ns)
        self.trades.append(trade)
        before = self.exposure_lots()
        orders = (
            self._prepare(ns, trade, 0, Purpose.ENTRY, lots, style),
            self._prepare(ns, trade, 1, Purpose.ENTRY, lots, style),
        )
        for order in orders:
            order.trade.legs[order.leg].decision_px = order.decision_px
            self._send(order, worst_quote=(sum(before) + 2 * lots) * 0.001 * order.worst_px)
        return orders

    def submit(
        self, ns: int, trade: Trade, leg: int, purpose: Purpose, lots: int, style: OrderStyle = OrderStyle.IOC
    ) -> Order:
        """One more order of a leg."""
        order = self._prepare(ns, trade, leg, purpose, lots, style)
        if purpose == Purpose.EXIT:
            trade.phase = Phase.CLOSING
        if purpose == Purpose.REVERSE:
            trade.phase = Phase.UNWINDING
        opened = (sum(self.exposure_lots()) + lots) * 0.001 * order.worst_px if purpose in OPENING else 0.0
        self._send(order, worst_quote=opened)
        return order

    def cancel(self, ns: int, order: Order) -> None:
        """Asks for a resting order's end."""
        self.now_ns, order.canceling = ns, 1
        self._note_order(order, Action.CANCEL)

    def doubt(self, ns: int, order: Order) -> None:
        """Nobody answered: UNKNOWN, and a query."""
        self.now_ns = ns
        self._change(order, OrderState.UNKNOWN)
        order.queries += 1
        self._note_order(order, Action.QUERY)

    def _prepare(self, ns: int, trade: Trade, leg: int, purpose: Purpose, lots: int, style: OrderStyle) -> Order:
        self.now_ns = ns
        held = trade.legs[leg]
        held.attempts += 1
        side = (1 - 2 * leg) * (1 if purpose in OPENING else -1)
        px = self.books[leg][1 if side > 0 else 0]
        client_id = client_order_id(SESSION_KEY, key_of(SYMBOL), trade.number, leg, held.attempts)
        limit = NO_LIMIT_PX if style == OrderStyle.MARKET else float(px)
        worst = px * (1.0 + 5e-4) if style == OrderStyle.MARKET and side > 0 else float(px)
        return Order(int(client_id), trade, leg, held.attempts, purpose, style, side, lots, limit, px, worst, ns)

    def _send(self, order: Order, worst_quote: float) -> None:
        order.trade.legs[order.leg].order = order
        self.orders[order.client_id] = order
        self._change(order, OrderState.PENDING)
        approval = {Purpose.ENTRY: Approval.ENTRY, Purpose.COMPLETE: Approval.COMPLETE}
        passed = approval.get(order.purpose, Approval.REDUCE)
        self._note_order(
            order, Action.SUBMIT, approval=passed, worst_exposure_quote=worst_quote, limit_px=order.limit_px
        )

    def _note_order(self, order: Order, action: Action, **more: object) -> None:
        names = ("buy_bid_px", "buy_ask_px", "sell_bid_px", "sell_ask_px")
        books = dict(zip(names, (*self.books[0], *self.books[1]), strict=True))
        stale = int(order.purpose not in OPENING and self.now_ns - self.quoted_ns > 1000 * MS)
        self.log.add(
            "orders", now_ns=self.now_ns, client_id=order.client_id, trade=order.trade.number, attempt=order.attempt,
            lots=order.lots, decision_px=order.decision_px, buy_received_ns=self.quoted_ns, stale=stale,
            sell_received_ns=self.quoted_ns, sequence=len(self.log.rows["orders"]) + 1, action=action,
            venue=order.leg, leg=order.leg, side=order.side, style=order.style, purpose=order.purpose, **books, **more,
        )  # fmt: skip

    def _change(self, order: Order, after: OrderState) -> None:
        self.log.add(
            "changes", now_ns=self.now_ns, client_id=order.client_id, filled_lots=order.filled, lots=order.lots,
            before=order.state, after=after, venue=order.leg,
        )  # fmt: skip
        order.state = after

    # what the venues do and say

    def deal(self, order: Order, lots: int, px: int) -> None:
        """The venue executes; nobody has told us yet."""
        cost = lots * px * LOT_PX_UNITS
        order.dealt_lots += lots
        order.dealt_cost += cost
        self.dealt_cash[order.leg] -= order.side * cost + cost // 1000
        self.dealt_position[order.leg] += order.side * lots

    def report(self, ns: int, order: Order, status: OrderState) -> None:
        """The venue tells what it did with an order."""
        self.now_ns = ns
        self.log.add(
            "reports", now_ns=ns, received_ns=ns, kind=2, venue=order.leg, status=status, client_id=order.client_id,
            filled_lots=order.dealt_lots, cost_quote=order.dealt_cost * 1e-8, fee=order.dealt_cost // 1000 * 1e-8,
        )  # fmt: skip
        grown = order.dealt_lots > order.filled
        if grown:
            self._book(order)
        if status != order.state:
            self._change(order, status)
        self._settle(order.trade)
        if grown:
            self.mark(ns)

    def fund(self, ns: int, trade: Trade, leg: int, amount: int) -> None:
        """A funding payment on a leg, both at the venue and with us."""
        self.now_ns = ns
        self.log.add("funding", now_ns=ns, trade=trade.number, amount=amount, venue=leg, leg=leg)
        self.cash[leg] += amount
        self.dealt_cash[leg] += amount
        self.realised[leg] += amount
        trade.kept["realised"] += amount
        trade.kept["funding"] += amount
        self.mark(ns)

    def mark(self, ns: int) -> None:
        """Equity at the standing books."""
        self.now_ns = ns
        unrealised = 0
        for trade in self.trades:
            for index, leg in enumerate(trade.legs):
                side, px = 1 - 2 * index, self.books[index][index]
                unrealised += leg.basis + side * leg.lots * px * LOT_PX_UNITS
        realised = sum(self.realised)
        self.equity = START_AMOUNT + realised + unrealised
        self.peak = max(self.peak, self.equity)
        self.drawdown = max(self.drawdown, self.peak - self.equity)
        self.log.add(
            "equity", now_ns=ns, equity_amount=self.equity, realised_amount=realised, unrealised_amount=unrealised
        )

    def _book(self, order: Order) -> None:
        trade, leg = order.trade, order.trade.legs[order.leg]
        lots, cost = order.dealt_lots - order.filled, order.dealt_cost - order.cost
        fee = order.dealt_cost // 1000 - order.fee
        order.filled, order.cost, order.fee = order.dealt_lots, order.dealt_cost, order.dealt_cost // 1000
        self._measure(trade)
        cash = -order.side * cost
        realised = -fee
        if order.purpose in OPENING:
            leg.basis += cash
            leg.lots += lots
        else:
            released = round(Fraction(leg.basis * lots, leg.lots))
            leg.basis -= released
            leg.lots -= lots
            realised += released + cash
        slippage = order.side * (cost - lots * order.decision_px * LOT_PX_UNITS)
        self.cash[order.leg] += cash - fee
        self.position[order.leg] += order.side * lots
        self.realised[order.leg] += realised
        self.fees += fee
        trade.fills += 1
        trade.opened_ns = trade.opened_ns or self.now_ns
        trade.entry_cost += cost if order.purpose in OPENING else 0
        cost_of_alone = -realised if order.purpose == Purpose.REVERSE and trade.incident_ns != NEVER_NS else 0
        trade.incident_cost += cost_of_alone
        grown = {"realised": realised, "fees": fee, "slippage": slippage, "incident": cost_of_alone}
        for name, amount in grown.items():
            trade.kept[name] += amount
        equal = trade.legs[0].lots == trade.legs[1].lots
        trade.imbalance_ns = NEVER_NS if equal else min(trade.imbalance_ns, self.now_ns)
        self.log.add(
            "fills", now_ns=self.now_ns, client_id=order.client_id, trade=trade.number, attempt=order.attempt,
            lots=lots, cost_quote_amount=cost, fee_amount=fee, cash_reporting_amount=cash, fee_reporting_amount=fee,
            realised_amount=realised, slippage_amount=slippage, venue=order.leg, leg=order.leg, side=order.side,
            purpose=order.purpose, style=order.style,
        )  # fmt: skip

    def _measure(self, trade: Trade) -> None:
        unequal = trade.legs[0].lots - trade.legs[1].lots
        lead = trade.legs[0] if unequal > 0 else trade.legs[1]
        seconds = (self.now_ns - trade.measured_ns) * 1e-9
        trade.unhedged_quote_s += abs(unequal) * 0.001 * lead.decision_px * seconds
        trade.measured_ns = self.now_ns

    def _settle(self, trade: Trade) -> None:
        if trade.working or trade.phase >= Phase.VOID:
            return
        lots = (trade.legs[0].lots, trade.legs[1].lots)
        lead = 0 if lots[0] > lots[1] else 1
        rests = trade.phase == Phase.CLOSING and abs(lots[0] - lots[1]) < self.steps[lead]
        if lots[0] != lots[1] and not rests:
            if trade.incident_ns == NEVER_NS:
                trade.incident_ns = trade.imbalance_ns
                trade.incidents += 1
            return
        if trade.incident_ns != NEVER_NS:
            self.log.add(
                "incidents", trade=trade.number, began_ns=trade.incident_ns, ended_ns=self.now_ns,
                cost_amount=trade.incident_cost,
            )  # fmt: skip
            trade.incident_ns, trade.incident_cost = NEVER_NS, 0
        trade.imbalance_ns = NEVER_NS
        if lots == (0, 0):
            unwound = Phase.UNWOUND if trade.fills else Phase.VOID
            trade.phase = Phase.CLOSED if trade.phase == Phase.CLOSING else unwound
            self.log.add(
                "trades", number=trade.number, decided_ns=trade.decided_ns, ended_ns=self.now_ns, sell_venue=1,
                phase=trade.phase, incidents=trade.incidents, unhedged_quote_s=trade.unhedged_quote_s,
                opened_ns=trade.opened_ns, entry_notional_amount=trade.entry_cost // 2,
                **{f"{name}_amount": amount for name, amount in trade.kept.items()},
            )  # fmt: skip
        else:
            trade.phase = Phase.OPEN

    # what is left

    def exposure_lots(self) -> list[int]:
        """Held lots and unfilled opening lots of each venue."""
        lots = [0, 0]
        for trade in self.trades:
            for index, leg in enumerate(trade.legs):
                lots[index] += leg.lots + (leg.order.unfilled if leg.order is not None else 0)
        return lots

    def in_use(self) -> list[Trade]:
        """The trades that have not ended."""
        return [trade for trade in self.trades if trade.phase < Phase.VOID]
