"""The ledger: exact bookings. Every fill, fee and funding payment becomes int64 amounts once, here and nowhere else.

A perpetual's fills are booked like a purchase and a sale: cash moves by the whole notional and the position is worth
its price, which gives the same equity as margin accounting and sums that are exact. Realised PnL is net of fees and is
added to trade, symbol, venue and session in the same line, so they add up by construction; laws I1, I2 and I15
recompute it from the fills.
"""

import numpy as np

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.domain.money import NO_AMOUNT, amount_of, share_of
from arbitrage_core.domain.order import Purpose
from arbitrage_core.engine.recording import note_funding
from arbitrage_core.engine.state import LEGS, NEVER_NS, Fault, SessionPhase


@compiled
def break_off(state, fault):
    """A broken invariant: nothing more is decided, the fold stops, the runner seals the journal."""
    if state.fault == Fault.NONE:
        state.fault = fault
    state.phase, state.restless = SessionPhase.HALTED, 1


@compiled
def booked(state, value, unit):
    """`value` as an amount; a value that has none is a broken invariant and books nothing."""
    amount = amount_of(value, unit)
    if amount == NO_AMOUNT:
        break_off(state, Fault.AMOUNT_MUST_BE_FINITE)
        return np.int64(0)
    return amount


@compiled
def converted(state, params, amount, currency):
    """An amount of `currency` in the reporting currency, by the last rate."""
    if currency == 0 or amount == 0:
        return amount
    return booked(state, amount * (params.units[currency] * state.rates[currency]), params.units[0])


@compiled
def move_cash(state, venue, currency, amount, reporting_amount):
    """Adds to what a venue holds of a currency, and to what that was worth when booked."""
    venue.cash_amounts[currency] += amount
    venue.basis_amounts[currency] += reporting_amount


@compiled
def book_realised(state, symbol, venue, trade, amount):
    """Adds realised PnL to the trade, its symbol, the leg's venue and the session."""
    trade.realised_amount += amount
    symbol.realised_amount += amount
    venue.realised_amount += amount
    state.realised_amount += amount


@compiled
def book_fee(state, params, s, trade, leg, fee_amount):
    """Books a fee in its own currency; returns it converted. It is realised at once."""
    symbol, venue = state.symbols[s], state.venues[leg.venue]
    currency = params.symbols[s].markets[leg.venue].fee_currency
    reporting_amount = converted(state, params, fee_amount, currency)
    move_cash(state, venue, currency, -fee_amount, -reporting_amount)
    book_realised(state, symbol, venue, trade, -reporting_amount)
    trade.fees_amount += reporting_amount
    symbol.fees_amount += reporting_amount
    state.fees_amount += reporting_amount
    return reporting_amount


@compiled
def book_opening(leg, lots, cost_amount, cash_reporting_amount):
    """A fill that adds to the leg."""
    leg.lots += lots
    leg.opened_lots += lots
    leg.opened_cost_amount += cost_amount
    leg.opened_reporting_amount += abs(cash_reporting_amount)
    leg.basis_amount += cash_reporting_amount


@compiled
def book_closing(state, symbol, trade, leg, lots, cash_reporting_amount):
    """A fill that takes from the leg: releases its share of the basis. Returns the gross PnL realised."""
    released_amount = share_of(leg.basis_amount, lots, leg.lots)
    leg.basis_amount -= released_amount
    leg.lots -= lots
    gained_amount = released_amount + cash_reporting_amount
    book_realised(state, symbol, state.venues[leg.venue], trade, gained_amount)
    return gained_amount


@compiled
def opens(purpose):
    """Whether an order of this purpose adds to its leg."""
    return purpose == Purpose.ENTRY or purpose == Purpose.COMPLETE


@compiled
def measure_imbalance(params, s, trade, now_ns):
    """Sums notional × seconds of unequal legs up to now; to be called before the legs change."""
    terms = params.symbols[s]
    bought, sold = trade.legs[0], trade.legs[1]
    unequal = bought.lots - sold.lots
    if unequal != 0:
        leg = bought if unequal > 0 else sold
        seconds = (now_ns - trade.measured_ns) * 1e-9
        trade.unhedged_quote_s += abs(unequal) * terms.lot_base * leg.decision_px * seconds
    trade.measured_ns = now_ns


@compiled
def note_balance(trade, now_ns):
    """After the legs changed: since when they are unequal."""
    if trade.legs[0].lots == trade.legs[1].lots:
        trade.imbalance_ns = NEVER_NS
    elif trade.imbalance_ns == NEVER_NS:
        trade.imbalance_ns, trade.incident_unhedged_start = now_ns, trade.unhedged_quote_s


@compiled
def book_funding(state, params, out, row):
    """A FUNDING row of a perpetual: one payment on the whole position, shared by the legs that make it up."""
    s, v = np.int64(row.symbol), np.int64(row.venue)
    symbol, terms = state.symbols[s], params.symbols[s]
    market = terms.markets[v]
    position_lots = symbol.position_lots[v]
    if position_lots == 0 or market.spot:
        return
    notional_quote = position_lots * terms.lot_base * row.mark_px
    total_amount = -booked(state, notional_quote * row.rate, params.units[market.quote])
    rest_amount, rest_lots = total_amount, position_lots
    last_number = np.int64(0)
    for _ in range(len(symbol.trades)):
        slot = next_trade(symbol, last_number)
        if slot < 0:
            break
        trade = symbol.trades[slot]
        last_number = trade.number
        for index in range(LEGS):
            leg = trade.legs[index]
            if leg.venue != v or leg.lots == 0:
                continue
            signed_lots = leg.side * leg.lots
            rest_lots -= signed_lots
            amount = share_of(total_amount, signed_lots, position_lots)
            if rest_lots == 0 and is_last_holder(symbol, v, trade.number, index):
                amount = rest_amount
            rest_amount -= amount
            reporting_amount = converted(state, params, amount, market.quote)
            move_cash(state, state.venues[v], market.quote, amount, reporting_amount)
            book_realised(state, symbol, state.venues[v], trade, reporting_amount)
            trade.funding_amount += reporting_amount
            note_funding(out, s, trade, index, reporting_amount, row.now_ns)


@compiled
def is_last_holder(symbol, venue, number, leg_index):
    """Whether no leg after this one, by (trade number, leg), holds a position at the venue."""
    for slot in range(len(symbol.trades)):
        trade = symbol.trades[slot]
        if trade.phase == 0:
            continue
        for index in range(LEGS):
            leg = trade.legs[index]
            if leg.venue == venue and leg.lots != 0:
                if trade.number > number or (trade.number == number and index > leg_index):
                    return False
    return True


@compiled
def next_trade(symbol, after_number):
    """The slot of the trade with the lowest number above `after_number`, or −1."""
    found = -1
    for slot in range(len(symbol.trades)):
        trade = symbol.trades[slot]
        if trade.phase != 0 and trade.number > after_number:
            if found < 0 or trade.number < symbol.trades[found].number:
                found = slot
    return found
