"""The guards: what forbids an entry, each by its own refusal, in the order of `Refusal`.

Each is written to allow only what is provably inside: NaN, a missing limit or missing data refuses. A guard reads
state, parameters and the wish; it never writes. Only `approve` and `approve_reduction` write, and one thing: the
approval without which nothing is sent.
"""

import numpy as np

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.domain.order import NO_LIMIT_PX, OrderStyle
from arbitrage_core.domain.refusal import GuardLevel, Refusal
from arbitrage_core.engine.book import mark_px, touch_px
from arbitrage_core.engine.size import limit_px
from arbitrage_core.engine.state import RATE_RING_SLOTS, Approval, SessionGuard, SessionPhase, SymbolGuard

NS_PER_S = 1_000_000_000


@compiled
def session_refusal(state, symbol):
    """Entries need the kill switch off, an active session, stores that answer (what cannot be recorded or steered is
    not begun), and their symbol switched on."""
    if state.killed != 0:
        return Refusal.KILL_SWITCH_MUST_BE_OFF
    if state.phase != SessionPhase.ACTIVE:
        return Refusal.SESSION_MUST_BE_ACTIVE
    if state.stores_silent != 0:
        return Refusal.STORES_MUST_ANSWER
    if symbol.off != 0:
        return Refusal.SYMBOL_MUST_BE_ON
    return Refusal.NONE


@compiled
def edge_refusal(terms, spread_bps, net_edge_bps):
    """The edge after costs must exceed its threshold, and the spread must not be too good to be true."""
    if not net_edge_bps > terms.entry_net_edge_bps:
        return Refusal.EDGE_MUST_EXCEED_COSTS
    if not spread_bps <= terms.spread_max_bps:
        return Refusal.PRICE_MUST_BE_PLAUSIBLE
    return Refusal.NONE


@compiled
def pace_refusal(symbol, terms, now_ns):
    """Cooldown and the number of open trades."""
    if not now_ns >= symbol.free_from_ns:
        return Refusal.COOLDOWN_MUST_BE_OVER
    if not symbol.in_use < terms.max_open_trades:
        return Refusal.OPEN_TRADES_MUST_BE_FEWER
    return Refusal.NONE


@compiled
def size_refusal(terms, buy_venue, sell_venue, lots):
    """Both legs must be at least one step."""
    step_lots = max(terms.markets[buy_venue].step_lots, terms.markets[sell_venue].step_lots)
    return Refusal.NONE if lots >= step_lots else Refusal.SIZE_MUST_BE_TRADABLE


@compiled
def worth_refusal(symbol, terms, venue, side, lots, entry_limit_px):
    """A leg must be worth the venue's minimum, and anything at all, at the price the venue will reckon it at: the
    order's limit, or the touch of a market order; and so must the way out, at the limit an exit would have now."""
    book, market = symbol.books[venue], terms.markets[venue]
    order_px = touch_px(book, side) if entry_limit_px == NO_LIMIT_PX else entry_limit_px
    exit_px = touch_px(book, -side)
    if terms.exit_style != OrderStyle.MARKET:
        exit_px = limit_px(market, -side, exit_px, terms.slippage_bound_bps)
    least_quote, qty_base = market.min_notional_quote, lots * terms.lot_base
    for px in (order_px, exit_px):
        if not (px > 0.0 and qty_base * px >= least_quote):
            return Refusal.SIZE_MUST_BE_TRADABLE
    return Refusal.NONE


@compiled
def ask_to_reckon(symbol, venue):
    """The last ask known of a market, reporting currency; NaN before the first."""
    ask_px = symbol.books[venue].mark_ask_px
    return ask_px * symbol.rates[venue] if 0.0 < ask_px < 1e300 else np.nan


@compiled
def others_exposure_quote(state, params, s, venue):
    """Exposure of all symbols but `s` on a venue, each at its ask, reporting currency; NaN if a price is missing."""
    total_quote = 0.0
    for other in range(params.symbol_count):
        symbol = state.symbols[other]
        if other != s and symbol.exposure_lots[venue] != 0:
            ask = ask_to_reckon(symbol, venue)
            total_quote += symbol.exposure_lots[venue] * params.symbols[other].lot_base * ask
    return total_quote


@compiled
def symbol_exposure_quote(state, params, s, added_lots, worst_px):
    """Worst-case exposure of a symbol on all venues with `added_lots` more, all at `worst_px` (reporting currency)."""
    symbol = state.symbols[s]
    lots = added_lots
    for v in range(params.venue_count):
        lots += symbol.exposure_lots[v]
    return lots * params.symbols[s].lot_base * worst_px


