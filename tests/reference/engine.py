"""The engine of the reference model: rows in, due things in order, looks (docs/engine.md §1, §4)."""

from arbitrage_core.domain.order import OrderState
from arbitrage_core.domain.refusal import GuardCause, GuardEvent, GuardLevel, Refusal
from arbitrage_core.domain.row import ALL_SYMBOLS, Command, FeedStatus, QuoteStatus, RowKind
from arbitrage_core.domain.trade import Phase
from tests.reference.entries import SECOND_NS, Entries
from tests.reference.exits import Exits
from tests.reference.exposure_watch import ExposureWatch
from tests.reference.guard_memory import NO_VENUE
from tests.reference.lonely_legs import LonelyLegs
from tests.reference.market import Symbol
from tests.reference.orders import Orders, Report, State
from tests.reference.result import GuardEntry
from tests.reference.row import Row
from tests.reference.trade import NEVER, Trade

AFTER_TRADES = 1 << 62
"""Where a symbol's cooldown stands among the timers of its trades."""


class Engine:
    """What the state and its parts do when a row, a report or a timer comes."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.orders = Orders(state)
        self.exits = Exits(state, self.orders)
        self.legs = LonelyLegs(state, self.orders, self.exits)
        self.entries = Entries(state, self.orders)
        self.exposure = ExposureWatch(state)
        self.reducing: set[int] = set()
        """Symbols with trades that were told to leave in this step."""
        self.mark_due_ns = NEVER
        self.instant_open = False
        self.awaiting: set[int] = set()
        """Symbols with quotes of the instant that goes on."""

    # ---------------------------------------------------------------------------------------------------- timers

    def next_timer(self) -> tuple[int, int, int] | None:
        """Due time, symbol and trade number (or AFTER_TRADES) of the earliest timer of trades and symbols."""
        earliest: tuple[int, int, int] | None = None
        for symbol in self.state.symbols:
            for trade in symbol.trades.values():
                key = (trade.due_ns, symbol.index, trade.number)
                if trade.due_ns < NEVER and (earliest is None or key < earliest):
                    earliest = key
            if symbol.cooldown_due_ns is not None:
                key = (symbol.cooldown_due_ns, symbol.index, AFTER_TRADES)
                if earliest is None or key < earliest:
                    earliest = key
        return earliest

    def run_timer(self, symbol_index: int, number: int) -> None:
        """What is due now for a trade, or the end of a symbol's cooldown."""
        self.state.ledger.see_day(self.state.now)
        symbol = self.state.symbols[symbol_index]
        if number == AFTER_TRADES:
            symbol.cooldown_due_ns = None
            self.entries.look(symbol)
            self._arm_all(symbol)
            return
        trade = symbol.trades[number]
        self.orders.run_timers(symbol, trade)
        self.legs.manage(symbol, trade)
        self._arm(symbol, trade)

    def run_mark(self) -> None:
        """A full second."""
        self.mark_due_ns = NEVER
        self.state.ledger.see_day(self.state.now)
        self._judge(ALL_SYMBOLS)
        self._carry_out()

    def _judge(self, only: int) -> None:
        """Marks the equity and judges losses and exposure: of all, or of one symbol after its booking."""
        for symbol, level in self.state.ledger.mark(self.state.now, only):
            self.state.ending |= symbol == ALL_SYMBOLS and level == GuardLevel.FLATTEN
            self._tell(symbol)
        self.reducing |= self.exposure.judge(only)

    def _tell(self, symbol: int) -> None:
        """Tells all trades of a symbol, or of all, to leave."""
        for one in self.state.symbols:
            if symbol in (ALL_SYMBOLS, one.index):
                self.reducing.add(one.index)
                for trade in one.trades.values():
                    trade.told = True

    def _carry_out(self) -> None:
        """What was told in this step."""
        told, self.reducing = sorted(self.reducing), set()
        for symbol in (self.state.symbols[index] for index in told):
            self._cancel_resting(symbol)
            self._manage_all(symbol)
            self._arm_all(symbol)

    def _arm_mark(self) -> None:
        """After a row or report: the mark of the next full second, if none is due."""
        if self.mark_due_ns == NEVER:
            self.mark_due_ns = (self.state.now // SECOND_NS + 1) * SECOND_NS

    def _arm(self, symbol: Symbol, trade: Trade) -> None:
        """Sets when a trade next wants attention; whatever is due by now has had it."""
        dues: list[int | None] = []
        working = trade.working
        for order in working:
            dues += [order.answer_due_ns, order.cancel_due_ns]
        if not working and trade.phase == Phase.OPEN:
            dues.append(trade.exit_pace.not_before_ns)
            if trade.sticky:
                dues.append(trade.wish_ns + symbol.exit_wait_max_ns)
            else:
                dues.append(trade.opened_ns + symbol.hold_max_ns)
        elif not working and trade.imbalance_ns is not None:
            dues += [trade.fix_pace.not_before_ns, trade.imbalance_ns + symbol.deadline_ns]
        trade.due_ns = min((due for due in dues if due is not None and due > self.state.now), default=NEVER)

    def _arm_all(self, symbol: Symbol) -> None:
        for trade in symbol.trades.values():
            self._arm(symbol, trade)

    # ---------------------------------------------------------------------------------------------------- events

    def look(self, symbol: Symbol) -> None:
        """Trades by ascending number, then entries."""
        self._manage_all(symbol)
        self.entries.look(symbol)
        self._arm_all(symbol)

    def _manage_all(self, symbol: Symbol) -> None:
        for trade in list(symbol.trades.values()):
            self.legs.manage(symbol, trade)

    def report(self, report: Report) -> None:
        """A report of an order, then a look at its symbol."""
        self.state.ledger.see_day(self.state.now)
        self._arm_mark()
        applied = self.orders.apply(report)
        if applied is None:
            return
        symbol, trade, booked, became_final = applied
        if booked:
            self._judge(symbol.index)
        if became_final and not trade.working:
            self.legs.settle(symbol, trade)
        self.look(symbol)
        self._carry_out()

    def row(self, row: Row) -> None:
        """A row, after everything due before it."""
        self.state.ledger.see_day(row.now_ns)
        self._arm_mark()
        if row.kind == RowKind.QUOTE:
            self._quote(row)
        elif row.kind == RowKind.REPORT:
            self.report(Report(row.client_id, OrderState(row.status), row.filled_lots, row.cost_quote, row.fee))
        elif row.kind == RowKind.RATE:
            self._rate(row)
        elif row.kind == RowKind.FUNDING:
            market = self.state.symbols[row.symbol].markets[row.venue]
            if self.state.ledger.book_funding(market, row.rate, row.mark_px, self.state.now):
                self._judge(row.symbol)
                self._carry_out()
        elif row.kind == RowKind.FEED:
            self._feed(row)
        elif row.kind == RowKind.COMMAND:
            self._command(Command(row.status), row.symbol)

    def _quote(self, row: Row) -> None:
        symbol = self.state.symbols[row.symbol]
        market = symbol.markets[row.venue]
        if not market.quoted or (market.bid_px[0], market.ask_px[0]) != (row.bid_px[0], row.ask_px[0]):
            market.moved_ns = row.now_ns
        market.see(row.bid_px, row.bid_qty, row.ask_px, row.ask_qty)
        market.received_ns, market.quoted = row.received_ns, True
        market.known = market.feed == FeedStatus.UP
        market.convert_touch(self.state.rates)
        self.state.ledger.note_inventory(market)
        self.awaiting.add(symbol.index)
        self.instant_open = row.status == QuoteStatus.MORE_FOLLOW
        if not self.instant_open:
            self.end_instant()

    def end_instant(self) -> None:
        """The quotes of an instant are in: a look at each symbol that had one."""
        self.instant_open = False
        awaiting, self.awaiting = sorted(self.awaiting), set()
        for index in awaiting:
            self.look(self.state.symbols[index])

    def _rate(self, row: Row) -> None:
        first = row.rate > 0 and not self.state.rates.values[row.currency] > 0
        self.state.rates.hear(row.currency, row.rate, row.received_ns)
        if first:
            self.state.ledger.fund(self.state.config, row.currency, row.rate)
        for market in self.state.markets():
            if market.terms.quote == row.currency:
                market.convert_touch(self.state.rates)
                self.state.ledger.note_inventory(market)

    def _feed(self, row: Row) -> None:
        """A feed's new status; when it ended, trades of its markets leave at once."""
        status = FeedStatus(row.status)
        for symbol in self.state.symbols:
            market = symbol.markets.get(row.venue)
            if market is not None and row.symbol in (ALL_SYMBOLS, symbol.index):
                market.set_feed(status)
                if status == FeedStatus.ENDED:
                    self._manage_all(symbol)
                    self._arm_all(symbol)

    def _command(self, command: Command, symbol: int) -> None:
        state = self.state
        if command == Command.FLATTEN:
            self._flatten()
        elif command in (Command.STORES_SILENT, Command.STORES_ANSWER):
            state.stores_silent = command == Command.STORES_SILENT
        elif command in (Command.KILL, Command.KILL_RELEASE):
            self._note_switch(Refusal.KILL_SWITCH_MUST_BE_OFF, ALL_SYMBOLS, state.killed, command == Command.KILL)
            state.killed = command == Command.KILL
            if state.killed:
                for one in state.symbols:
                    self._cancel_resting(one)
        elif command == Command.GUARD_RELEASE:
            if symbol == ALL_SYMBOLS:
                state.ledger.watch.release(state.ledger.realised, state.now)
            else:
                released = state.symbols[symbol]
                released.memory.release(released.figures.realised_amount, state.now)
        elif command in (Command.SYMBOL_OFF, Command.SYMBOL_ON):
            self._switch(symbol, command == Command.SYMBOL_ON)
        elif command == Command.REDUCE:
            if symbol == ALL_SYMBOLS:
                state.paused = True
            else:
                self._switch(symbol, False)
            self._tell(symbol)
            self._carry_out()
        else:
            state.paused = command == Command.PAUSE

    def _switch(self, symbol: int, on: bool) -> None:
        switched = self.state.symbols[symbol]
        self._note_switch(Refusal.SYMBOL_MUST_BE_ON, symbol, not switched.on, not on)
        switched.memory.on = on
        if not on:
            self._cancel_resting(switched)

    def _note_switch(self, rule: Refusal, symbol: int, before: bool, after: bool) -> None:
        if before != after:
            kind = GuardEvent.TRIPPED if after else GuardEvent.RELEASED
            self.state.log.guards.append(
                GuardEntry(self.state.now, 0, 0.0, 0.0, rule, kind, GuardCause.OPERATOR, symbol, NO_VENUE)
            )

    def _flatten(self) -> None:
        """No more entries; resting entries are canceled, open trades leave. A second one adds nothing."""
        if self.state.ending:
            return
        self.state.ending = True
        for symbol in self.state.symbols:
            self._cancel_resting(symbol)
            self._manage_all(symbol)
            self._arm_all(symbol)

    def _cancel_resting(self, symbol: Symbol) -> None:
        for trade in symbol.trades.values():
            for order in trade.working:
                if order.rests and not order.cancel_sent:
                    self.orders.cancel(symbol, trade, order)
        self._arm_all(symbol)
