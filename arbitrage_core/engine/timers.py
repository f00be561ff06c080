"""The timers: what runs at its own due time, before any row at or after it is applied."""

import numpy as np

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.domain.row import ALL_SYMBOLS
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine.arming import arm, find_due, trade_due_ns
from arbitrage_core.engine.entry import consider_entry
from arbitrage_core.engine.escalation import carry_out, judge
from arbitrage_core.engine.exits import consider_exit
from arbitrage_core.engine.guard_memory import begin_day
from arbitrage_core.engine.ledger import break_off, next_trade
from arbitrage_core.engine.legs import settle_trade
from arbitrage_core.engine.orders import any_working, cancel, doubt, is_working
from arbitrage_core.engine.state import LEGS, NEVER_NS, Fault


@compiled
def run_timer(state, params, out):
    """Runs the one thing due first: the mark, then by symbol and trade number, then the cooldown."""
    now_ns = state.due_ns
    if now_ns < state.now_ns:
        break_off(state, Fault.TIME_MUST_NOT_RUN_BACK)
        return
    state.now_ns = now_ns
    if now_ns >= state.day_end_ns:
        begin_day(state, params, out, now_ns)
    if state.mark_due_ns == now_ns:
        state.mark_due_ns, state.restless = NEVER_NS, 1
        judge(state, params, out, np.int64(ALL_SYMBOLS), now_ns)
        carry_out(state, params, out, now_ns)
        find_due(state, params)
        return
    for s in range(params.symbol_count):
        if state.due_by_symbol_ns[s] == now_ns:
            run_symbol_timer(state, params, out, s, now_ns)
            arm(state, params, s)
            return


@compiled
def run_symbol_timer(state, params, out, s, now_ns):
    """The trade due with the lowest number, or else the end of the cooldown."""
    symbol = state.symbols[s]
    number = np.int64(0)
    for _ in range(len(symbol.trades)):
        slot = next_trade(symbol, number)
        if slot < 0:
            break
        trade = symbol.trades[slot]
        number = trade.number
        if trade_due_ns(trade) == now_ns:
            run_trade_timer(state, params, out, s, slot, now_ns)
            return
    symbol.cooldown_due_ns = NEVER_NS
    consider_entry(state, params, out, s, now_ns)


@compiled
def run_trade_timer(state, params, out, s, slot, now_ns):
    """What a trade wanted to be woken for."""
    trade = state.symbols[s].trades[slot]
    if any_working(trade):
        for index in range(LEGS):
            order = trade.legs[index].order[0]
            if is_working(order) and order.due_ns == now_ns:
                doubt(state, params, out, s, trade, index, now_ns)
            if is_working(order) and order.cancel_ns == now_ns:
                cancel(state, params, out, s, trade, index, now_ns)
    elif trade.phase == Phase.OPEN:
        consider_exit(state, params, out, s, trade, now_ns)
    else:
        settle_trade(state, params, out, s, slot, now_ns)
