"""The simulated venue at work: it sees the rows, takes what is sent, and answers.

Three doors: `see_row` (the market moved), `take_action` (the engine asked something, under way from now) and
`run_arrival` (something asked arrives). What it has to say lies in `account` until `reports.next_report` takes it.
"""

import numpy as np

from arbitrage_core.domain.compiled import apart, compiled, inlined
from arbitrage_core.domain.money import NO_AMOUNT, amount_of
from arbitrage_core.domain.order import FIRST_FINAL_STATE, Action, OrderState, OrderStyle, Purpose
from arbitrage_core.domain.row import RowKind
from arbitrage_core.engine.state import NEVER_NS
from arbitrage_core.venues.simulated.matching import level_px, meet_print, meet_quote, rest_or_expire, take
from arbitrage_core.venues.simulated.plausible import Withheld, can_be, withheld_at
from arbitrage_core.venues.simulated.reports import (
    ANSWER,
    DRAW_CANCEL_LATENCY,
    DRAW_ORDER_LATENCY,
    DRAW_REJECT,
    DRAW_REPORT_LOSS,
    NEWS,
    chance,
    is_over,
    jittered_ns,
    report,
)


@inlined
def see_row(account, terms, row):
    """The market as a row tells it."""
    if row.kind == RowKind.QUOTE:
        see_quote(account, terms, row)
    else:
        see_other(account, terms, row)


@inlined
def see_quote(account, terms, row):
    """The book is replaced, its depth is whole again, and resting orders it crosses are filled."""
    symbol, v = account.symbols[row.symbol], row.venue
    book = symbol.books[v]
    judge_quote(symbol, v, book, row.bid_px[0], row.ask_px[0])
    for k in range(len(book.bid_px)):
        book.bid_px[k] = row.bid_px[k]
        book.bid_qty[k] = row.bid_qty[k]
        book.ask_px[k] = row.ask_px[k]
        book.ask_qty[k] = row.ask_qty[k]
    if symbol.touched[v] != 0:
        renew(account, terms, row)


@inlined
def judge_quote(symbol, v, book, bid_px, ask_px):
    """Whether the venue deals at a quote with these best prices. Called while `book` is still the one before."""
    sound = can_be(bid_px, book.good_bid_px, book.bid_px[0]) & can_be(ask_px, book.good_ask_px, book.ask_px[0])
    if sound & (bid_px > 0.0) & (bid_px < ask_px):
        book.withheld, book.good_bid_px, book.good_ask_px = Withheld.NOT, bid_px, ask_px
    else:
        judge_closely(symbol, v, book, bid_px, ask_px)


@apart
def judge_closely(symbol, v, book, bid_px, ask_px):
    """Of a quote that is not plainly sound: an empty side, a first price, or one that cannot be."""
    before = book.bid_px[0], book.ask_px[0]
    book.withheld = withheld_at(bid_px, ask_px, book.good_bid_px, book.good_ask_px, before[0], before[1])
    if book.withheld == Withheld.CROSSED:
        symbol.crossed_quotes[v] += 1
    elif book.withheld == Withheld.IMPLAUSIBLE:
        symbol.implausible_quotes[v] += 1
    else:
        if bid_px != 0.0:
            book.good_bid_px = bid_px
        if ask_px != 0.0:
            book.good_ask_px = ask_px


@apart
def renew(account, terms, row):
    """A new quote where depth was taken or orders rest."""
    s, v = np.int64(row.symbol), np.int64(row.venue)
    symbol = account.symbols[s]
    book = symbol.books[v]
    for k in range(len(book.bid_px)):
        book.bid_taken_lots[k], book.ask_taken_lots[k] = 0, 0
    if symbol.resting[v] > 0:
        meet_quote(account, terms, s, v, row.now_ns)
    else:
        symbol.touched[v] = 0


@apart
def see_other(account, terms, row):
    """Any row but a quote."""
    if row.kind == RowKind.PRINT:
        if account.symbols[row.symbol].resting[row.venue] > 0:
            meet_print(account, terms, row)
    elif row.kind == RowKind.RATE:
        see_rate(account, terms, row)
    elif row.kind == RowKind.FUNDING:
        see_funding(account, terms, row)


@compiled
def see_rate(account, terms, row):
    """A new rate; at a currency's first one the capital held in it is there."""
    currency = row.currency
    first = row.rate > 0.0 and not account.rates[currency] > 0.0
    account.rates[currency] = row.rate
    if not first:
        return
    for v in range(terms.venue_count):
        if terms.venues[v].home_currency == currency:
            share = terms.initial_capital_quote / terms.venue_count / row.rate
            account.cash_amounts[v][currency] += amount_of(share, terms.units[currency])


