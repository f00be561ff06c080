"""The book of a market: what a row does to it, whether it may be relied on, and the spreads between two of them."""

import numpy as np

from arbitrage_core.domain.compiled import compiled, inlined
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.row import FeedStatus
from arbitrage_core.engine.state import AWAITING_QUOTE, LONG_AGO_NS


@compiled
def observe(book, touch, rate, row):
    """Writes a QUOTE row into `book`, and its best prices in the reporting currency into `touch`."""
    bid_px, ask_px = row.bid_px[0], row.ask_px[0]
    book.received_ns = row.received_ns
    if bid_px != book.bid_px[0] or ask_px != book.ask_px[0]:
        book.moved_ns = row.now_ns
        remember(book, bid_px, ask_px)
    if book.feed == AWAITING_QUOTE:
        book.feed = FeedStatus.UP
    for k in range(len(book.bid_px)):
        book.bid_px[k] = row.bid_px[k]
        book.bid_qty[k] = row.bid_qty[k]
        book.ask_px[k] = row.ask_px[k]
        book.ask_qty[k] = row.ask_qty[k]
    show(touch, bid_px, ask_px, rate)


@inlined
def remember(book, bid_px, ask_px):
    """Keeps the prices to reckon with: of a crossed book neither side can be told to be right, and an empty side says
    nothing of what a coin is worth."""
    if ask_px > bid_px or ask_px == 0.0:
        if bid_px > 0.0:
            book.mark_bid_px = bid_px
        if 0.0 < ask_px < 1e300:
            book.mark_ask_px = ask_px


@inlined
def show(touch, bid_px, ask_px, rate):
    """The touch of a book with these best prices: an empty side offers nothing at any price."""
    touch.bid = bid_px * rate
    touch.ask = ask_px * rate if ask_px != 0.0 else np.inf


@compiled
def ever_quoted(book):
    """Whether the market has shown a quote yet."""
    return book.received_ns != LONG_AGO_NS


@compiled
def book_refusal(book, now_ns, quote_age_max_ns):
    """The first rule a decision on this book would break, or NONE. Allows only what is provably fresh."""
    if book.feed != FeedStatus.UP:
        return Refusal.FEED_MUST_BE_UP
    bid_px, ask_px = book.bid_px[0], book.ask_px[0]
    if not (bid_px > 0.0 and ask_px > bid_px and ask_px < 1e300):
        return Refusal.BOOK_MUST_BE_UNCROSSED
    if not (ever_quoted(book) and now_ns - book.received_ns <= quote_age_max_ns):
        return Refusal.BOOK_MUST_BE_FRESH
    return Refusal.NONE


@compiled
def rate_is_fresh(state, params, currency, now_ns):
    """Whether a currency's rate may be relied on; the reporting currency needs none."""
    if currency == 0:
        return True
    return state.rates[currency] > 0.0 and now_ns - state.rate_received_ns[currency] <= params.rate_age_max_ns


@compiled
def rates_are_fresh(state, params, terms, venue, now_ns):
    """Whether the rates of a market's quote and fee currency may be relied on."""
    if terms.converts == 0:
        return True
    market = terms.markets[venue]
    return rate_is_fresh(state, params, market.quote, now_ns) and rate_is_fresh(
        state, params, market.fee_currency, now_ns
    )


@inlined
def market_refusal(state, params, symbol, terms, venue, now_ns):
    """The first rule an entry on this market would break by its book, its orders or its currency."""
    if symbol.doubts[venue] > 0:
        return Refusal.MARKET_MUST_NOT_BE_IN_DOUBT
    refusal = book_refusal(symbol.books[venue], now_ns, terms.quote_age_max_ns)
    if refusal != Refusal.NONE:
        return refusal
    if not rates_are_fresh(state, params, terms, venue, now_ns):
        return Refusal.RATE_MUST_BE_FRESH
    if not now_ns - symbol.books[venue].moved_ns <= terms.frozen_max_ns:
        return Refusal.BOOK_MUST_MOVE
    return Refusal.NONE


@compiled
def are_in_step(bought, sold, skew_max_ns):
    """Whether two books came so close to each other that their spread is one of the same moment."""
    return abs(bought.received_ns - sold.received_ns) <= skew_max_ns


@compiled
def is_fresh(state, params, s, venue, now_ns):
    """Whether a decision may be taken on this market's book."""
    terms = params.symbols[s]
    return book_refusal(
        state.symbols[s].books[venue], now_ns, terms.quote_age_max_ns
    ) == Refusal.NONE and rates_are_fresh(state, params, terms, venue, now_ns)


@compiled
def entry_spread_bps(buy_touch, sell_touch):
    """What buying at one and selling at the other earns now, gross, in bps of the price paid."""
    return (sell_touch.bid - buy_touch.ask) / buy_touch.ask * 1e4


@compiled
def closing_cost_bps(buy_touch, sell_touch):
    """What undoing it costs now: buy back where it was sold, sell out where it was bought, in bps of the latter."""
    return (sell_touch.ask - buy_touch.bid) / buy_touch.bid * 1e4


@compiled
def costs_bps(terms, buy_venue, sell_venue):
    """What a round trip between two venues is expected to cost."""
    return terms.round_trip_bps[buy_venue * len(terms.markets) + sell_venue]


@compiled
def mark_px(book, lots):
    """The last price known at which a long position (lots > 0) would be sold, a short one bought back, own currency."""
    return book.mark_bid_px if lots > 0 else book.mark_ask_px


@compiled
def touch_px(book, side):
    """The price a taker of this side meets first, in the market's own currency; 0 where that side is empty."""
    return book.ask_px[0] if side > 0 else book.bid_px[0]
