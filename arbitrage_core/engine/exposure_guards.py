"""Exposure at its mark: a price that moves past a limit makes trades leave (law I8), the oldest first.

Judged after bookings and at marks, each market at its last known ask: lots held, and what working orders would add.
While more is exposed than a limit allows, the guard stands and entries are refused; trades are told to leave until what
stays lies inside. It is released at the first mark that finds all of it inside again. Without a price nothing is
judged: neither tripped nor released.
"""

import numpy as np

from arbitrage_core.domain.compiled import apart, compiled
from arbitrage_core.domain.refusal import GuardCause, GuardLevel, Refusal
from arbitrage_core.domain.row import ALL_SYMBOLS
from arbitrage_core.domain.trade import FIRST_STICKY_REASON, Phase
from arbitrage_core.engine.guard_memory import NO_VENUE, raised, release
from arbitrage_core.engine.guards import ask_to_reckon
from arbitrage_core.engine.ledger import next_trade, opens
from arbitrage_core.engine.orders import is_working
from arbitrage_core.engine.state import LEGS, SessionGuard, SymbolGuard


@apart
def judge_exposure(state, params, out, only, now_ns):
    """The exposure of symbol `only` (of each at a mark: ALL_SYMBOLS), of each venue and of the portfolio."""
    for s in range(params.symbol_count):
        if only < 0 or only == s:
            guard, limit_quote = state.symbols[s].guards[SymbolGuard.EXPOSURE], params.symbols[s].exposure_max_quote
            rule = Refusal.SYMBOL_EXPOSURE_MUST_STAY_INSIDE
            judge_scope(state, params, out, guard, rule, s, NO_VENUE, limit_quote, now_ns)
    for v in range(params.venue_count):
        guard, rule = state.venues[v].exposure_guard[0], Refusal.VENUE_EXPOSURE_MUST_STAY_INSIDE
        judge_scope(state, params, out, guard, rule, ALL_SYMBOLS, v, params.venues[v].exposure_max_quote, now_ns)
    guard, rule = state.guards[SessionGuard.EXPOSURE], Refusal.PORTFOLIO_EXPOSURE_MUST_STAY_INSIDE
    judge_scope(state, params, out, guard, rule, ALL_SYMBOLS, NO_VENUE, params.portfolio_exposure_max_quote, now_ns)


@compiled
def judge_scope(state, params, out, guard, rule, s, v, limit_quote, now_ns):
    """One limit: of symbol `s` or all, on venue `v` or all."""
    if not limit_quote < np.inf and guard.level == GuardLevel.NONE:
        return
    exposed_quote = exposed(state, params, s, v, False)
    if exposed_quote <= limit_quote:
        release(out, guard, rule, s, v, now_ns, GuardCause.ENGINE)
    elif exposed_quote > limit_quote:
        limits = (limit_quote, limit_quote, limit_quote)
        raised(out, guard, rule, s, v, now_ns, exposed_quote, limits, GuardLevel.REDUCE)
        tell_oldest(state, params, s, v, limit_quote)


@compiled
def exposed(state, params, of_symbol, on_venue, staying):
    """Exposure by symbol and venue, each at its last known ask, reporting currency; NaN without a price. `staying`:
    only what no trade that leaves already holds."""
    total_quote, first, last = 0.0, np.int64(0), params.symbol_count
    if of_symbol != ALL_SYMBOLS:
        first, last = of_symbol, of_symbol + 1
    for s in range(first, last):
        symbol = state.symbols[s]
        if symbol.in_use == 0:
            continue
        for v in range(params.venue_count):
            if on_venue != NO_VENUE and on_venue != v:
                continue
            lots = staying_lots(symbol, v) if staying else symbol.exposure_lots[v]
            if lots != 0:
                total_quote += lots * params.symbols[s].lot_base * ask_to_reckon(symbol, v)
    return total_quote


@compiled
def leaves(trade):
    """Whether a trade is on its way out whatever prices do."""
    return trade.told != 0 or trade.exit_reason >= FIRST_STICKY_REASON or trade.phase == Phase.UNWINDING


@compiled
def staying_lots(symbol, v):
    """Exposure lots on a venue of the trades that stay: held, and what working opening orders would add."""
    lots = np.int64(0)
    for slot in range(len(symbol.trades)):
        trade = symbol.trades[slot]
        if trade.phase == Phase.FREE or leaves(trade):
            continue
        for index in range(LEGS):
            leg = trade.legs[index]
            if leg.venue == v:
                order = leg.order[0]
                lots += leg.lots
                if is_working(order) and opens(order.purpose):
                    lots += order.lots - order.filled_lots
    return lots


@compiled
def tell_oldest(state, params, of_symbol, on_venue, limit_quote):
    """Tells trades to leave, by symbol and then number, until what stays lies inside the limit."""
    for s in range(params.symbol_count):
        symbol, number = state.symbols[s], np.int64(0)
        if of_symbol != ALL_SYMBOLS and of_symbol != s:
            continue
        for _ in range(symbol.in_use):
            if not exposed(state, params, of_symbol, on_venue, True) > limit_quote:
                return
            slot = next_trade(symbol, number)
            trade = symbol.trades[slot]
            number = trade.number
            there = on_venue == NO_VENUE or trade.legs[0].venue == on_venue or trade.legs[1].venue == on_venue
            if there and not leaves(trade):
                trade.told = 1
                state.reducing, symbol.reducing = 1, 1
