"""The entry: an opportunity that passed every guard becomes a trade with two orders.

Both legs and the unwind are reserved before the first order is sent.
"""

import numpy as np

from arbitrage_core.domain.compiled import apart, compiled
from arbitrage_core.domain.order import BUY, NO_LIMIT_PX, SELL, OrderStyle, Purpose
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine.guard_memory import memory_refusal
from arbitrage_core.engine.guards import (
    approve,
    capital_refusal,
    edge_refusal,
    exposure_refusal,
    inventory_refusal,
    order_need_amount,
    order_rate_refusal,
    pace_refusal,
    session_refusal,
    size_refusal,
    unwind_need_amount,
    worth_refusal,
)
from arbitrage_core.engine.legs import cool_down
from arbitrage_core.engine.orders import FRESH, prepare, send, worst_px_of
from arbitrage_core.engine.reserves import hold_for_unwind
from arbitrage_core.engine.size import limit_px, on_tick, walk
from arbitrage_core.engine.state import LEGS, NEVER_NS, Approval, Round
from arbitrage_core.engine.strategy import propose_entry

OPPORTUNITY_STANDS, OPPORTUNITY_TAKEN = 1, 2


@compiled
def consider_entry(state, params, out, s, now_ns):
    """Looks for an entry; counts what is refused, and the opportunity it would have been."""
    symbol, terms = state.symbols[s], params.symbols[s]
    found, buy_venue, sell_venue, spread_bps, net_edge_bps, refusal = propose_entry(state, params, s, now_ns)
    symbol.above_floor = found
    if not found:
        end_opportunity(symbol)
        return
    inactive = session_refusal(state, symbol)
    if inactive != Refusal.NONE:
        refusal = inactive
    if refusal == Refusal.NONE:
        refusal = edge_refusal(terms, spread_bps, net_edge_bps)
    if refusal != Refusal.NONE and refusal <= Refusal.EDGE_MUST_EXCEED_COSTS:
        end_opportunity(symbol)
        symbol.refusals[refusal] += 1
        return
    if refusal == Refusal.NONE:
        refusal = pace_refusal(symbol, terms, now_ns)
    if refusal != Refusal.NONE:
        note_opportunity(symbol, refusal)
        symbol.refusals[refusal] += 1
        return
    enter(state, params, out, s, buy_venue, sell_venue, spread_bps, net_edge_bps, now_ns)


@apart
def enter(state, params, out, s, buy_venue, sell_venue, spread_bps, net_edge_bps, now_ns):
    """An opportunity that may be taken now: if its size and the means allow, it becomes a trade."""
    symbol, terms = state.symbols[s], params.symbols[s]
    lots, buy_ref, sell_ref = walk(symbol, terms, buy_venue, sell_venue)
    buy_limit = entry_limit_px(symbol, terms, buy_venue, BUY, buy_ref)
    sell_limit = entry_limit_px(symbol, terms, sell_venue, SELL, sell_ref)
    refusal = size_refusal(terms, buy_venue, sell_venue, lots)
    if refusal == Refusal.NONE:
        refusal = worth_refusal(symbol, terms, buy_venue, BUY, lots, buy_limit)
    if refusal == Refusal.NONE:
        refusal = worth_refusal(symbol, terms, sell_venue, SELL, lots, sell_limit)
    if refusal == Refusal.NONE:
        refusal = means_refusal(state, params, s, buy_venue, sell_venue, lots, buy_limit, sell_limit, now_ns)
    note_opportunity(symbol, refusal)
    if refusal != Refusal.NONE:
        symbol.refusals[refusal] += 1
        return
    approve(state, np.int64(Approval.ENTRY), np.int64(LEGS))
    slot = open_trade(symbol, buy_venue, sell_venue, spread_bps, net_edge_bps, now_ns)
    send_entry(state, params, out, s, slot, lots, buy_limit, sell_limit, now_ns)
    cool_down(symbol, terms, now_ns)


@compiled
def end_opportunity(symbol):
    """The opportunity that stood, if any, is over; it was missed unless taken."""
    if symbol.opportunity == OPPORTUNITY_STANDS:
        symbol.missed[symbol.opportunity_refusal] += 1
    symbol.opportunity = 0


@compiled
def note_opportunity(symbol, refusal):
    """An opportunity stands; it is taken when nothing refuses it."""
    if symbol.opportunity == 0:
        symbol.seen += 1
        symbol.opportunity, symbol.opportunity_refusal = OPPORTUNITY_STANDS, refusal
    if refusal == Refusal.NONE and symbol.opportunity == OPPORTUNITY_STANDS:
        symbol.taken += 1
        symbol.opportunity = OPPORTUNITY_TAKEN


@compiled
def entry_limit_px(symbol, terms, venue, side, reference_px):
    """The entry order's limit by its style."""
    if terms.entry_style == OrderStyle.MARKET:
        return NO_LIMIT_PX
    if terms.entry_style == OrderStyle.POST_ONLY:
        book = symbol.books[venue]
        px = book.bid_px[0] if side > 0 else book.ask_px[0]
        return on_tick(px, terms.markets[venue].tick, side)
    return limit_px(terms.markets[venue], side, reference_px, terms.slippage_bound_bps)


