"""The leaping fold: `fold_simulated`, which passes by blocks of rows in which provably nothing can happen for a set.

What a row does to an engine that is *at rest* (no trade, no order under way, no depth taken, nothing above its floor)
and shows no pair above the entry threshold is: its book is replaced, time goes on, and once a second the equity is
marked. A mark at rest finds the same equity and the same losses as the last, so after one of them it changes nothing
but when the next is due. All of that is written in one go from the block's `Envelope`, byte for byte what the rows one
by one would have left; not written are the marks themselves, which stand in the output and in no state.

Not passed by: rows that are no quotes, quotes at which no venue deals or with an empty side, the row that begins a
day, an end of cooldown.
Engines with several currencies, or with an inventory, whose equity moves at rest, never leap. docs/tuning.md says why
this is exact; `tests/tuning/test_evaluation.py` compares states, accounts and logs.
"""

import numpy as np

from arbitrage_core.domain.compiled import apart, compiled, inlined
from arbitrage_core.domain.record import record
from arbitrage_core.domain.row import FeedStatus
from arbitrage_core.engine.marks import NS_PER_S
from arbitrage_core.engine.state import AWAITING_QUOTE, NEVER_NS, Fault
from arbitrage_core.session.fold import fold_simulated
from arbitrage_core.tuning.envelope import BLOCK_ROWS
from arbitrage_core.venues.simulated.plausible import Withheld

FOLDED_ROWS_MAX = 200_000
"""Rows a call takes one by one at most: it stays well below 50 ms."""

NOT_AT_REST = NEVER_NS
"""`since_mark_ns` while it is not at rest."""

REST = record(
    since_mark_ns="i8",  # the mark that was due when it came to rest
    counter="i8",  # trades sent before
    day_end_ns="i8",
    trades_only="i8",  # non-zero: of the logs only that of the trades is wanted
)
"""What the fold remembers from call to call: a mark after that one has found nothing but what the last one did."""


@compiled
def fold_leaping(states, params_records, outs, accounts, terms_records, rests, rows, ratios, last, moved_ns, start):
    """As `fold_simulated`, from `rows[start]` on; all rows stand in `rows`. Returns how far it came."""
    state, params, out = states[0], params_records[0], outs[0]
    account, rest = accounts[0], rests[0]
    position, budget = start, FOLDED_ROWS_MAX
    while position < rows.shape[0] and budget > 0 and state.fault == Fault.NONE:
        block = position // BLOCK_ROWS
        if position == block * BLOCK_ROWS and has_rested(state, params, account, rest):
            landed = leap_to(state, params, rows, ratios, block)
            if landed > block:
                end = min(landed * BLOCK_ROWS, rows.shape[0])
                leap(state, params, account, rows, last[landed - 1], moved_ns[landed - 1], position, end)
                out.applied += end - position
                position = end
                continue
        end = min((block + 1) * BLOCK_ROWS, rows.shape[0])
        if not ratios[block, 0] < np.inf:
            rest.since_mark_ns = NOT_AT_REST
        consumed = fold_simulated(states, params_records, outs, accounts, terms_records, rows[position:end])
        budget -= end - position
        position += consumed
        if position < end:
            return position
        if rest.trades_only != 0:
            forget(out)
    return position


@inlined
def forget(out):
    """Empties the logs but that of the trades: written over and over, they stay in the processor's cache."""
    if out.order_sent == out.order_count:
        out.order_count, out.order_sent = 0, 0
        out.change_count, out.fill_count, out.incident_count, out.equity_count = 0, 0, 0, 0
        out.funding_count, out.guard_count, out.report_count, out.written = 0, 0, 0, out.trade_count


@inlined
def has_rested(state, params, account, rest):
    """Whether the engine is at rest and was marked at rest at least once. Writes `rest`."""
    if account.due_ns != NEVER_NS or not is_at_rest(state, params, account):
        rest.since_mark_ns = NOT_AT_REST
        return False
    counter = np.int64(0)
    for s in range(params.symbol_count):
        counter += state.symbols[s].counter
    if rest.since_mark_ns == NOT_AT_REST or rest.counter != counter or rest.day_end_ns != state.day_end_ns:
        rest.since_mark_ns, rest.counter, rest.day_end_ns = state.mark_due_ns, counter, state.day_end_ns
    return rest.since_mark_ns < state.mark_due_ns < NEVER_NS


@compiled
def is_at_rest(state, params, account):
    """No trade, order, taken depth or opportunity; nothing whose worth moves."""
    if state.restless != 0 or state.looks_owed != 0 or params.currency_count != 1 or state.reducing != 0:
        return False
    for s in range(params.symbol_count):
        symbol, venue_side = state.symbols[s], account.symbols[s]
        if symbol.in_use != 0 or symbol.above_floor != 0 or symbol.restless != 0 or symbol.stops != 0:
            return False
        for v in range(params.venue_count):
            if venue_side.touched[v] != 0 or venue_side.resting[v] != 0 or symbol.initial_lots[v] != 0:
                return False
    return True


@compiled
def leap_to(state, params, rows, ratios, block):
    """The first block from `block` on that must be looked at."""
    wake_ns = state.day_end_ns
    for s in range(params.symbol_count):
        wake_ns = min(wake_ns, state.due_by_symbol_ns[s])
    while block < ratios.shape[0] and rows[min((block + 1) * BLOCK_ROWS, rows.shape[0]) - 1].now_ns < wake_ns:
        for s in range(params.symbol_count):
            if not ratios[block, s] < state.symbols[s].entry_factor:
                return block
        block += 1
    return block


@apart
def leap(state, params, account, rows, last, moved_ns, start, end):
    """Writes what `rows[start:end]` leave: books here and at the venue, the time, the next mark.

    `last`, `moved_ns`: the envelope's of the block that ends at `end`.
    """
    due_ns = NEVER_NS
    for s in range(params.symbol_count):
        symbol = state.symbols[s]
        due_ns = min(due_ns, state.due_by_symbol_ns[s])
        for v in range(params.venue_count):
            if last[s, v] >= start:
                write_book(symbol, account.symbols[s].books[v], v, rows[last[s, v]], moved_ns[s, v])
    state.now_ns, state.instant_open = rows[end - 1].now_ns, rows[end - 1].status
    state.mark_due_ns = (state.now_ns // NS_PER_S + 1) * NS_PER_S
    state.due_ns = min(due_ns, state.mark_due_ns)


@compiled
def write_book(symbol, there, v, row, moved_ns):
    """A market's book as its last quote left it, the engine's and the venue's."""
    book, touch = symbol.books[v], symbol.touches[v]
    book.received_ns, book.moved_ns = row.received_ns, moved_ns
    if book.feed == AWAITING_QUOTE:
        book.feed = FeedStatus.UP
    for k in range(len(book.bid_px)):
        book.bid_px[k] = there.bid_px[k] = row.bid_px[k]
        book.bid_qty[k] = there.bid_qty[k] = row.bid_qty[k]
        book.ask_px[k] = there.ask_px[k] = row.ask_px[k]
        book.ask_qty[k] = there.ask_qty[k] = row.ask_qty[k]
    touch.bid, touch.ask = row.bid_px[0], row.ask_px[0]
    book.mark_bid_px = there.good_bid_px = row.bid_px[0]
    book.mark_ask_px = there.good_ask_px = row.ask_px[0]
    there.withheld = Withheld.NOT
