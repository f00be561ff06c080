"""Matching: an order meets the standing book, or rests and is met by it."""

import numpy as np

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.domain.money import NO_AMOUNT, amount_of
from arbitrage_core.domain.order import OrderState, OrderStyle
from arbitrage_core.engine.size import lots_in
from arbitrage_core.venues.simulated.plausible import Withheld, is_near
from arbitrage_core.venues.simulated.reports import NEWS, fee_of, report


@compiled
def level_px(book, side, level):
    """The price a taker of this side finds at a level."""
    return book.ask_px[level] if side > 0 else book.bid_px[level]


@compiled
def level_lots(book, side, level, lot_base):
    """The lots still there at a level since the book's last update."""
    if side > 0:
        return lots_in(book.ask_qty[level], lot_base) - book.ask_taken_lots[level]
    return lots_in(book.bid_qty[level], lot_base) - book.bid_taken_lots[level]


@compiled
def take_level(symbol, venue, side, level, lots):
    """Depletes a level until the market's next quote."""
    book = symbol.books[venue]
    symbol.touched[venue] = 1
    if side > 0:
        book.ask_taken_lots[level] += lots
    else:
        book.bid_taken_lots[level] += lots


@compiled
def fill_px(market, side, px):
    """The price dealt at: the level's, worse by the market's slippage, on the tick against us."""
    if not market.slippage_bps > 0.0:
        return px
    worse = px * (1.0 + side * market.slippage_bps * 1e-4)
    if not market.tick > 0.0:
        return worse
    if side > 0:
        return np.ceil(worse / market.tick - 1e-9) * market.tick
    return np.floor(worse / market.tick + 1e-9) * market.tick


@compiled
def beyond(side, px, limit_px):
    """Whether a price is worse than a limit."""
    return px > limit_px if side > 0 else px < limit_px


@compiled
def take(account, terms, s, order):
    """Takes from the standing book, level by level, what the limit allows."""
    symbol, market = account.symbols[s], terms.symbols[s].markets[order.venue]
    lot_base, book = terms.symbols[s].lot_base, symbol.books[order.venue]
    levels = len(book.bid_px) if book.withheld == Withheld.NOT else 0
    for level in range(levels):
        px = level_px(book, order.side, level)
        if not (px > 0.0 and px < 1e300):
            break
        dealt_px = fill_px(market, order.side, px)
        if order.style != OrderStyle.MARKET and beyond(order.side, dealt_px, order.limit_px):
            break
        lots = min(order.lots - order.filled_lots, level_lots(book, order.side, level, lot_base))
        lots -= lots % market.step_lots
        if lots > 0:
            take_level(symbol, order.venue, order.side, level, lots)
            order.filled_lots += lots
            order.taker_cost_quote += (lots * lot_base) * dealt_px
            symbol.position_lots[order.venue] += order.side * lots
        if order.filled_lots == order.lots:
            break
    book_cash(account, terms, s, order)


@compiled
def book_cash(account, terms, s, order):
    """Books the growth of the order's cost and fee in the venue's own ledger."""
    market = terms.symbols[s].markets[order.venue]
    cost_amount = amount_of(order.taker_cost_quote + order.maker_cost_quote, terms.units[market.quote])
    order.fee = fee_of(account, terms, s, order)
    fee_amount = amount_of(order.fee, terms.units[market.fee_currency])
    if cost_amount == NO_AMOUNT or fee_amount == NO_AMOUNT:
        return
    cash = account.cash_amounts[order.venue]
    cash[market.quote] -= order.side * (cost_amount - order.cost_amount)
    cash[market.fee_currency] -= fee_amount - order.fee_amount
    order.cost_amount, order.fee_amount = cost_amount, fee_amount


@compiled
def settle(account, terms, s, order, now_ns):
    """Reports what a fill made of an order that goes on, or ended."""
    if order.filled_lots == order.lots:
        order.state = OrderState.FILLED
    elif order.filled_lots > 0:
        order.state = OrderState.PARTIALLY_FILLED
    report(account, terms, s, order, order.state, now_ns, NEWS)


