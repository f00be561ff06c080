"""The report: what a venue tells of an order, one report latency after it happened."""

import numpy as np

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.domain.identity import draw
from arbitrage_core.domain.order import FIRST_FINAL_STATE, OrderState
from arbitrage_core.domain.row import RowKind
from arbitrage_core.engine.state import NEVER_NS
from arbitrage_core.venues.simulated.account import REPORTS_MAX

DRAW_ORDER_LATENCY, DRAW_REPORT_LATENCY = np.int64(1), np.int64(2)
DRAW_REJECT, DRAW_REPORT_LOSS, DRAW_CANCEL_LATENCY = np.int64(3), np.int64(4), np.int64(5)
NEWS, ANSWER = np.int64(0), np.int64(1)
"""What a report is: told unasked, or the answer to a query."""


@compiled
def chance(terms, s, order, tag):
    """The derived draw in [0, 1) of an order for one purpose."""
    venue_key, symbol_key = terms.venues[order.venue].key, terms.symbols[s].key
    return draw(terms.seed, venue_key, symbol_key, order.trade, order.leg, order.attempt, tag)


@compiled
def jittered_ns(terms, s, order, latency_ns, tag):
    """A latency with its jitter."""
    jitter_ns = terms.symbols[s].markets[order.venue].latency_jitter_ns
    if jitter_ns == 0:
        return latency_ns
    return latency_ns + np.int64(np.floor(chance(terms, s, order, tag) * jitter_ns))


@compiled
def fee_of(account, terms, s, order):
    """The order's fee so far, in its fee currency."""
    market = terms.symbols[s].markets[order.venue]
    fee = order.taker_cost_quote * market.taker_fee_bps * 1e-4 + order.maker_cost_quote * market.maker_fee_bps * 1e-4
    if market.fee_currency != market.quote:
        fee = fee / account.rates[market.fee_currency] * account.rates[market.quote]
    return fee


@compiled
def report(account, terms, s, order, status, now_ns, answer):
    """Puts a report of the order as it stands under way. A lost order's are dropped, but for the answer to a query."""
    if order.lost == 1 and answer == NEWS:
        return
    symbol = account.symbols[s]
    latency_ns = terms.symbols[s].markets[order.venue].report_latency_ns
    due_ns = max(now_ns + jittered_ns(terms, s, order, latency_ns, DRAW_REPORT_LATENCY), order.last_due_ns)
    order.last_due_ns = due_ns
    index = order.report_count
    if index == REPORTS_MAX:
        index -= 1
    else:
        order.report_count += 1
    pending = order.reports[index]
    symbol.report_sequence += 1
    pending.due_ns, pending.sequence, pending.status = due_ns, symbol.report_sequence, status
    pending.filled_lots, pending.cost_quote = order.filled_lots, order.taker_cost_quote + order.maker_cost_quote
    pending.fee = order.fee
    account.reports_ns[s] = min(account.reports_ns[s], due_ns)
    account.report_ns = min(account.report_ns, due_ns)
    account.due_ns = min(account.due_ns, due_ns)


@compiled
def next_report(account, terms):
    """Takes the report due first, by (time, symbol, sequence), into `account.report[0]`."""
    now_ns = account.report_ns
    s = 0
    while account.reports_ns[s] != now_ns:
        s += 1
    symbol, best = account.symbols[s], -1
    for slot in range(len(symbol.orders)):
        order = symbol.orders[slot]
        if order.report_count > 0 and order.reports[0].due_ns == now_ns:
            if best < 0 or order.reports[0].sequence < symbol.orders[best].reports[0].sequence:
                best = slot
    order = symbol.orders[best]
    row, pending = account.report[0], order.reports[0]
    row.kind, row.status, row.symbol, row.venue = RowKind.REPORT, pending.status, s, order.venue
    row.now_ns, row.received_ns, row.venue_ns = now_ns, now_ns, 0
    row.client_id, row.filled_lots = order.client_id, pending.filled_lots
    row.cost_quote, row.fee = pending.cost_quote, pending.fee
    symbol.reported_lots[order.venue] += order.side * (pending.filled_lots - order.reported_lots)
    order.reported_lots = pending.filled_lots
    order.report_count -= 1
    for index in range(order.report_count):
        order.reports[index] = order.reports[index + 1]
    find_reports(account, terms, s)


@compiled
def find_reports(account, terms, s):
    """Looks up anew which report is due first."""
    earliest_ns, symbol = NEVER_NS, account.symbols[s]
    for slot in range(len(symbol.orders)):
        order = symbol.orders[slot]
        if order.report_count > 0:
            earliest_ns = min(earliest_ns, order.reports[0].due_ns)
    account.reports_ns[s] = earliest_ns
    earliest_ns = NEVER_NS
    for index in range(terms.symbol_count):
        earliest_ns = min(earliest_ns, account.reports_ns[index])
    account.report_ns = earliest_ns
    account.due_ns = min(account.arrival_ns, account.report_ns)


@compiled
def is_over(order):
    """Whether the slot may be used again: nothing there, or final with all told (a lost order tells when asked)."""
    if order.state == OrderState.NONE:
        return True
    return order.state >= FIRST_FINAL_STATE and order.report_count == 0 and order.lost == 0
