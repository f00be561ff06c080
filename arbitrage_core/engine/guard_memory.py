"""Guards with memory: what happened trips them; time, a new day or the operator releases them.

Tripped, a guard refuses entries and lets nothing be completed of one's own accord; exits never hear of it. Some go
further (`raised`): REDUCE tells open trades to leave, FLATTEN ends it for good. A guard's memory is state. Losses of a
day and the drawdown are judged in `loss_guards.py`, exposure at its mark in `exposure_guards.py`.
"""

import numpy as np

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.domain.refusal import GuardCause, GuardEvent, GuardLevel, Refusal
from arbitrage_core.domain.row import ALL_SYMBOLS
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine.recording import note_guard
from arbitrage_core.engine.state import NEVER_NS, SLIPPAGE_FILLS, SessionGuard, SymbolGuard

DAY_NS = 86_400_000_000_000
NO_VENUE = np.int64(-1)
"""Of an event that is not of one venue."""


@compiled
def stands(guard, now_ns):
    """Whether a guard is tripped now."""
    return guard.level != GuardLevel.NONE and now_ns < guard.release_ns


@compiled
def trip(out, guard, rule, s, now_ns, release_ns, observed, limit):
    """Trips a guard that does not stand already, to PAUSE; `s` −1: the session's."""
    if stands(guard, now_ns):
        return
    guard.level, guard.release_ns = GuardLevel.PAUSE, release_ns
    guard.trips += 1
    note_guard(
        out, rule, GuardEvent.TRIPPED, GuardCause.ENGINE, s, NO_VENUE, now_ns, release_ns, observed, limit
    )  # fmt: skip


@compiled
def raised(out, guard, rule, s, v, now_ns, observed, limits, level):
    """Raises a guard to `level`, a step at a time, each noted with its own of the three `limits`. True if REDUCE or
    FLATTEN was reached just now. What it has reached it keeps until it is released."""
    before = guard.level
    if before == GuardLevel.NONE and level > before:
        guard.level, guard.release_ns = GuardLevel.PAUSE, NEVER_NS
        guard.trips += 1
        note_guard(
            out, rule, GuardEvent.TRIPPED, GuardCause.ENGINE, s, v, now_ns, NEVER_NS, observed, limits[0]
        )  # fmt: skip
    if guard.level == GuardLevel.PAUSE and level >= GuardLevel.REDUCE:
        guard.level = GuardLevel.REDUCE
        note_guard(
            out, rule, GuardEvent.REDUCED, GuardCause.ENGINE, s, v, now_ns, NEVER_NS, observed, limits[1]
        )  # fmt: skip
    if guard.level == GuardLevel.REDUCE and level >= GuardLevel.FLATTEN:
        guard.level = GuardLevel.FLATTEN
        note_guard(
            out, rule, GuardEvent.FLATTENED, GuardCause.ENGINE, s, v, now_ns, NEVER_NS, observed, limits[2]
        )  # fmt: skip
    return guard.level > before and guard.level >= GuardLevel.REDUCE


@compiled
def release(out, guard, rule, s, v, now_ns, cause):
    """Lets a guard go, and notes it if it had tripped."""
    if guard.level != GuardLevel.NONE:
        note_guard(out, rule, GuardEvent.RELEASED, cause, s, v, now_ns, NEVER_NS, 0.0, 0.0)
    guard.level, guard.release_ns = GuardLevel.NONE, NEVER_NS


@compiled
def memory_refusal(state, params, s, now_ns):
    """The first guard with memory that stands, or whose limit is none."""
    symbol, terms = state.symbols[s], params.symbols[s]
    if stands(symbol.guards[SymbolGuard.SLIPPAGE], now_ns) or not terms.slippage_excess_max_bps >= 0.0:
        return Refusal.SLIPPAGE_MUST_BE_AS_EXPECTED
    if stands(symbol.guards[SymbolGuard.LOSSES], now_ns) or not terms.losses_in_a_row_max >= 1:
        return Refusal.LOSSES_MUST_NOT_RUN_ON
    if stands(symbol.guards[SymbolGuard.DAILY_LOSS], now_ns) or not terms.daily_loss_max_quote >= 0.0:
        return Refusal.SYMBOL_DAILY_LOSS_MUST_STAY_INSIDE
    if stands(state.guards[SessionGuard.DAILY_LOSS], now_ns) or not params.daily_loss_max_quote >= 0.0:
        return Refusal.PORTFOLIO_DAILY_LOSS_MUST_STAY_INSIDE
    drawdown_has_limits = params.drawdown_max_quote >= 0.0 and params.drawdown_max_share >= 0.0
    if stands(state.guards[SessionGuard.DRAWDOWN], now_ns) or not drawdown_has_limits:
        return Refusal.DRAWDOWN_MUST_STAY_INSIDE
    return Refusal.NONE


# ------------------------------------------------------------------------------------------------- slippage and losses