@compiled
def rest_or_expire(account, terms, s, order, now_ns):
    """What becomes of an order after it met the book: filled, expired, or resting."""
    if order.filled_lots > 0:
        settle(account, terms, s, order, now_ns)
    if order.filled_lots == order.lots:
        return
    if order.style == OrderStyle.GTC or order.style == OrderStyle.POST_ONLY:
        account.symbols[s].resting[order.venue] += 1
        account.symbols[s].touched[order.venue] = 1
    else:
        order.state = OrderState.EXPIRED
        report(account, terms, s, order, order.state, now_ns, NEWS)


@compiled
def rests_at(order, venue):
    """Whether the order rests on this venue's book."""
    return order.venue == venue and (order.state == OrderState.OPEN or order.state == OrderState.PARTIALLY_FILLED)


@compiled
def next_resting(symbol, venue, after_sequence):
    """The slot of the resting order sent first after `after_sequence`, or −1."""
    found = -1
    for slot in range(len(symbol.orders)):
        order = symbol.orders[slot]
        if rests_at(order, venue) and order.sequence > after_sequence:
            if found < 0 or order.sequence < symbol.orders[found].sequence:
                found = slot
    return found


@compiled
def meet_quote(account, terms, s, venue, now_ns):
    """A new book crosses resting orders: each is filled at its own limit, as maker, up to the depth that crosses."""
    symbol, lot_base = account.symbols[s], terms.symbols[s].lot_base
    book, market, sequence = symbol.books[venue], terms.symbols[s].markets[venue], np.int64(-1)
    if book.withheld != Withheld.NOT:
        return
    for _ in range(len(symbol.orders)):
        slot = next_resting(symbol, venue, sequence)
        if slot < 0:
            return
        order = symbol.orders[slot]
        sequence, filled_before = order.sequence, order.filled_lots
        for level in range(len(book.bid_px)):
            px = level_px(book, order.side, level)
            if not (px > 0.0 and px < 1e300) or beyond(order.side, px, order.limit_px):
                break
            lots = min(order.lots - order.filled_lots, level_lots(book, order.side, level, lot_base))
            lots -= lots % market.step_lots
            if lots > 0:
                take_level(symbol, venue, order.side, level, lots)
                make(account, terms, s, order, lots)
            if order.filled_lots == order.lots:
                break
        finish_resting(account, terms, s, order, filled_before, now_ns)


@compiled
def meet_print(account, terms, row):
    """A print strictly through resting orders fills them in the order they were sent, up to its own lots."""
    s, venue = np.int64(row.symbol), np.int64(row.venue)
    symbol, market = account.symbols[s], terms.symbols[s].markets[venue]
    book = symbol.books[venue]
    left_lots, sequence = lots_in(row.qty, terms.symbols[s].lot_base), np.int64(-1)
    for _ in range(len(symbol.orders)):
        slot = next_resting(symbol, venue, sequence)
        if slot < 0:
            return
        order = symbol.orders[slot]
        sequence, filled_before = order.sequence, order.filled_lots
        through = row.px < order.limit_px if order.side > 0 else row.px > order.limit_px
        if not (through and row.px > 0.0 and is_near(row.px, book.good_bid_px, book.good_ask_px)):
            continue
        lots = min(order.lots - order.filled_lots, left_lots)
        lots -= lots % market.step_lots
        if lots > 0:
            left_lots -= lots
            make(account, terms, s, order, lots)
        finish_resting(account, terms, s, order, filled_before, row.now_ns)


@compiled
def make(account, terms, s, order, lots):
    """Fills lots of a resting order at its limit."""
    order.filled_lots += lots
    order.maker_cost_quote += (lots * terms.symbols[s].lot_base) * order.limit_px
    account.symbols[s].position_lots[order.venue] += order.side * lots


@compiled
def finish_resting(account, terms, s, order, filled_before, now_ns):
    """Books and reports what a resting order got, if anything."""
    if order.filled_lots == filled_before:
        return
    book_cash(account, terms, s, order)
    settle(account, terms, s, order, now_ns)
    if order.state == OrderState.FILLED:
        account.symbols[s].resting[order.venue] -= 1
