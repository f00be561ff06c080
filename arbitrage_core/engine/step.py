"""The step: one row. What was due before it runs first, then the row is applied, then exits and entries are decided.

`step(state, params, out, row)` is the whole engine; a session is a fold over rows. It reads no clock and does no I/O;
what it wants done at a venue stands in `out.orders`. Everything below is called from here, top to bottom.
"""

import numpy as np

from arbitrage_core.domain.compiled import apart, compiled, inlined
from arbitrage_core.domain.row import ALL_SYMBOLS, FeedStatus, QuoteStatus, RowKind
from arbitrage_core.engine.arming import arm, restless
from arbitrage_core.engine.book import ever_quoted, observe, show
from arbitrage_core.engine.commands import see_command
from arbitrage_core.engine.entry import consider_entry
from arbitrage_core.engine.escalation import carry_out, judge, look_at_trades
from arbitrage_core.engine.guard_memory import begin_day
from arbitrage_core.engine.ledger import book_funding, booked, break_off
from arbitrage_core.engine.legs import settle_trade
from arbitrage_core.engine.marks import arm_mark, inventory_value_amount
from arbitrage_core.engine.orders import apply_report, find_order
from arbitrage_core.engine.state import AWAITING_QUOTE, Fault
from arbitrage_core.engine.timers import run_timer

EVENTS_MAX = 100_000
"""Timers that may run before one row; more is a runaway."""
ROW, TIMER, END_OF_INSTANT = 0, 1, 2
"""What `react` is to do: apply a row, run the timer due first, or look at what the quotes of an instant came to."""


@compiled
def step(state, params, out, row):
    """Applies one row to the state. Reads params and row; writes state and out."""
    if not quote_is_quiet(state, row):
        react(state, params, out, row, ROW)


@inlined
def quote_is_quiet(state, row):
    """Takes in a quote after which there is nothing to decide, and says so; most rows are such. Anything else: False.

    Nothing is due, and multiplications that err only towards a full look show that no entry or exit can be.
    """
    if row.kind != RowKind.QUOTE or state.restless | state.looks_owed != 0:
        return False
    if not state.now_ns <= row.now_ns < state.due_ns:
        return False
    if (row.symbol | row.venue) < 0:
        return False
    symbol, v = state.symbols[row.symbol], row.venue
    rate = symbol.rates[v]
    if symbol.restless | symbol.above_floor != 0 or not rate > 0.0:
        return False
    bid, ask = row.bid_px[0] * rate, row.ask_px[0] * rate
    if exit_may_be(symbol, v, bid, ask) | entry_may_be(symbol, v, bid, ask):
        return False
    observe(symbol.books[v], symbol.touches[v], rate, row)
    state.now_ns, state.instant_open = row.now_ns, row.status
    return True


@inlined
def goes_on(state, now_ns):
    """Whether a row of this time belongs to an instant that began with an earlier one: nothing runs between them."""
    return state.instant_open != 0 and now_ns == state.now_ns


@apart
def react(state, params, out, row, what):
    """All but the quiet path behind one door, compiled once for every fold: one of ROW, TIMER and END_OF_INSTANT."""
    if what == TIMER:
        run_timer(state, params, out)
    elif what == END_OF_INSTANT:
        end_instant(state, params, out)
    else:
        step_fully(state, params, out, row)


@compiled
def step_fully(state, params, out, row):
    """What was due first, then the row, then what it makes decide."""
    if not goes_on(state, row.now_ns):
        end_instant(state, params, out)
        if row.now_ns >= state.due_ns:
            run_timers(state, params, out, row.now_ns)
    if row.now_ns < state.now_ns:
        break_off(state, Fault.TIME_MUST_NOT_RUN_BACK)
    if state.fault != Fault.NONE:
        return
    state.now_ns = row.now_ns
    if row.now_ns >= state.day_end_ns:
        begin_day(state, params, out, row.now_ns)
    if row.kind == RowKind.QUOTE:
        see_quote(state, params, out, row)
    else:
        see_other(state, params, out, row)
    arm_mark(state, row.now_ns)


@apart
def run_timers(state, params, out, now_ns):
    """Runs all that is due at or before now, each at its own time."""
    events = 0
    while state.due_ns <= now_ns and state.fault == Fault.NONE:
        run_timer(state, params, out)
        events += 1
        if events > EVENTS_MAX:
            break_off(state, Fault.EVENTS_MUST_BE_BOUNDED)


@compiled
def names_market(params, row):
    """Whether the row names a market that exists."""
    s, v = row.symbol, row.venue
    if not (0 <= s < params.symbol_count and 0 <= v < params.venue_count):
        return False
    return params.symbols[s].markets[v].exists == 1


