"""The session of the reference model: engine and simulated venues alternate, events in their order."""

import numpy as np

from arbitrage_core.domain.errors import InvariantBroken
from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.row import RowKind
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.trade import Phase
from tests.reference.engine import Engine
from tests.reference.orders import Sent, State
from tests.reference.result import OpenTrade, ReferenceResult
from tests.reference.row import Row, rows_of
from tests.reference.venue import SimulatedVenues

EVENTS_MAX = 100_000
"""Events between two rows before a runaway is assumed (a mark a second counts as one)."""
ARRIVAL, MARK, TIMER, REPORT = 0, 1, 2, 3


class Session:
    """One run."""

    def __init__(self, config: SessionConfig, session_key: int) -> None:
        units = [booking_unit(currency) for currency in config.currencies]
        self.config = config
        self.state = State(config, session_key, units, self._send)
        self.engine = Engine(self.state)
        self.venues = SimulatedVenues(config, list(self.state.markets()), units)
        self.started = False

    def _send(self, sent: Sent) -> None:
        self.venues.send(sent, self.state.symbols[sent.terms.symbol].sequence, self.state.now)

    def feed(self, row: Row) -> None:
        """One row, with everything due before it and everything due at its time after it."""
        if not self.started:
            self.started, self.state.now, self.venues.start_ns = True, row.now_ns, row.now_ns
        goes_on = self.engine.instant_open and row.now_ns == self.state.now
        if not goes_on:
            self.engine.end_instant()
            self._run_due(row.now_ns)
        self.state.now = row.now_ns
        self._show_venues(row)
        self.engine.row(row)
        if not self.engine.instant_open:
            self._run_due(row.now_ns)

    def _show_venues(self, row: Row) -> None:
        """The simulated venues see a row first."""
        if row.kind == RowKind.QUOTE:
            self.venues.quote(row, row.now_ns)
        elif row.kind == RowKind.PRINT:
            self.venues.print(row, row.now_ns)
        elif row.kind == RowKind.RATE:
            self.venues.rate(row)
        elif row.kind == RowKind.FUNDING:
            self.venues.fund(row)

    def _next(self) -> tuple[int, int, int, int]:
        """Due time, class, symbol and number of the earliest event."""
        venues, engine = self.venues, self.engine
        events = [(engine.mark_due_ns, MARK, 0, 0)]
        if venues.arrivals:
            due, symbol, sequence, _ = venues.arrivals[0]
            events.append((due, ARRIVAL, symbol, sequence))
        timer = engine.next_timer()
        if timer is not None:
            events.append((timer[0], TIMER, timer[1], timer[2]))
        if venues.reports:
            due, symbol, sequence, _ = venues.reports[0]
            events.append((due, REPORT, symbol, sequence))
        return min(events)

    def _run_due(self, until_ns: int) -> None:
        for _ in range(EVENTS_MAX):
            due, kind, symbol, number = self._next()
            if due > until_ns:
                return
            if due < self.state.now:
                raise InvariantBroken(f"event due at {due}, which is before {self.state.now}")
            self.state.now = due
            if kind == ARRIVAL:
                self.venues.arrive(due)
            elif kind == MARK:
                self.engine.run_mark()
            elif kind == TIMER:
                self.engine.run_timer(symbol, number)
            else:
                self.engine.report(self.venues.next_report())
        raise InvariantBroken(f"more than {EVENTS_MAX} events by {until_ns}")

    def result(self) -> ReferenceResult:
        """Everything the run left."""
        state, ledger, log = self.state, self.state.ledger, self.state.log
        venue_count = len(self.config.venues)
        phases = {(trade.symbol, trade.number): Phase(trade.phase) for trade in log.trades}
        open_trades = []
        for symbol in state.symbols:
            symbol.figures.position_lots = [
                symbol.markets[venue].position_lots if venue in symbol.markets else 0 for venue in range(venue_count)
            ]
            for trade in symbol.trades.values():
                phases[symbol.index, trade.number] = trade.phase
                open_trades.append(
                    OpenTrade(
                        symbol=symbol.index,
                        number=trade.number,
                        phase=trade.phase,
                        lots=(trade.legs[0].lots, trade.legs[1].lots),
                        basis_amounts=(trade.legs[0].basis, trade.legs[1].basis),
                        realised_amount=trade.realised,
                        exit_reason=trade.exit_reason,
                        flagged=trade.flagged,
                    )
                )
        return ReferenceResult(
            log=log,
            symbols=[symbol.figures for symbol in state.symbols],
            cash_amounts=ledger.cash,
            reserved_amounts=ledger.reserved,
            realised_by_venue=ledger.realised_by_venue,
            venue_cash_amounts=self.venues.cash,
            venue_position_lots=[
                [
                    self.venues.markets[venue, symbol.index].position_lots if venue in symbol.markets else 0
                    for symbol in state.symbols
                ]
                for venue in range(venue_count)
            ],
            open_trades=open_trades,
            phases=phases,
            start_amount=ledger.start,
            peak_amount=ledger.peak,
            drawdown_amount=ledger.drawdown,
            unknown_reports=state.unknown_reports,
        )


def run(config: SessionConfig, rows: np.ndarray, session_key: int) -> ReferenceResult:
    """Runs rows (structured array of `row_dtype(config.levels)`) to the last one and what is due at its time.

    Nothing is flattened at the end: FLATTEN is a COMMAND row, and time passes only by rows. Raises InvariantBroken
    where the engine would stop with a fault, ValueError for rows that are none.
    """
    session = Session(config, session_key)
    for row in rows_of(rows):
        session.feed(row)
    return session.result()
