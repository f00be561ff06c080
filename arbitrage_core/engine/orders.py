"""The order of a leg: sent once approved, changed only by reports and silence, booked by its cumulative figures.

`send` is the only function that asks a venue to trade, and it takes an approval. Cancels and queries need none: a
cancel is never blocked.
"""

import numpy as np

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.domain.identity import client_order_id
from arbitrage_core.domain.order import FIRST_FINAL_STATE, NO_LIMIT_PX, Action, OrderState, OrderStyle, Purpose
from arbitrage_core.engine.book import touch_px
from arbitrage_core.engine.fills import book_fill
from arbitrage_core.engine.guards import symbol_exposure_quote
from arbitrage_core.engine.ledger import break_off, opens
from arbitrage_core.engine.recording import next_order, note_change
from arbitrage_core.engine.reserves import hold_for_order, settle_order
from arbitrage_core.engine.state import LEGS, NEVER_NS, RATE_RING_SLOTS, Approval, Fault

QUERIES_MAX = 8
FRESH = np.int64(0)
"""`stale` of an order decided on fresh books."""


@compiled
def is_working(order):
    """Whether the order may still trade: sent, and not final."""
    return order.state != OrderState.NONE and order.state < FIRST_FINAL_STATE


@compiled
def any_working(trade):
    """Whether any order of the trade may still trade."""
    return is_working(trade.legs[0].order[0]) or is_working(trade.legs[1].order[0])


@compiled
def change_state(state, symbol, out, s, venue, order, after, now_ns):
    """The only place an order's state changes; doubt about its market follows."""
    before = order.state
    if before == after:
        return
    backward = after < before and before != OrderState.UNKNOWN
    if backward or before >= FIRST_FINAL_STATE or (after <= OrderState.PENDING) != (before == OrderState.NONE):
        break_off(state, Fault.ORDER_STATE_CHANGE_MUST_BE_LEGAL)
        return
    order.state = after
    if after == OrderState.UNKNOWN:
        symbol.doubts[venue] += 1
    if before == OrderState.UNKNOWN:
        symbol.doubts[venue] -= 1
    note_change(out, s, venue, order, before, now_ns)


@compiled
def worst_px_of(side, limit_px, touch_px, bound_bps):
    """The price an order's exposure is reckoned at, own currency: its limit; a sale may be filled above it."""
    if limit_px < NO_LIMIT_PX:
        return limit_px if side > 0 else max(limit_px, touch_px)
    return touch_px * (1.0 + side * bound_bps * 1e-4) if side > 0 else touch_px


@compiled
def prepare(state, params, s, trade, leg_index, side, style, purpose, lots, limit_px, decision_px):
    """Writes an order into its leg's slot and holds what it may need; nothing is sent yet."""
    symbol, terms, leg = state.symbols[s], params.symbols[s], trade.legs[leg_index]
    order, book = leg.order[0], symbol.books[leg.venue]
    leg.attempts += 1
    order.client_id = client_order_id(params.session_key, terms.key, trade.number, leg_index, leg.attempts)
    order.lots, order.filled_lots, order.cost_amount, order.fee_amount = lots, 0, 0, 0
    order.side, order.style, order.purpose = side, style, purpose
    order.limit_px, order.decision_px = limit_px, decision_px
    order.worst_px = worst_px_of(side, limit_px, touch_px(book, side), terms.slippage_bound_bps)
    order.queries, order.canceling, order.state = 0, 0, OrderState.NONE
    if opens(purpose):
        hold_for_order(state, params, s, leg)


@compiled
def send(state, params, out, s, trade, leg_index, now_ns, stale):
    """Sends a prepared order: consumes an approval and appends to the outbox. The only way to a venue."""
    if state.approvals_left <= 0 or state.approval == Approval.NONE:
        break_off(state, Fault.ORDER_MUST_BE_APPROVED)
        return
    symbol, terms, leg = state.symbols[s], params.symbols[s], trade.legs[leg_index]
    order, venue = leg.order[0], state.venues[leg.venue]
    order.sent_ns, order.due_ns = now_ns, now_ns + terms.answer_timeout_ns
    rests = order.style == OrderStyle.GTC or order.style == OrderStyle.POST_ONLY
    order.cancel_ns = now_ns + terms.working_max_ns if rests else NEVER_NS
    change_state(state, symbol, out, s, leg.venue, order, np.int64(OrderState.PENDING), now_ns)
    venue.sent_ns[venue.sent_count % RATE_RING_SLOTS] = now_ns
    venue.sent_count += 1
    entry = write_action(state, params, out, s, trade, leg_index, np.int64(Action.SUBMIT), now_ns)
    entry.approval, entry.stale = state.approval, stale
    trade.stale = max(trade.stale, stale)
    if opens(order.purpose):
        worst = order.worst_px * symbol.rates[leg.venue]
        entry.worst_exposure_quote = symbol_exposure_quote(state, params, s, np.int64(0), worst)
    state.approvals_left -= 1
    if state.approvals_left == 0:
        state.approval = Approval.NONE


