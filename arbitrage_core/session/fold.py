"""The folds: the only loops over rows. One alternates the engine with the simulated venue, one runs the engine alone.

Both return how many rows they consumed: fewer than given when a log is nearly full (drain it and go on) or a broken
invariant stopped the engine (`state.fault`). What happens at one instant, and in which order, is docs/engine.md §1.
"""

from arbitrage_core.domain.compiled import apart, compiled
from arbitrage_core.domain.row import RowKind
from arbitrage_core.engine.ledger import break_off
from arbitrage_core.engine.recording import has_room
from arbitrage_core.engine.state import LONG_AGO_NS, Fault
from arbitrage_core.engine.step import END_OF_INSTANT, ROW, TIMER, goes_on, quote_is_quiet, react, step
from arbitrage_core.venues.simulated.reports import next_report
from arbitrage_core.venues.simulated.venue import run_arrival, see_row, take_action

EVENTS_MAX = 100_000
"""Events that may run before or after one row; more is a runaway."""


@compiled
def room_needed(state, params):
    """Entries one row or event can write at most: every leg of every trade acting at once, and a few besides."""
    return 6 * len(state.symbols[0].trades) * params.symbol_count + 64


@apart
def hand_over(account, terms, out):
    """Hands the venue what the engine asked since last time."""
    while out.order_sent < out.order_count:
        take_action(account, terms, out.orders[out.order_sent])
        out.order_sent += 1


@compiled
def deliver(state, params, out, account, terms):
    """Hands the engine the report due first, as a row, and logs it for the journal."""
    next_report(account, terms)
    row = account.report[0]
    out.reports[out.report_count] = row
    out.report_positions[out.report_count] = out.applied
    out.report_count += 1
    out.written += 1
    step(state, params, out, row)


@apart
def run_due(state, params, out, account, terms, now_ns):
    """Runs everything due at or before now: arrivals, then timers, then reports of each instant. False: logs full.

    Nothing runs between the quotes of one instant; one that was left open ends before anything later.
    """
    events, pieces = 0, room_needed(state, params)
    if goes_on(state, now_ns):
        return True
    if state.instant_open != 0:
        if not has_room(out, pieces):
            return False
        react(state, params, out, account.report[0], END_OF_INSTANT)
        hand_over(account, terms, out)
    while state.fault == Fault.NONE:
        due_ns = min(state.due_ns, account.due_ns)
        if due_ns > now_ns:
            return True
        if not has_room(out, pieces):
            return False
        if account.arrival_ns == due_ns:
            run_arrival(account, terms)
        elif state.due_ns == due_ns:
            react(state, params, out, account.report[0], TIMER)
        else:
            deliver(state, params, out, account, terms)
        hand_over(account, terms, out)
        events += 1
        if events > EVENTS_MAX:
            break_off(state, Fault.EVENTS_MUST_BE_BOUNDED)
    return True


@compiled
def fold_simulated(states, params_records, outs, accounts, terms_records, rows):
    """Backtest and paper: rows from a feed, orders to the simulated venue. Returns the rows consumed."""
    state, params, out = states[0], params_records[0], outs[0]
    account, terms = accounts[0], terms_records[0]
    if not run_due(state, params, out, account, terms, state.now_ns):
        return 0
    if account.first_ns == LONG_AGO_NS and rows.shape[0] > 0:
        account.first_ns = rows[0].now_ns
    pieces = room_needed(state, params)
    for index in range(rows.shape[0]):
        row = rows[index]
        if row.now_ns >= min(account.due_ns, state.due_ns) or state.looks_owed != 0:
            if not run_due(state, params, out, account, terms, row.now_ns):
                return index
        if not has_room(out, pieces):
            return index
        see_row(account, terms, row)
        out.applied += 1
        if quote_is_quiet(state, row):
            continue
        react(state, params, out, row, ROW)
        if state.fault != Fault.NONE:
            return index
        if out.order_sent < out.order_count or account.due_ns <= row.now_ns:
            hand_over(account, terms, out)
            if not run_due(state, params, out, account, terms, row.now_ns):
                return index + 1
    run_due(state, params, out, account, terms, state.now_ns)
    return rows.shape[0]


@compiled
def fold_recorded(states, params_records, outs, rows):
    """Replay and live: reports are among the rows, orders go nowhere from here. Returns the rows consumed."""
    state, params, out = states[0], params_records[0], outs[0]
    pieces = room_needed(state, params)
    for index in range(rows.shape[0]):
        row = rows[index]
        if not has_room(out, pieces):
            return index
        if not goes_on(state, row.now_ns):
            if state.instant_open != 0:
                react(state, params, out, row, END_OF_INSTANT)
                if not has_room(out, pieces):
                    return index
            while row.now_ns >= state.due_ns and state.fault == Fault.NONE:
                if not has_room(out, pieces):
                    return index
                react(state, params, out, row, TIMER)
        if state.fault != Fault.NONE:
            return index
        step(state, params, out, row)
        out.applied += 1 if row.kind != RowKind.REPORT else 0
    return rows.shape[0]