@inlined
def see_quote(state, params, out, row):
    """A QUOTE: the book is replaced; exits, then entries, are decided where a cheap exact test says one could be: at
    once, or, of several quotes of one instant, after the last of them."""
    s, v, now_ns = np.int64(row.symbol), np.int64(row.venue), row.now_ns
    if not (0 <= s < params.symbol_count and 0 <= v < params.venue_count) or state.symbols[s].rates[v] == 0.0:
        break_off(state, Fault.ROW_MUST_NAME_A_MARKET)
        return
    symbol = state.symbols[s]
    observe(symbol.books[v], symbol.touches[v], symbol.rates[v], row)
    if symbol.inventories_unpriced > 0:
        price_inventory(state, params, s, v)
    bid, ask = symbol.touches[v].bid, symbol.touches[v].ask
    exits = symbol.attention != 0 or exit_may_be(symbol, v, bid, ask)
    entries = symbol.above_floor != 0 or entry_may_be(symbol, v, bid, ask)
    state.instant_open = row.status
    if row.status == QuoteStatus.LAST and state.looks_owed == 0:
        look(state, params, out, s, exits, entries, now_ns)
        return
    if (exits or entries) and symbol.awaits_look == 0:
        symbol.awaits_look, state.looks_owed = 1, state.looks_owed + 1
    if row.status == QuoteStatus.LAST:
        end_instant(state, params, out)


@compiled
def look(state, params, out, s, exits, entries, now_ns):
    """Decides exits, then entries, of a symbol, where there may be some."""
    symbol = state.symbols[s]
    if exits:
        look_at_trades(state, params, out, s, now_ns)
        arm(state, params, s)
    if entries:
        counter_before = symbol.counter
        consider_entry(state, params, out, s, now_ns)
        if symbol.counter != counter_before:
            arm(state, params, s)


@apart
def end_instant(state, params, out):
    """All quotes of an instant are in: the symbols they may matter to are looked at, one after the other, at its time.

    Reached by its last quote, or, when that never came, before anything that happens later.
    """
    state.instant_open = 0
    if state.looks_owed == 0:
        return
    state.looks_owed = 0
    for s in range(params.symbol_count):
        if state.symbols[s].awaits_look != 0:
            state.symbols[s].awaits_look = 0
            look(state, params, out, s, True, True, state.now_ns)


@inlined
def entry_may_be(symbol, v, bid, ask):
    """Whether a pair with this touch could exceed the entry spread. What stood above it before is looked at anyway."""
    factor, possible = symbol.entry_factor, False
    for w in range(len(symbol.touches)):
        if w != v:
            possible |= (symbol.touches[w].bid > ask * factor) | (bid > symbol.touches[w].ask * factor)
    return possible


@inlined
def exit_may_be(symbol, v, bid, ask):
    """Whether a trade with this touch could wish to leave by price."""
    venues = len(symbol.touches)
    possible = False
    for w in range(venues):
        if w != v:
            possible |= symbol.touches[w].ask < bid * symbol.cost_factors[v * venues + w]
            possible |= ask < symbol.touches[w].bid * symbol.cost_factors[w * venues + v]
    if symbol.stops != 0:
        possible |= loss_may_be(symbol, v, bid, ask)
    return possible


@inlined
def loss_may_be(symbol, v, bid, ask):
    """Whether a trade with this touch could have reached its stop."""
    venues = len(symbol.touches)
    possible = False
    for w in range(venues):
        if w == v:
            continue
        other_bid, other_ask = symbol.touches[w].bid, symbol.touches[w].ask
        here, there = symbol.stop_watches[v * venues + w], symbol.stop_watches[w * venues + v]
        possible |= other_ask * here.buy_back - bid * here.sell_out > here.loss_px - 1e-9 * bid
        possible |= ask * there.buy_back - other_bid * there.sell_out > there.loss_px - 1e-9 * ask
    return possible


@apart
def price_inventory(state, params, s, v):
    """A spot inventory enters the equity as soon as its market has shown a bid and its currency a rate."""
    symbol = state.symbols[s]
    if symbol.initial_lots[v] == 0 or symbol.inventory_basis_amounts[v] != 0:
        return
    if not (symbol.books[v].mark_bid_px > 0.0 and symbol.rates[v] > 0.0):
        return
    amount = inventory_value_amount(state, params, s, v)
    if amount == 0:
        return
    symbol.inventory_basis_amounts[v] = amount
    symbol.inventories_unpriced -= 1
    symbol.restless = restless(symbol)
    start_with(state, amount)


@compiled
def start_with(state, amount):
    """Adds to what the session started with; peak and equity start there too."""
    state.start_amount += amount
    state.equity_amount += amount
    state.peak_amount += amount
    state.guard_peak_amount += amount


@apart
def see_other(state, params, out, row):
    """Any row but a quote. PRINT, TIMER and BALANCE change no decision."""
    kind = row.kind
    if kind == RowKind.REPORT:
        see_report(state, params, out, row)
    elif kind == RowKind.RATE:
        see_rate(state, params, row)
    elif kind == RowKind.FUNDING:
        see_funding(state, params, out, row)
    elif kind == RowKind.FEED:
        see_feed(state, params, out, row)
    elif kind == RowKind.COMMAND:
        see_command(state, params, out, row)