@compiled
def see_funding(account, terms, row):
    """A perpetual's funding payment, on the position as far as it was reported."""
    s, v = np.int64(row.symbol), np.int64(row.venue)
    market, lots = terms.symbols[s].markets[v], account.symbols[s].reported_lots[v]
    if lots == 0 or market.spot == 1:
        return
    paid = amount_of(lots * terms.symbols[s].lot_base * row.mark_px * row.rate, terms.units[market.quote])
    if paid != NO_AMOUNT:
        account.cash_amounts[v][market.quote] -= paid


@compiled
def take_action(account, terms, action):
    """Something asked is under way: it arrives after the market's latency."""
    s, venue = np.int64(action.symbol), np.int64(action.venue)
    symbol = account.symbols[s]
    if action.action == Action.SUBMIT:
        slot = 0
        while not is_over(symbol.orders[slot]):
            slot += 1
        write_order(account, terms, s, symbol.orders[slot], action)
    else:
        slot = find(symbol, action.client_id)
        if slot < 0:
            return
        order = symbol.orders[slot]
        latency_ns = terms.symbols[s].markets[venue].latency_ns
        arrives_ns = action.now_ns + jittered_ns(terms, s, order, latency_ns, DRAW_CANCEL_LATENCY)
        if action.action == Action.CANCEL:
            order.cancel_arrives_ns, order.cancel_sequence = arrives_ns, action.sequence
        else:
            order.query_arrives_ns, order.query_sequence = arrives_ns, action.sequence
        note_arrival(account, s, arrives_ns)


@compiled
def find(symbol, client_id):
    """The slot of an order, or −1."""
    for slot in range(len(symbol.orders)):
        if symbol.orders[slot].client_id == client_id and symbol.orders[slot].state != OrderState.NONE:
            return slot
    return -1


@compiled
def write_order(account, terms, s, order, action):
    """Puts a submitted order on its way."""
    order.client_id, order.trade, order.attempt, order.leg = action.client_id, action.trade, action.attempt, action.leg
    order.venue, order.side, order.style, order.purpose = action.venue, action.side, action.style, action.purpose
    order.lots, order.filled_lots, order.limit_px = action.lots, 0, action.limit_px
    order.cost_amount, order.fee_amount, order.reported_lots = 0, 0, 0
    order.fee, order.taker_cost_quote, order.maker_cost_quote = 0.0, 0.0, 0.0
    order.report_count, order.last_due_ns, order.sequence = 0, 0, action.sequence
    order.cancel_arrives_ns, order.query_arrives_ns = NEVER_NS, NEVER_NS
    order.state = OrderState.PENDING
    market = terms.symbols[s].markets[order.venue]
    order.lost = 0
    if market.report_loss_rate > 0.0:
        order.lost = 1 if chance(terms, s, order, DRAW_REPORT_LOSS) < market.report_loss_rate else 0
    latency_ns = jittered_ns(terms, s, order, market.latency_ns, DRAW_ORDER_LATENCY)
    order.arrives_ns = action.now_ns + latency_ns
    find_arrivals(account, terms, s)  # a cancel may have been on its way to the order that had this slot


@compiled
def note_arrival(account, s, arrives_ns):
    """Keeps the earliest arrival."""
    account.arrivals_ns[s] = min(account.arrivals_ns[s], arrives_ns)
    account.arrival_ns = min(account.arrival_ns, arrives_ns)
    account.due_ns = min(account.due_ns, arrives_ns)


@compiled
def run_arrival(account, terms):
    """Runs the arrival due first, by (time, symbol, sequence)."""
    now_ns, s = account.arrival_ns, 0
    while account.arrivals_ns[s] != now_ns:
        s += 1
    symbol = account.symbols[s]
    best, best_sequence, best_action = -1, np.int64(0), 0
    for slot in range(len(symbol.orders)):
        order = symbol.orders[slot]
        if order.state == OrderState.NONE:
            continue
        if order.arrives_ns == now_ns and (best < 0 or order.sequence < best_sequence):
            best, best_sequence, best_action = slot, order.sequence, 0
        if order.cancel_arrives_ns == now_ns and (best < 0 or order.cancel_sequence < best_sequence):
            best, best_sequence, best_action = slot, order.cancel_sequence, 1
        if order.query_arrives_ns == now_ns and (best < 0 or order.query_sequence < best_sequence):
            best, best_sequence, best_action = slot, order.query_sequence, 2
    order = symbol.orders[best]
    if best_action == 0:
        order.arrives_ns = NEVER_NS
        receive(account, terms, s, order, now_ns)
    elif best_action == 1:
        order.cancel_arrives_ns = NEVER_NS
        receive_cancel(account, terms, s, order, now_ns)
    else:
        order.query_arrives_ns = NEVER_NS
        answer(account, terms, s, order, now_ns)
    find_arrivals(account, terms, s)


