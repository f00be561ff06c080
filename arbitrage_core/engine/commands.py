"""The operator's commands: what stops entries, lets them go on, or makes trades leave (docs/engine.md §7, §13)."""

import numpy as np

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.row import ALL_SYMBOLS, Command
from arbitrage_core.engine.arming import arm
from arbitrage_core.engine.escalation import cancel_entries, carry_out, look_at_trades
from arbitrage_core.engine.guard_memory import release_session, release_symbol, switched
from arbitrage_core.engine.ledger import break_off
from arbitrage_core.engine.loss_guards import tell_all
from arbitrage_core.engine.state import Fault, SessionPhase


@compiled
def see_command(state, params, out, row):
    """An operator's command. FLATTEN ends the session: entries are over, resting ones canceled, open trades leave."""
    if row.status == Command.STORES_SILENT or row.status == Command.STORES_ANSWER:
        state.stores_silent = 1 if row.status == Command.STORES_SILENT else 0
        return
    if row.status == Command.KILL or row.status == Command.KILL_RELEASE:
        kill(state, params, out, row)
        return
    if row.status == Command.GUARD_RELEASE:
        release_guards(state, params, out, row)
        return
    if row.status == Command.SYMBOL_OFF or row.status == Command.SYMBOL_ON:
        switch_symbol(state, params, out, row)
        return
    if row.status == Command.REDUCE:
        reduce(state, params, out, row)
        return
    if state.phase == SessionPhase.HALTED or state.phase == SessionPhase.ENDING:
        return
    if row.status == Command.PAUSE:
        state.phase = SessionPhase.PAUSED
    elif row.status == Command.RESUME:
        state.phase = SessionPhase.ACTIVE
    elif row.status == Command.FLATTEN:
        state.phase = SessionPhase.ENDING
        for s in range(params.symbol_count):
            cancel_entries(state, params, out, s, row.now_ns)
            look_at_trades(state, params, out, s, row.now_ns)
            arm(state, params, s)


@compiled
def kill(state, params, out, row):
    """KILL latches: nothing that adds risk is sent until KILL_RELEASE, in whatever phase; exits go on."""
    killed_before, state.killed = state.killed, 1 if row.status == Command.KILL else 0
    if state.killed != killed_before:
        switched(out, Refusal.KILL_SWITCH_MUST_BE_OFF, ALL_SYMBOLS, killed_before, row.now_ns)
    if state.killed != 0:
        for s in range(params.symbol_count):
            cancel_entries(state, params, out, s, row.now_ns)
            arm(state, params, s)


@compiled
def release_guards(state, params, out, row):
    """GUARD_RELEASE: of the symbol the row names, or else of the session."""
    if row.symbol == ALL_SYMBOLS:
        release_session(state, out, row.now_ns)
    elif 0 <= row.symbol < params.symbol_count:
        release_symbol(state.symbols[row.symbol], out, row.symbol, row.now_ns)
    else:
        break_off(state, Fault.ROW_MUST_NAME_A_MARKET)


@compiled
def reduce(state, params, out, row):
    """REDUCE: as SYMBOL_OFF of the symbol the row names, or as PAUSE; and the open trades leave."""
    if row.symbol == ALL_SYMBOLS:
        if state.phase == SessionPhase.ACTIVE:
            state.phase = SessionPhase.PAUSED
        for s in range(params.symbol_count):
            tell_all(state, state.symbols[s])
    else:
        switch_symbol(state, params, out, row)
        if state.fault == Fault.NONE:
            tell_all(state, state.symbols[row.symbol])
    carry_out(state, params, out, row.now_ns)


@compiled
def switch_symbol(state, params, out, row):
    """SYMBOL_OFF (and REDUCE) and SYMBOL_ON, of the symbol the row names."""
    if not 0 <= row.symbol < params.symbol_count:
        break_off(state, Fault.ROW_MUST_NAME_A_MARKET)
        return
    s = np.int64(row.symbol)
    off_before, state.symbols[s].off = state.symbols[s].off, 0 if row.status == Command.SYMBOL_ON else 1
    if state.symbols[s].off != off_before:
        switched(out, Refusal.SYMBOL_MUST_BE_ON, s, off_before, row.now_ns)
    if state.symbols[s].off != 0:
        cancel_entries(state, params, out, s, row.now_ns)
        arm(state, params, s)
