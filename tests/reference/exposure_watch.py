"""Exposure at its mark in the reference model: what moves past a limit makes trades leave (docs/engine.md §13)."""

from collections.abc import Iterable

from arbitrage_core.domain.row import ALL_SYMBOLS
from arbitrage_core.domain.trade import Phase
from tests.reference.guard_memory import Guard
from tests.reference.market import Symbol
from tests.reference.orders import State
from tests.reference.trade import Trade


def leaves(trade: Trade) -> bool:
    """Whether it is on its way out whatever prices do."""
    return trade.told or trade.sticky or trade.phase == Phase.UNWINDING


class ExposureWatch:
    """Every exposure limit of the session, judged at marks."""

    def __init__(self, state: State) -> None:
        self.state = state

    def judge(self, only: int) -> set[int]:
        """At a mark (ALL_SYMBOLS) or a booking of a symbol; gives the symbols that have trades told to leave."""
        state, told = self.state, set()
        for symbol in state.symbols:
            if only in (ALL_SYMBOLS, symbol.index):
                limit = symbol.exposure_max_quote
                told |= self._judge(symbol.exposure_guard, [symbol], None, limit)
        for number, venue in enumerate(state.venues):
            told |= self._judge(venue.exposure_guard, state.symbols, number, venue.exposure_max_quote)
        limit = state.config.portfolio_exposure_max_quote
        return told | self._judge(state.exposure_guard, state.symbols, None, limit)

    def _judge(self, guard: Guard, symbols: list[Symbol], venue: int | None, limit: float) -> set[int]:
        exposed = self._exposed(symbols, venue, False)
        if exposed <= limit:
            guard.release(self.state.now)
        if not exposed > limit:
            return set()
        guard.rise(self.state.now, exposed, [limit, limit, float("inf")])
        told = set()
        for symbol in symbols:
            for trade in symbol.trades.values():
                if not self._exposed(symbols, venue, True) > limit:
                    return told
                if not leaves(trade) and (venue is None or venue in (leg.venue for leg in trade.legs)):
                    trade.told = True
                    told.add(symbol.index)
        return told

    def _exposed(self, symbols: list[Symbol], venue: int | None, staying: bool) -> float:
        """By symbol and venue, at the last asks known; NaN without a price."""
        total = 0.0
        for symbol in symbols:
            for number in sorted(symbol.markets):
                if venue is None or venue == number:
                    lots = self._lots(symbol.trades.values(), number, staying)
                    if lots:
                        market = symbol.markets[number]
                        total += lots * symbol.lot * (market.mark_ask_px * self.state.rates.values[market.terms.quote])
        return total

    @staticmethod
    def _lots(trades: Iterable[Trade], venue: int, staying: bool) -> int:
        lots = 0
        for trade in trades:
            for leg in trade.legs:
                if leg.venue == venue and not (staying and leaves(trade)):
                    adds = leg.order is not None and leg.order.opens
                    lots += leg.lots + (leg.order.working_lots if adds else 0)
        return lots
