"""The size of an entry: how much both books show at prices that still pay."""

import numpy as np

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.engine.book import costs_bps

ROUNDING_SLACK_LOTS = 1e-6
"""A quantity this little short of a whole lot counts as whole: 0.3 / 0.1 is not 3 in floating point."""

LOTS_MAX = 2.0**53 - 1.0
"""More lots than that are not counted one by one by a double. A deeper level is taken for so deep."""


@compiled
def lots_in(qty_base, lot_base):
    """Whole lots in a quantity; at most LOTS_MAX, however much more there is; 0 for NaN and below one."""
    lots = np.floor(qty_base / lot_base + ROUNDING_SLACK_LOTS)
    if not lots > 0.0:
        return np.int64(0)
    return np.int64(min(lots, LOTS_MAX))


@compiled
def level_lots(qty_base, lot_base, step_lots):
    """What a level offers in the steps its market deals in."""
    lots = lots_in(qty_base, lot_base)
    return lots - lots % step_lots


@compiled
def wanted_lots(terms, buy_ask):
    """What the strategy would trade if depth allowed; `buy_ask` in the reporting currency."""
    if terms.notional_quote > 0.0:
        return lots_in(terms.notional_quote / buy_ask, terms.lot_base)
    return terms.qty_lots


@compiled
def walk(symbol, terms, buy_venue, sell_venue):
    """(lots, buy reference px, sell reference px): takes level by level from both books while the marginal spread pays.

    Lots are floored to the pair's step; the reference prices are the deepest levels taken from, in own currencies.
    """
    buy_book, sell_book = symbol.books[buy_venue], symbol.books[sell_venue]
    buy_rate, sell_rate = symbol.rates[buy_venue], symbol.rates[sell_venue]
    costs = costs_bps(terms, buy_venue, sell_venue)
    wanted = wanted_lots(terms, symbol.touches[buy_venue].ask)
    levels = len(buy_book.ask_px)
    taken, i, j = np.int64(0), 0, 0
    buy_step, sell_step = terms.markets[buy_venue].step_lots, terms.markets[sell_venue].step_lots
    left_i = level_lots(buy_book.ask_qty[0], terms.lot_base, buy_step)
    left_j = level_lots(sell_book.bid_qty[0], terms.lot_base, sell_step)
    buy_ref, sell_ref = buy_book.ask_px[0], sell_book.bid_px[0]
    while taken < wanted:
        ask_px, bid_px = buy_book.ask_px[i], sell_book.bid_px[j]
        if not (ask_px > 0.0 and bid_px > 0.0):
            break
        ask, bid = ask_px * buy_rate, bid_px * sell_rate
        spread_bps = (bid - ask) / ask * 1e4
        if not (spread_bps > terms.entry_spread_bps and spread_bps - costs > terms.entry_net_edge_bps):
            break
        lots = min(wanted - taken, left_i, left_j)
        if lots > 0:
            buy_ref, sell_ref = ask_px, bid_px
        taken, left_i, left_j = taken + lots, left_i - lots, left_j - lots
        advance_i, advance_j = left_i == 0, left_j == 0
        if advance_i:
            i += 1
        if advance_j:
            j += 1
        if i >= levels or j >= levels:
            break
        if advance_i:
            left_i = level_lots(buy_book.ask_qty[i], terms.lot_base, buy_step)
        if advance_j:
            left_j = level_lots(sell_book.bid_qty[j], terms.lot_base, sell_step)
    return taken - taken % max(buy_step, sell_step), buy_ref, sell_ref


@compiled
def limit_px(market, side, reference_px, bound_bps):
    """A taker's limit: the reference price plus the bound against us, on the tick."""
    px = reference_px * (1.0 + side * bound_bps * 1e-4)
    return on_tick(px, market.tick, side)


@compiled
def on_tick(px, tick, side):
    """Rounded to the tick in our favour: a purchase down, to 0 below one tick, which is no price; a sale up. Tick 0: as
    it is."""
    if not tick > 0.0:
        return px
    if side > 0:
        return np.floor(px / tick + 1e-9) * tick
    return np.ceil(px / tick - 1e-9) * tick