@compiled
def see_report(state, params, out, row):
    """A REPORT of an order; what its trade became, then exits and entries of the symbol."""
    if not names_market(params, row):
        break_off(state, Fault.ROW_MUST_NAME_A_MARKET)
        return
    s, now_ns = np.int64(row.symbol), row.now_ns
    symbol = state.symbols[s]
    slot, leg_index = find_order(symbol, row.client_id)
    if slot < 0:
        state.foreign_reports += 1
        return
    trade = symbol.trades[slot]
    filled_before = trade.legs[leg_index].order[0].filled_lots
    apply_report(state, params, out, row, trade, leg_index)
    if trade.legs[leg_index].order[0].filled_lots != filled_before:
        judge(state, params, out, s, now_ns)
    settle_trade(state, params, out, s, slot, now_ns)
    look_at_trades(state, params, out, s, now_ns)
    consider_entry(state, params, out, s, now_ns)
    arm(state, params, s)
    carry_out(state, params, out, now_ns)


@compiled
def see_rate(state, params, row):
    """A RATE: touches in that currency are converted anew; capital in it is counted from its first rate on.

    What waited for a fresh rate, of prices or of fees, is looked at again at the next quote.
    """
    currency = row.currency
    if not (0 < currency < params.currency_count):
        break_off(state, Fault.ROW_MUST_NAME_A_MARKET)
        return
    first = row.rate > 0.0 and not state.rates[currency] > 0.0
    state.rates[currency], state.rate_received_ns[currency] = row.rate, row.received_ns
    for s in range(params.symbol_count):
        symbol = state.symbols[s]
        for v in range(params.venue_count):
            market = params.symbols[s].markets[v]
            if market.exists == 1 and market.quote == currency:
                symbol.rates[v] = row.rate
                book = symbol.books[v]
                if ever_quoted(book):
                    show(symbol.touches[v], book.bid_px[0], book.ask_px[0], row.rate)
                    price_inventory(state, params, s, v)
            if market.exists == 1 and (market.quote == currency or market.fee_currency == currency):
                look_at_next_quote(symbol)
    if first:
        fund_venues(state, params, currency)


@compiled
def look_at_next_quote(symbol):
    """What changed without a look (a rate, a payment) may let trades leave or enter on any pair at the next quote."""
    symbol.above_floor = 1
    if symbol.in_use > 0:
        symbol.attention, symbol.restless = 1, 1


@compiled
def fund_venues(state, params, currency):
    """Gives the venues whose home currency this is their share of the capital, at the currency's first rate."""
    share_quote = params.initial_capital_quote / params.venue_count
    for v in range(params.venue_count):
        if params.venues[v].home_currency == currency:
            amount = booked(state, share_quote / state.rates[currency], params.units[currency])
            value = amount * (params.units[currency] * state.rates[currency])
            reporting_amount = booked(state, value, params.units[0])
            venue = state.venues[v]
            venue.cash_amounts[currency] += amount
            venue.start_amounts[currency] += amount
            venue.basis_amounts[currency] += reporting_amount
            start_with(state, reporting_amount)


@compiled
def see_funding(state, params, out, row):
    """A FUNDING payment of a perpetual."""
    if not names_market(params, row):
        break_off(state, Fault.ROW_MUST_NAME_A_MARKET)
        return
    s, v = np.int64(row.symbol), np.int64(row.venue)
    if state.symbols[s].position_lots[v] != 0 and not params.symbols[s].markets[v].spot:
        book_funding(state, params, out, row)
        arm(state, params, s)
        look_at_next_quote(state.symbols[s])
        judge(state, params, out, s, row.now_ns)
        carry_out(state, params, out, row.now_ns)


@compiled
def see_feed(state, params, out, row):
    """A FEED up, down or ended, of a market or a whole venue; trades of an ended market leave."""
    if not (0 <= row.venue < params.venue_count and ALL_SYMBOLS <= row.symbol < params.symbol_count):
        break_off(state, Fault.ROW_MUST_NAME_A_MARKET)
        return
    for s in range(params.symbol_count):
        if (row.symbol != ALL_SYMBOLS and row.symbol != s) or params.symbols[s].markets[row.venue].exists == 0:
            continue
        book = state.symbols[s].books[row.venue]
        if row.status == FeedStatus.UP:
            if book.feed == FeedStatus.DOWN or book.feed == FeedStatus.ENDED:
                book.feed = AWAITING_QUOTE
        else:
            book.feed = row.status
        if row.status == FeedStatus.ENDED:
            look_at_trades(state, params, out, s, row.now_ns)
            arm(state, params, s)
