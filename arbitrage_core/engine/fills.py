"""The fill: lots that were dealt, booked once, from the growth of an order's cumulative figures."""

import numpy as np

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.domain.order import Purpose
from arbitrage_core.engine.guard_memory import remember_fill
from arbitrage_core.engine.ledger import (
    book_closing,
    book_fee,
    book_opening,
    booked,
    converted,
    measure_imbalance,
    move_cash,
    note_balance,
    opens,
)
from arbitrage_core.engine.reserves import release_order
from arbitrage_core.engine.state import NEVER_NS


@compiled
def book_fill(state, params, out, s, trade, leg_index, row):
    """Books the growth of an order's cumulative lots, cost and fee; notes the fill."""
    symbol, terms, leg = state.symbols[s], params.symbols[s], trade.legs[leg_index]
    order, market, venue = leg.order[0], terms.markets[leg.venue], state.venues[leg.venue]
    now_ns = row.now_ns
    measure_imbalance(params, s, trade, now_ns)
    lots = row.filled_lots - order.filled_lots
    cost_before, fee_before = order.cost_amount, order.fee_amount
    order.cost_amount = booked(state, row.cost_quote, params.units[market.quote])
    order.fee_amount = booked(state, row.fee, params.units[market.fee_currency])
    order.filled_lots = row.filled_lots
    cost_amount = order.cost_amount - cost_before
    cash_amount = -order.side * cost_amount
    cash_reporting_amount = converted(state, params, cash_amount, market.quote)
    move_cash(state, venue, market.quote, cash_amount, cash_reporting_amount)
    symbol.position_lots[leg.venue] += order.side * lots
    realised_before = trade.realised_amount
    if opens(order.purpose):
        leg.first_fill_ns = leg.first_fill_ns or now_ns
        book_opening(leg, lots, cost_amount, cash_reporting_amount)
        release_order(state, params, s, leg, lots, order.lots - order.filled_lots)
        gained_amount = np.int64(0)
    else:
        gained_amount = book_closing(state, symbol, trade, leg, lots, cash_reporting_amount)
        symbol.exposure_lots[leg.venue] -= lots
    fee_reporting_amount = book_fee(state, params, s, trade, leg, order.fee_amount - fee_before)
    if trade.incident_began_ns != NEVER_NS:
        book_incident(state, params, s, trade, leg_index, lots, cost_amount, gained_amount, fee_reporting_amount)
    slippage_amount = slippage_of(state, params, s, order, leg.venue, lots, cost_amount)
    trade.slippage_amount += slippage_amount
    notional_amount = abs(cash_reporting_amount)
    remember_fill(state, params, out, s, slippage_amount, notional_amount, market.slippage_bps, now_ns)
    count_entry(symbol, trade, now_ns)
    note_balance(trade, now_ns)
    entry = out.fills[out.fill_count]
    out.fill_count += 1
    out.written += 1
    entry.now_ns, entry.client_id, entry.trade, entry.attempt = now_ns, order.client_id, trade.number, leg.attempts
    entry.lots, entry.cost_quote_amount, entry.fee_amount = lots, cost_amount, order.fee_amount - fee_before
    entry.cash_reporting_amount, entry.fee_reporting_amount = cash_reporting_amount, fee_reporting_amount
    entry.realised_amount = trade.realised_amount - realised_before
    entry.slippage_amount, entry.symbol, entry.venue, entry.leg = slippage_amount, s, leg.venue, leg_index
    entry.side, entry.purpose, entry.style = order.side, order.purpose, order.style


@compiled
def slippage_of(state, params, s, order, venue, lots, cost_amount):
    """How much worse than the decision price the lots were dealt, reporting currency; negative is better."""
    quote = params.symbols[s].markets[venue].quote
    expected_quote = lots * params.symbols[s].lot_base * order.decision_px
    expected_amount = booked(state, expected_quote, params.units[quote])
    return converted(state, params, order.side * (cost_amount - expected_amount), quote)


@compiled
def count_entry(symbol, trade, now_ns):
    """An entry counts at the trade's first fill."""
    if trade.opened_ns == 0:
        trade.opened_ns = now_ns
        symbol.entries += 1


@compiled
def book_incident(state, params, s, trade, leg_index, lots, cost_amount, gained_amount, fee_reporting_amount):
    """Adds to the cost of the standing incident what this fill cost beyond the plan.

    A completion, or an entry filled after its end: worse than the entry's decision price. A reversal: its loss and its
    fee. A leg closed late: worse than the exit's decision price.
    """
    leg = trade.legs[leg_index]
    order, quote = leg.order[0], params.symbols[s].markets[leg.venue].quote
    if order.purpose == Purpose.REVERSE:
        trade.incident_amount += fee_reporting_amount - gained_amount
        return
    planned_px = leg.decision_px if opens(order.purpose) else leg.exit_px
    planned_quote = lots * params.symbols[s].lot_base * planned_px
    planned_amount = booked(state, planned_quote, params.units[quote])
    trade.incident_amount += converted(state, params, order.side * (cost_amount - planned_amount), quote)