@compiled
def exposure_refusal(state, params, s, buy_venue, buy_lots, buy_px, sell_venue, sell_lots, sell_px):
    """Symbol, venue and portfolio exposure with these lots more, and whether a mark has it over already; prices in
    the reporting currency. 0 lots: no leg."""
    symbol, terms = state.symbols[s], params.symbols[s]
    worst_px = max(buy_px if buy_lots > 0 else 0.0, sell_px if sell_lots > 0 else 0.0)
    own_quote = symbol_exposure_quote(state, params, s, buy_lots + sell_lots, worst_px)
    if not own_quote <= terms.exposure_max_quote or symbol.guards[SymbolGuard.EXPOSURE].level != GuardLevel.NONE:
        return Refusal.SYMBOL_EXPOSURE_MUST_STAY_INSIDE
    total_quote = own_quote
    for v in range(params.venue_count):
        others_quote = others_exposure_quote(state, params, s, v)
        total_quote += others_quote
        lots, px = np.int64(0), 0.0
        if v == buy_venue:
            lots, px = buy_lots, buy_px
        elif v == sell_venue:
            lots, px = sell_lots, sell_px
        if lots > 0:
            venue_quote = others_quote + (symbol.exposure_lots[v] + lots) * terms.lot_base * px
            guard = state.venues[v].exposure_guard[0]
            if not venue_quote <= params.venues[v].exposure_max_quote or guard.level != GuardLevel.NONE:
                return Refusal.VENUE_EXPOSURE_MUST_STAY_INSIDE
    guard = state.guards[SessionGuard.EXPOSURE]
    if not total_quote <= params.portfolio_exposure_max_quote or guard.level != GuardLevel.NONE:
        return Refusal.PORTFOLIO_EXPOSURE_MUST_STAY_INSIDE
    return Refusal.NONE


@compiled
def order_need_amount(params, s, venue, side, lots, worst_px):
    """What an opening order holds until it is filled: margin, or the money of a spot purchase. Quote currency units."""
    terms = params.symbols[s]
    market = terms.markets[venue]
    notional_quote = lots * terms.lot_base * worst_px
    need_quote = notional_quote * market.margin_rate
    if market.spot:
        need_quote = notional_quote if side > 0 else 0.0
    return ceil_amount(need_quote, params.units[market.quote])


@compiled
def unwind_need_amount(params, s, venue, lots, worst_px):
    """What both trips of a leg may cost in fees and slippage; held until the trade ends. Quote currency units."""
    terms = params.symbols[s]
    market = terms.markets[venue]
    notional_quote = lots * terms.lot_base * worst_px
    share = 2.0 * (market.taker_fee_bps * 1e-4) + 2.0 * (terms.slippage_bound_bps * 1e-4)
    return ceil_amount(max(notional_quote * share, 0.0), params.units[market.quote])


@compiled
def ceil_amount(value, unit):
    """The smallest amount not below `value`; −1 where there is none (NaN or beyond the limit)."""
    scaled = np.ceil(value / unit)
    if not abs(scaled) < 9007199254740992.0:
        return np.int64(-1)
    return np.int64(scaled)


@compiled
def free_amount(state, params, venue, currency):
    """What a venue has free in a currency, as a float count of units: cash and perpetuals at their closing price, less
    margin and reserves. NaN when a price is missing."""
    unit = params.units[currency]
    free = 1.0 * state.venues[venue].cash_amounts[currency]
    for s in range(params.symbol_count):
        symbol, terms = state.symbols[s], params.symbols[s]
        market = terms.markets[venue]
        lots = symbol.position_lots[venue]
        if lots == 0 or market.spot or market.quote != currency:
            continue
        px = mark_px(symbol.books[venue], lots)
        px = px if px > 0.0 else np.nan
        free += lots * terms.lot_base * px / unit
        free -= abs(lots) * terms.lot_base * px * market.margin_rate / unit
    return free - state.venues[venue].reserved_amounts[currency]


@compiled
def capital_refusal(state, params, s, venue, need_amount):
    """The venue must have `need_amount` free in the market's quote currency."""
    currency = params.symbols[s].markets[venue].quote
    if not (need_amount >= 0 and need_amount <= free_amount(state, params, venue, currency)):
        return Refusal.CAPITAL_MUST_COVER
    return Refusal.NONE


@compiled
def inventory_refusal(state, params, s, venue, lots):
    """A spot sale needs the base in stock, not promised to another order, or a margin limit."""
    symbol, market = state.symbols[s], params.symbols[s].markets[venue]
    if not market.spot:
        return Refusal.NONE
    if not symbol.position_lots[venue] - symbol.selling_lots[venue] + market.short_limit_lots >= lots:
        return Refusal.INVENTORY_MUST_COVER
    return Refusal.NONE


@compiled
def order_rate_refusal(state, params, venue, now_ns):
    """At most `orders_per_s_max` submits to a venue in any second."""
    limit = params.venues[venue].orders_per_s_max
    if not (limit >= 1 and limit <= RATE_RING_SLOTS):
        return Refusal.ORDER_RATE_MUST_STAY_INSIDE
    ring = state.venues[venue]
    if ring.sent_count < limit:
        return Refusal.NONE
    if not now_ns - ring.sent_ns[(ring.sent_count - limit) % RATE_RING_SLOTS] >= NS_PER_S:
        return Refusal.ORDER_RATE_MUST_STAY_INSIDE
    return Refusal.NONE


@compiled
def approve(state, approval, orders):
    """Grants so many sends. Called where the rules of that list have passed, and nowhere else."""
    state.approval, state.approvals_left = approval, orders


@compiled
def approve_reduction(state, leg, lots):
    """The reduce-only list: something to reduce, and no more than is held. True if granted."""
    if not (lots > 0 and lots <= leg.lots):
        return False
    approve(state, np.int64(Approval.REDUCE), np.int64(1))
    return True
