"""Losses: of the UTC day, by symbol and all together, and the drawdown. Judged after bookings and at marks.

Each answers in three steps: above its limit entries stop (PAUSE), above `reduce_at` times the limit open trades leave
(REDUCE), above `flatten_at` times it is over for good (FLATTEN): the symbol is switched off, or the session ends.
Losses of a day count from midnight UTC, an incident's legs at what getting out of them would lose now.
"""

import numpy as np

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.domain.refusal import GuardCause, GuardEvent, GuardLevel, Refusal
from arbitrage_core.domain.row import ALL_SYMBOLS
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine.guard_memory import NO_VENUE, raised
from arbitrage_core.engine.marks import unrealised_amount
from arbitrage_core.engine.recording import note_guard
from arbitrage_core.engine.state import NEVER_NS, SessionGuard, SessionPhase, SymbolGuard


@compiled
def incident_loss_amount(state, params, s):
    """What getting out of the legs that stand alone would lose now, reporting currency, not positive."""
    symbol, amount = state.symbols[s], np.int64(0)
    if symbol.in_use == 0:
        return amount
    for slot in range(len(symbol.trades)):
        trade = symbol.trades[slot]
        if trade.phase != Phase.FREE and trade.incident_began_ns != NEVER_NS:
            amount += min(unrealised_amount(state, params, s, trade), 0)
    return amount


@compiled
def judge_losses(state, params, out, only, now_ns):
    """The day's loss of symbol `only` (of each at a mark: ALL_SYMBOLS) and of all together, and the drawdown.

    A symbol is not judged at another's booking: what it decides would depend on who else trades.
    """
    if params.judges_day != 0:
        total_amount, unit = state.realised_amount - state.day_start_amount, params.units[0]
        for s in range(params.symbol_count):
            standing_amount = incident_loss_amount(state, params, s)
            total_amount += standing_amount
            if only < 0 or only == s:
                judge_symbol(state, params, out, s, standing_amount, now_ns)
        guard, rule = state.guards[SessionGuard.DAILY_LOSS], Refusal.PORTFOLIO_DAILY_LOSS_MUST_STAY_INSIDE
        if rises(params, out, guard, rule, ALL_SYMBOLS, now_ns, -total_amount * unit, params.daily_loss_max_quote):
            answer_session(state, params, guard)
    judge_drawdown(state, params, out, now_ns)


@compiled
def judge_symbol(state, params, out, s, standing_amount, now_ns):
    """The day's loss of one symbol."""
    symbol, rule = state.symbols[s], Refusal.SYMBOL_DAILY_LOSS_MUST_STAY_INSIDE
    loss_quote = (symbol.day_start_amount - symbol.realised_amount - standing_amount) * params.units[0]
    guard, limit_quote = symbol.guards[SymbolGuard.DAILY_LOSS], params.symbols[s].daily_loss_max_quote
    if not rises(params, out, guard, rule, s, now_ns, loss_quote, limit_quote):
        return
    tell_all(state, symbol)
    if guard.level == GuardLevel.FLATTEN and symbol.off == 0:
        symbol.off = 1
        note_guard(
            out, Refusal.SYMBOL_MUST_BE_ON, GuardEvent.TRIPPED, GuardCause.ENGINE, s, NO_VENUE, now_ns, NEVER_NS,
            loss_quote, limit_quote * params.flatten_at,
        )  # fmt: skip


@compiled
def judge_drawdown(state, params, out, now_ns):
    """How far the marked equity fell from its highest since the guard was last released."""
    state.guard_peak_amount = max(state.guard_peak_amount, state.equity_amount)
    fallen_quote = (state.guard_peak_amount - state.equity_amount) * params.units[0]
    of_peak_quote = params.drawdown_max_share * state.guard_peak_amount * params.units[0]
    limit_quote = min(params.drawdown_max_quote, of_peak_quote)
    if not (params.drawdown_max_quote == params.drawdown_max_quote and of_peak_quote == of_peak_quote):
        limit_quote = np.nan
    guard, rule = state.guards[SessionGuard.DRAWDOWN], Refusal.DRAWDOWN_MUST_STAY_INSIDE
    if rises(params, out, guard, rule, ALL_SYMBOLS, now_ns, fallen_quote, limit_quote):
        answer_session(state, params, guard)


@compiled
def rises(params, out, guard, rule, s, now_ns, loss_quote, limit_quote):
    """Raises a guard to the step this loss calls for; True if open trades are to leave. No limit (NaN): PAUSE."""
    reduce_quote, flatten_quote = limit_quote * params.reduce_at, limit_quote * params.flatten_at
    level = GuardLevel.NONE
    if loss_quote > flatten_quote:
        level = GuardLevel.FLATTEN
    elif loss_quote > reduce_quote:
        level = GuardLevel.REDUCE
    elif not loss_quote <= limit_quote:
        level = GuardLevel.PAUSE
    if level <= guard.level:
        return False
    return raised(out, guard, rule, s, NO_VENUE, now_ns, loss_quote, (limit_quote, reduce_quote, flatten_quote), level)


@compiled
def answer_session(state, params, guard):
    """REDUCE and FLATTEN of the whole session: every trade is told to leave, or the session ends."""
    if guard.level == GuardLevel.FLATTEN and state.phase != SessionPhase.HALTED:
        state.phase = SessionPhase.ENDING
    for s in range(params.symbol_count):
        tell_all(state, state.symbols[s])


@compiled
def tell_all(state, symbol):
    """Tells every trade of a symbol to leave; `escalation.carry_out` sees to it in this very step."""
    state.reducing, symbol.reducing = 1, 1
    if symbol.in_use > 0:
        for slot in range(len(symbol.trades)):
            symbol.trades[slot].told = 1