@compiled
def means_refusal(state, params, s, buy_venue, sell_venue, lots, buy_limit, sell_limit, now_ns):
    """Exposure, inventory, capital and order rate for both legs together, and what the guards remember."""
    symbol, terms = state.symbols[s], params.symbols[s]
    bound = terms.slippage_bound_bps
    buy_px = worst_px_of(BUY, buy_limit, symbol.books[buy_venue].ask_px[0], bound)
    sell_px = worst_px_of(SELL, sell_limit, symbol.books[sell_venue].bid_px[0], bound)
    refusal = exposure_refusal(
        state, params, s, buy_venue, lots, buy_px * symbol.rates[buy_venue],
        sell_venue, lots, sell_px * symbol.rates[sell_venue],
    )  # fmt: skip
    if refusal == Refusal.NONE:
        refusal = inventory_refusal(state, params, s, sell_venue, lots)
    if refusal == Refusal.NONE:
        refusal = leg_capital_refusal(state, params, s, buy_venue, BUY, lots, buy_px)
    if refusal == Refusal.NONE:
        refusal = leg_capital_refusal(state, params, s, sell_venue, SELL, lots, sell_px)
    if refusal == Refusal.NONE:
        refusal = order_rate_refusal(state, params, buy_venue, now_ns)
    if refusal == Refusal.NONE:
        refusal = order_rate_refusal(state, params, sell_venue, now_ns)
    if refusal == Refusal.NONE:
        refusal = memory_refusal(state, params, s, now_ns)
    return refusal


@compiled
def leg_capital_refusal(state, params, s, venue, side, lots, worst_px):
    """Capital for the order of a leg and for getting out of it again."""
    order_amount = order_need_amount(params, s, venue, side, lots, worst_px)
    unwind_amount = unwind_need_amount(params, s, venue, lots, worst_px)
    if order_amount < 0 or unwind_amount < 0:
        return Refusal.CAPITAL_MUST_COVER
    return capital_refusal(state, params, s, venue, order_amount + unwind_amount)


@compiled
def open_trade(symbol, buy_venue, sell_venue, spread_bps, net_edge_bps, now_ns):
    """Takes the first free slot for a new trade; returns the slot. The guards made sure there is one."""
    slot = 0
    while symbol.trades[slot].phase != Phase.FREE:
        slot += 1
    trade = symbol.trades[slot]
    symbol.counter += 1
    symbol.in_use += 1
    trade.number, trade.phase, trade.exit_reason, trade.decided_ns = symbol.counter, Phase.OPENING, 0, now_ns
    trade.opened_ns, trade.hedged_ns, trade.leaving_ns = 0, 0, 0
    trade.hold_due_ns, trade.hold_timer_ns, trade.wait_due_ns = NEVER_NS, NEVER_NS, NEVER_NS
    trade.exit_retry_ns, trade.exit_vain_tries, trade.fix_retry_ns, trade.fix_vain_tries = NEVER_NS, 0, NEVER_NS, 0
    trade.deadline_ns, trade.imbalance_ns, trade.incident_began_ns = NEVER_NS, NEVER_NS, NEVER_NS
    trade.measured_ns, trade.round_kind = now_ns, Round.NONE
    trade.round_lots, trade.round_goal_lots, trade.initial_lots = 0, 0, 0
    trade.realised_amount, trade.fees_amount, trade.funding_amount = 0, 0, 0
    trade.slippage_amount, trade.incident_amount, trade.incident_cost_start_amount = 0, 0, 0
    trade.spread_bps, trade.net_edge_bps = spread_bps, net_edge_bps
    trade.unhedged_quote_s, trade.incident_unhedged_start = 0.0, 0.0
    trade.incidents, trade.partial_closes, trade.stale, trade.flagged = 0, 0, 0, 0
    trade.told = 0
    clear_leg(trade.legs[0], buy_venue, BUY)
    clear_leg(trade.legs[1], sell_venue, SELL)
    return slot


@compiled
def clear_leg(leg, venue, side):
    """An empty leg at a venue."""
    leg.venue, leg.side, leg.attempts, leg.lots = venue, side, 0, 0
    leg.basis_amount, leg.opened_lots, leg.opened_cost_amount, leg.opened_reporting_amount = 0, 0, 0, 0
    leg.unwind_reserved_amount, leg.first_fill_ns, leg.decision_px, leg.exit_px = 0, 0, 0.0, 0.0
    leg.order[0].state, leg.order[0].client_id = 0, 0


@compiled
def send_entry(state, params, out, s, slot, lots, buy_limit, sell_limit, now_ns):
    """Prepares and reserves both legs, then sends them."""
    symbol, terms = state.symbols[s], params.symbols[s]
    trade = symbol.trades[slot]
    for index in range(LEGS):
        leg = trade.legs[index]
        book = symbol.books[leg.venue]
        limit = buy_limit if index == 0 else sell_limit
        takes_ask = (leg.side > 0) != (terms.entry_style == OrderStyle.POST_ONLY)
        px = book.ask_px[0] if takes_ask else book.bid_px[0]
        leg.decision_px = px
        prepare(state, params, s, trade, index, leg.side, terms.entry_style, np.int64(Purpose.ENTRY), lots, limit, px)
        hold_for_unwind(state, params, s, leg)
    for index in range(LEGS):
        send(state, params, out, s, trade, np.int64(index), now_ns, FRESH)
