"""Escalation: what is judged after money moved, and how REDUCE and FLATTEN are carried out.

A judgement tells trades to leave; it is carried out in the same step, after the event that caused it has been dealt
with: resting entries of the symbols concerned are canceled, then their trades are looked at, symbol by symbol.
"""

import numpy as np

from arbitrage_core.domain.compiled import apart, compiled
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine.arming import arm
from arbitrage_core.engine.exits import consider_exit
from arbitrage_core.engine.exposure_guards import judge_exposure
from arbitrage_core.engine.ledger import next_trade
from arbitrage_core.engine.legs import settle_trade
from arbitrage_core.engine.loss_guards import judge_losses
from arbitrage_core.engine.marks import mark_equity
from arbitrage_core.engine.orders import cancel, is_working
from arbitrage_core.engine.state import LEGS, NEVER_NS


@apart
def judge(state, params, out, only, now_ns):
    """Marks the equity, then judges losses and exposure: of all at a mark, of symbol `only` after its booking."""
    mark_equity(state, params, out, now_ns)
    judge_losses(state, params, out, only, now_ns)
    if params.watches_exposure != 0:
        judge_exposure(state, params, out, only, now_ns)


@compiled
def carry_out(state, params, out, now_ns):
    """Sees to what was told in this step: resting entries go, trades leave."""
    if state.reducing == 0:
        return
    state.reducing = 0
    for s in range(params.symbol_count):
        if state.symbols[s].reducing != 0:
            state.symbols[s].reducing = 0
            cancel_entries(state, params, out, s, now_ns)
            look_at_trades(state, params, out, s, now_ns)
            arm(state, params, s)


@apart
def look_at_trades(state, params, out, s, now_ns):
    """All trades of a symbol, oldest first: legs alone are set right, exits decided."""
    symbol = state.symbols[s]
    number = np.int64(0)
    for _ in range(symbol.in_use):
        slot = next_trade(symbol, number)
        if slot < 0:
            break
        trade = symbol.trades[slot]
        number = trade.number
        if trade.phase == Phase.OPEN:
            consider_exit(state, params, out, s, trade, now_ns)
        else:
            settle_trade(state, params, out, s, slot, now_ns)


@compiled
def cancel_entries(state, params, out, s, now_ns):
    """Cancels the resting orders of a symbol, oldest trade first, each once."""
    symbol, number = state.symbols[s], 0
    for _ in range(symbol.in_use):
        trade = symbol.trades[next_trade(symbol, number)]
        number = trade.number
        for index in range(LEGS):
            order = trade.legs[index].order[0]
            if is_working(order) and order.cancel_ns != NEVER_NS and order.canceling == 0:
                cancel(state, params, out, s, trade, index, now_ns)