@compiled
def remember_fill(state, params, out, s, slippage_amount, notional_amount, expected_bps, now_ns):
    """A fill: remembers it, and judges the last `SLIPPAGE_FILLS` together once there are so many."""
    symbol, terms, rule = state.symbols[s], params.symbols[s], Refusal.SLIPPAGE_MUST_BE_AS_EXPECTED
    guard = symbol.guards[SymbolGuard.SLIPPAGE]
    if guard.level != GuardLevel.NONE and not stands(guard, now_ns):
        release(out, guard, rule, s, NO_VENUE, now_ns, GuardCause.ENGINE)
        symbol.slippage_count = 0
    place = symbol.slippage_count % SLIPPAGE_FILLS
    symbol.slippage_excesses[place] = slippage_amount - np.int64(np.rint(notional_amount * expected_bps * 1e-4))
    symbol.slippage_notionals[place] = notional_amount
    symbol.slippage_count += 1
    if symbol.slippage_count < SLIPPAGE_FILLS:
        return
    excess_amount, dealt_amount = np.int64(0), np.int64(0)
    for n in range(SLIPPAGE_FILLS):
        excess_amount += symbol.slippage_excesses[n]
        dealt_amount += symbol.slippage_notionals[n]
    limit_bps = terms.slippage_excess_max_bps
    if not excess_amount <= limit_bps * 1e-4 * dealt_amount:
        observed_bps = excess_amount / dealt_amount * 1e4
        trip(out, guard, rule, s, now_ns, now_ns + terms.guard_pause_ns, observed_bps, limit_bps)


@compiled
def remember_result(state, params, out, s, trade, now_ns):
    """A trade that ended with fills: one more loss in a row, or none."""
    symbol, terms, rule = state.symbols[s], params.symbols[s], Refusal.LOSSES_MUST_NOT_RUN_ON
    guard = symbol.guards[SymbolGuard.LOSSES]
    if guard.level != GuardLevel.NONE and not stands(guard, now_ns):
        release(out, guard, rule, s, NO_VENUE, now_ns, GuardCause.ENGINE)
        symbol.losses_in_a_row = 0
    if trade.phase == Phase.VOID:
        return
    symbol.losses_in_a_row = symbol.losses_in_a_row + 1 if trade.realised_amount <= 0 else 0
    if not symbol.losses_in_a_row < terms.losses_in_a_row_max:
        observed, limit = 1.0 * symbol.losses_in_a_row, 1.0 * terms.losses_in_a_row_max
        trip(out, guard, rule, s, now_ns, now_ns + terms.guard_pause_ns, observed, limit)


# -------------------------------------------------------------------------------------------------------------- the day


@compiled
def begin_day(state, params, out, now_ns):
    """After midnight UTC: losses count anew, and what the last day's tripped is over."""
    state.day_end_ns = (now_ns // DAY_NS + 1) * DAY_NS
    guard, rule = state.guards[SessionGuard.DAILY_LOSS], Refusal.PORTFOLIO_DAILY_LOSS_MUST_STAY_INSIDE
    release(out, guard, rule, ALL_SYMBOLS, NO_VENUE, now_ns, GuardCause.ENGINE)
    state.day_start_amount = state.realised_amount
    for s in range(params.symbol_count):
        begin_counting(state.symbols[s], out, s, now_ns, GuardCause.ENGINE)


@compiled
def begin_counting(symbol, out, s, now_ns, cause):
    """Counts the day's losses of a symbol from here on."""
    guard, rule = symbol.guards[SymbolGuard.DAILY_LOSS], Refusal.SYMBOL_DAILY_LOSS_MUST_STAY_INSIDE
    release(out, guard, rule, s, NO_VENUE, now_ns, cause)
    symbol.day_start_amount = symbol.realised_amount


# ------------------------------------------------------------------------------------------------------------- release


@compiled
def release_session(state, out, now_ns):
    """The operator's: the day's loss and the drawdown count from here on."""
    daily, drawdown = state.guards[SessionGuard.DAILY_LOSS], state.guards[SessionGuard.DRAWDOWN]
    rule, cause = Refusal.PORTFOLIO_DAILY_LOSS_MUST_STAY_INSIDE, GuardCause.OPERATOR
    release(out, daily, rule, ALL_SYMBOLS, NO_VENUE, now_ns, cause)
    release(out, drawdown, Refusal.DRAWDOWN_MUST_STAY_INSIDE, ALL_SYMBOLS, NO_VENUE, now_ns, cause)
    state.day_start_amount, state.guard_peak_amount = state.realised_amount, state.equity_amount


@compiled
def release_symbol(symbol, out, s, now_ns):
    """The operator's: all that a symbol's guards remember is forgotten."""
    slippage, losses, cause = (
        symbol.guards[SymbolGuard.SLIPPAGE],
        symbol.guards[SymbolGuard.LOSSES],
        GuardCause.OPERATOR,
    )
    release(out, slippage, Refusal.SLIPPAGE_MUST_BE_AS_EXPECTED, s, NO_VENUE, now_ns, cause)
    release(out, losses, Refusal.LOSSES_MUST_NOT_RUN_ON, s, NO_VENUE, now_ns, cause)
    begin_counting(symbol, out, s, now_ns, cause)
    symbol.losses_in_a_row, symbol.slippage_count = 0, 0


@compiled
def switched(out, rule, s, on, now_ns):
    """Notes that the operator stopped something (`on` 0) or let it go on."""
    kind = GuardEvent.RELEASED if on != 0 else GuardEvent.TRIPPED
    note_guard(out, rule, kind, GuardCause.OPERATOR, s, NO_VENUE, now_ns, NEVER_NS, 0.0, 0.0)