@compiled
def find_arrivals(account, terms, s):
    """Looks up anew what arrives first."""
    earliest_ns, symbol = NEVER_NS, account.symbols[s]
    for slot in range(len(symbol.orders)):
        order = symbol.orders[slot]
        if order.state != OrderState.NONE:
            earliest_ns = min(earliest_ns, order.arrives_ns, order.cancel_arrives_ns, order.query_arrives_ns)
    account.arrivals_ns[s] = earliest_ns
    earliest_ns = NEVER_NS
    for index in range(terms.symbol_count):
        earliest_ns = min(earliest_ns, account.arrivals_ns[index])
    account.arrival_ns = earliest_ns
    account.due_ns = min(account.arrival_ns, account.report_ns)


@compiled
def receive(account, terms, s, order, now_ns):
    """An order arrives: refused, or acknowledged and matched."""
    if must_reject(account, terms, s, order, now_ns):
        order.state = OrderState.REJECTED
        report(account, terms, s, order, order.state, now_ns, NEWS)
        return
    order.state = OrderState.OPEN
    report(account, terms, s, order, order.state, now_ns, NEWS)
    if order.style != OrderStyle.POST_ONLY:
        take(account, terms, s, order)
    rest_or_expire(account, terms, s, order, now_ns)


@compiled
def must_reject(account, terms, s, order, now_ns):
    """Why a venue refuses: outage, chance, too small, nothing to pay with, or it would take."""
    venue, market = terms.venues[order.venue], terms.symbols[s].markets[order.venue]
    since_first_ns = now_ns - account.first_ns
    if venue.outage_from_ns <= since_first_ns < venue.outage_until_ns:
        return True
    if market.reject_rate > 0.0 and chance(terms, s, order, DRAW_REJECT) < market.reject_rate:
        return True
    book = account.symbols[s].books[order.venue]
    px = level_px(book, order.side, np.int64(0)) if order.style == OrderStyle.MARKET else order.limit_px
    notional_quote = order.lots * terms.symbols[s].lot_base * px
    if order.purpose == Purpose.ENTRY and not notional_quote >= market.min_notional_quote:
        return True
    if market.spot == 1 and not can_pay(account, terms, s, order, notional_quote):
        return True
    if order.style == OrderStyle.POST_ONLY:
        other_px = level_px(book, order.side, np.int64(0))
        if other_px > 0.0 and not beyond_or_nothing(order, other_px):
            return True
    return False


@compiled
def beyond_or_nothing(order, other_px):
    """Whether a post-only order stays clear of the other side."""
    return other_px > order.limit_px if order.side > 0 else other_px < order.limit_px


@compiled
def can_pay(account, terms, s, order, notional_quote):
    """Whether a spot order is covered by the account: money for a purchase, base for a sale."""
    market = terms.symbols[s].markets[order.venue]
    if order.side > 0:
        amount = amount_of(notional_quote, terms.units[market.quote])
        return amount != NO_AMOUNT and amount <= account.cash_amounts[order.venue][market.quote]
    return order.lots <= account.symbols[s].position_lots[order.venue] + market.short_limit_lots


@compiled
def receive_cancel(account, terms, s, order, now_ns):
    """A cancel arrives: a resting order ends, anything else is left alone."""
    if order.state == OrderState.OPEN or order.state == OrderState.PARTIALLY_FILLED:
        order.state = OrderState.CANCELED
        account.symbols[s].resting[order.venue] -= 1
        report(account, terms, s, order, order.state, now_ns, NEWS)


@compiled
def answer(account, terms, s, order, now_ns):
    """A query arrives: the order as it stands; one that never came is rejected by evidence."""
    if order.state == OrderState.PENDING:
        order.state = OrderState.REJECTED
        order.arrives_ns = NEVER_NS
    report(account, terms, s, order, order.state, now_ns, ANSWER)
    if order.state >= FIRST_FINAL_STATE:
        order.lost = 0
