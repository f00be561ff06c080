"""Marks: what everything held is worth at the prices it could be closed at, and the drawdown of that.

Equity is summed from what is held (cash, positions, inventory); realised, unrealised and revaluation come from the
bookings. That both agree, to the unit, is law I2.
"""

import numpy as np

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.engine.book import ever_quoted, mark_px
from arbitrage_core.engine.ledger import booked, converted
from arbitrage_core.engine.recording import note_equity
from arbitrage_core.engine.state import LEGS, NEVER_NS

NS_PER_S = 1_000_000_000


@compiled
def leg_value_amount(state, params, s, leg):
    """What closing the leg at the last price known would move in cash, signed, reporting currency; 0 without lots."""
    if leg.lots == 0:
        return np.int64(0)
    terms, symbol = params.symbols[s], state.symbols[s]
    px = mark_px(symbol.books[leg.venue], leg.side)
    value = leg.lots * terms.lot_base * px * symbol.rates[leg.venue]
    return leg.side * booked(state, value, params.units[0])


@compiled
def unrealised_amount(state, params, s, trade):
    """Unrealised PnL of a trade: basis plus value of both legs."""
    amount = np.int64(0)
    for index in range(LEGS):
        leg = trade.legs[index]
        amount += leg.basis_amount + leg_value_amount(state, params, s, leg)
    return amount


@compiled
def inventory_value_amount(state, params, s, venue):
    """The starting inventory of a spot market at its bid, reporting currency."""
    symbol = state.symbols[s]
    book = symbol.books[venue]
    if symbol.initial_lots[venue] == 0 or not ever_quoted(book):
        return np.int64(0)
    value = symbol.initial_lots[venue] * params.symbols[s].lot_base * book.mark_bid_px * symbol.rates[venue]
    return booked(state, value, params.units[0])


@compiled
def mark_equity(state, params, out, now_ns):
    """Marks the equity now: updates equity, peak and drawdown of the state and notes the mark."""
    cash, revaluation = np.int64(0), np.int64(0)
    for v in range(params.venue_count):
        venue = state.venues[v]
        for currency in range(params.currency_count):
            worth = converted(state, params, venue.cash_amounts[currency], currency)
            cash += worth
            revaluation += worth - venue.basis_amounts[currency]
    held, unrealised = np.int64(0), np.int64(0)
    for s in range(params.symbol_count):
        symbol = state.symbols[s]
        if symbol.in_use > 0:
            for slot in range(len(symbol.trades)):
                trade = symbol.trades[slot]
                if trade.phase == 0:
                    continue
                for index in range(LEGS):
                    leg = trade.legs[index]
                    value = leg_value_amount(state, params, s, leg)
                    held += value
                    unrealised += value + leg.basis_amount
        for v in range(params.venue_count):
            if symbol.inventory_basis_amounts[v] != 0:
                value = inventory_value_amount(state, params, s, v)
                held += value
                revaluation += value - symbol.inventory_basis_amounts[v]
    state.equity_amount = cash + held
    state.peak_amount = max(state.peak_amount, state.equity_amount)
    state.drawdown_amount = max(state.drawdown_amount, state.peak_amount - state.equity_amount)
    note_equity(out, state, now_ns, unrealised, revaluation)


@compiled
def arm_mark(state, now_ns):
    """Sets the next full-second mark, once per second in which anything happens."""
    if state.mark_due_ns == NEVER_NS:
        state.mark_due_ns = (now_ns // NS_PER_S + 1) * NS_PER_S
        state.due_ns = min(state.due_ns, state.mark_due_ns)
        state.restless = 0
