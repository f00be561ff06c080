"""Exits of the reference model: why and when an open trade leaves (docs/engine.md §7)."""

from math import floor

from arbitrage_core.domain.order import NO_LIMIT_PX, OrderStyle, Purpose
from arbitrage_core.domain.row import FeedStatus
from arbitrage_core.domain.strategy import ExitOrder
from arbitrage_core.domain.trade import FIRST_STICKY_REASON, ExitReason, Phase
from tests.reference.market import Symbol
from tests.reference.orders import Orders, State, limit_of
from tests.reference.trade import Trade

ALL = 1 << 62
"""Lots of a wish to close everything."""


class Exits:
    """Decides for OPEN trades, which have no working order."""

    def __init__(self, state: State, orders: Orders) -> None:
        self.state, self.orders = state, orders

    def decide(self, symbol: Symbol, trade: Trade) -> None:
        """Leaves, begins to wait for it, or stays."""
        now = self.state.now
        reason, lots = self._wish(symbol, trade)
        if reason == ExitReason.NONE:
            return
        if reason >= FIRST_STICKY_REASON and not trade.sticky:
            trade.exit_reason, trade.wish_ns = reason, now
        if now < trade.exit_pace.not_before_ns:
            return
        fresh = self._both_fresh(symbol, trade)
        if not fresh and now < trade.wish_ns + symbol.exit_wait_max_ns and not self._cannot_wait(symbol, trade):
            return
        self._send(symbol, trade, reason, lots)

    def _both_fresh(self, symbol: Symbol, trade: Trade) -> bool:
        return not any(self.state.stale(symbol, symbol.markets[leg.venue]) for leg in trade.legs)

    def _ended(self, symbol: Symbol, trade: Trade) -> bool:
        return any(symbol.markets[leg.venue].feed == FeedStatus.ENDED for leg in trade.legs)

    def _cannot_wait(self, symbol: Symbol, trade: Trade) -> bool:
        """Whether no fresh book is to be hoped for."""
        if trade.exit_reason == ExitReason.SESSION_END:
            return self._ended(symbol, trade)
        return trade.exit_reason == ExitReason.FEED_ENDED

    def _wish(self, symbol: Symbol, trade: Trade) -> tuple[ExitReason, int]:
        """The first reason that holds, and the lots to close."""
        if trade.sticky:
            return trade.exit_reason, ALL
        if self.state.ending:
            return ExitReason.SESSION_END, ALL
        if self._ended(symbol, trade):
            return ExitReason.FEED_ENDED, ALL
        if trade.told:
            return ExitReason.REDUCED, ALL
        fresh = self._both_fresh(symbol, trade)
        if fresh and self._stopped(symbol, trade):
            return ExitReason.STOP_LOSS, ALL
        buy, sell = (symbol.markets[leg.venue] for leg in trade.legs)
        closing_cost = (sell.ask - buy.bid) / buy.bid * 1e4 if fresh else 0.0
        in_step = abs(buy.received_ns - sell.received_ns) <= symbol.skew_max_ns
        priced = fresh and in_step and -closing_cost <= symbol.params.spread_max_bps
        if priced and closing_cost < symbol.params.exit_spread_bps:
            return ExitReason.CONVERGED, ALL
        if self.state.now >= trade.opened_ns + symbol.hold_max_ns:
            return ExitReason.HOLD_TIME, ALL
        if priced:
            return self._rung(symbol, trade, closing_cost)
        return ExitReason.NONE, ALL

    def _stopped(self, symbol: Symbol, trade: Trade) -> bool:
        """Whether the net loss of closing at the touch is past the stop."""
        if symbol.params.stop_loss_bps == "off":
            return False
        long, short = trade.legs
        buy, sell = symbol.markets[long.venue], symbol.markets[short.venue]
        notional = round((long.opened_cost + short.opened_cost) / 2)
        proceeds = long.lots * symbol.lot * buy.bid * (1 - buy.terms.taker_fee_bps * 1e-4)
        expense = short.lots * symbol.lot * sell.ask * (1 + sell.terms.taker_fee_bps * 1e-4)
        profit = trade.realised + long.basis + short.basis + (proceeds - expense) / self.state.rates.units[0]
        return profit < -symbol.params.stop_loss_bps * 1e-4 * notional

    def _rung(self, symbol: Symbol, trade: Trade, closing_cost: float) -> tuple[ExitReason, int]:
        """The take-profit ladder."""
        buy, sell = (symbol.markets[leg.venue] for leg in trade.legs)
        step, target = symbol.pair_step(buy, sell), trade.initial_lots
        for rung in symbol.params.take_profit:
            if closing_cost < rung.closing_cost_bps:
                target -= floor(rung.share * trade.initial_lots + 1e-9) // step * step
        held = trade.legs[0].lots
        if not held > target:
            return ExitReason.NONE, ALL
        return ExitReason.TAKE_PROFIT, ALL if target < step else held - target

    def _send(self, symbol: Symbol, trade: Trade, reason: ExitReason, lots: int) -> None:
        """Closing orders for both legs: all each holds, or the same lots of both."""
        market_order = symbol.params.exit_order == ExitOrder.MARKET
        trade.exit_reason, trade.phase, trade.trying_exit, trade.tried = reason, Phase.CLOSING, True, []
        if trade.leaving_ns == 0:
            trade.leaving_ns = self.state.now
        if lots != ALL:
            trade.partial_closes += 1
        for leg in trade.legs:
            close = min(lots, leg.lots)
            if close > 0:
                terms, px = symbol.markets[leg.venue].terms, symbol.markets[leg.venue].price(-leg.side)
                limit = limit_of(terms, -leg.side, px, symbol.params.slippage_bound_bps)
                unlimited = market_order or not (px > 0.0 and limit > 0.0)  # no price to set a limit by
                limit = NO_LIMIT_PX if unlimited else limit
                style = OrderStyle.MARKET if unlimited else OrderStyle.IOC
                order = self.orders.submit(symbol, trade, leg.index, Purpose.EXIT, style, close, limit, px)
                leg.exit_px = px
                trade.tried.append(order)