@compiled
def write_action(state, params, out, s, trade, leg_index, action, now_ns):
    """Appends an action about a leg's order to the outbox, citing the books it was decided on; returns the entry.

    A submit cites its own market's book, an entry those of both legs; a cancel or query is decided on none.
    """
    symbol, leg = state.symbols[s], trade.legs[leg_index]
    order, entry = leg.order[0], next_order(out)
    symbol.sequence += 1
    entry.sequence, entry.action, entry.now_ns = symbol.sequence, action, now_ns
    entry.client_id, entry.symbol, entry.venue, entry.leg = order.client_id, s, leg.venue, leg_index
    entry.trade, entry.attempt, entry.lots = trade.number, leg.attempts, order.lots
    entry.side, entry.style, entry.purpose = order.side, order.style, order.purpose
    entry.limit_px, entry.decision_px, entry.worst_exposure_quote = order.limit_px, order.decision_px, 0.0
    entry.approval, entry.stale = Approval.NONE, 0
    submits, both = action == Action.SUBMIT, order.purpose == Purpose.ENTRY
    entry.buy_received_ns, entry.buy_bid_px, entry.buy_ask_px = 0, 0.0, 0.0
    entry.sell_received_ns, entry.sell_bid_px, entry.sell_ask_px = 0, 0.0, 0.0
    if submits and (both or leg_index == 0):
        book = symbol.books[trade.legs[0].venue]
        entry.buy_received_ns, entry.buy_bid_px, entry.buy_ask_px = book.received_ns, book.bid_px[0], book.ask_px[0]
    if submits and (both or leg_index == 1):
        book = symbol.books[trade.legs[1].venue]
        entry.sell_received_ns, entry.sell_bid_px, entry.sell_ask_px = book.received_ns, book.bid_px[0], book.ask_px[0]
    return entry


@compiled
def find_order(symbol, client_id):
    """(slot, leg) of the order with this id, or (−1, −1)."""
    for slot in range(len(symbol.trades)):
        if symbol.trades[slot].phase == 0:
            continue
        for index in range(LEGS):
            if symbol.trades[slot].legs[index].order[0].client_id == client_id:
                return slot, index
    return -1, -1


@compiled
def apply_report(state, params, out, row, trade, leg_index):
    """Applies a REPORT row to its order: books the growth of its cumulative figures, then moves its state forward."""
    s, now_ns = np.int64(row.symbol), row.now_ns
    symbol, leg = state.symbols[s], trade.legs[leg_index]
    order = leg.order[0]
    if row.filled_lots > order.lots:
        break_off(state, Fault.FILL_MUST_NOT_EXCEED_ORDER)
        return
    if row.filled_lots > order.filled_lots:
        book_fill(state, params, out, s, trade, leg_index, row)
    after = np.int64(row.status)
    if order.state >= FIRST_FINAL_STATE:
        return
    if after < order.state and not (order.state == OrderState.UNKNOWN and after != OrderState.PENDING):
        return
    if after == OrderState.UNKNOWN or after == OrderState.NONE:
        return
    change_state(state, symbol, out, s, leg.venue, order, after, now_ns)
    if order.state >= FIRST_FINAL_STATE:
        settle_order(state, params, s, leg)
    elif order.canceling == 0:
        acknowledged(params, s, order)


@compiled
def acknowledged(params, s, order):
    """A resting order that answered is left in peace until its time is up; others still owe their end."""
    if order.style == OrderStyle.GTC or order.style == OrderStyle.POST_ONLY:
        order.due_ns, order.queries = NEVER_NS, 0


@compiled
def doubt(state, params, out, s, trade, leg_index, now_ns):
    """An order's answer is overdue: it is UNKNOWN, and asked about; never sent again."""
    symbol, leg = state.symbols[s], trade.legs[leg_index]
    order = leg.order[0]
    change_state(state, symbol, out, s, leg.venue, order, np.int64(OrderState.UNKNOWN), now_ns)
    if order.queries >= QUERIES_MAX:
        order.due_ns = NEVER_NS
        trade.flagged = 1
        return
    order.queries += 1
    order.due_ns = now_ns + params.symbols[s].answer_timeout_ns * (np.int64(1) << order.queries)
    write_action(state, params, out, s, trade, leg_index, np.int64(Action.QUERY), now_ns)


@compiled
def cancel(state, params, out, s, trade, leg_index, now_ns):
    """Asks a venue to cancel a leg's order, and again until it ended. Needs no approval and is never blocked."""
    order = trade.legs[leg_index].order[0]
    order.cancel_ns = now_ns + params.symbols[s].answer_timeout_ns
    if order.canceling == 0 and order.state != OrderState.UNKNOWN:
        order.due_ns, order.queries = order.cancel_ns, 0
    order.canceling = 1
    write_action(state, params, out, s, trade, leg_index, np.int64(Action.CANCEL), now_ns)
