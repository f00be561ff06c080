"""Arming: when a symbol is to be woken next, and which of its prices are worth a look."""

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.domain.trade import FIRST_STICKY_REASON, Phase
from arbitrage_core.engine.orders import any_working, is_working
from arbitrage_core.engine.params import CHEAP_TEST_SLACK
from arbitrage_core.engine.state import LEGS, NEVER_NS
from arbitrage_core.engine.strategy import watch


@compiled
def trade_due_ns(trade):
    """When the trade next wants to be looked at by itself."""
    if any_working(trade):
        due_ns = NEVER_NS
        for index in range(LEGS):
            order = trade.legs[index].order[0]
            if is_working(order):
                due_ns = min(due_ns, order.due_ns, order.cancel_ns)
        return due_ns
    if trade.phase != Phase.OPEN:
        return trade.fix_retry_ns if trade.fix_retry_ns != NEVER_NS else trade.deadline_ns
    if trade.exit_reason < FIRST_STICKY_REASON:
        return min(trade.exit_retry_ns, trade.hold_timer_ns)
    return trade.exit_retry_ns if trade.exit_retry_ns != NEVER_NS else trade.wait_due_ns


@compiled
def arm(state, params, s):
    """After a symbol's trades changed: when to wake it next, and which prices to watch for."""
    symbol, terms = state.symbols[s], params.symbols[s]
    venues = len(symbol.touches)
    for pair in range(venues * venues):
        symbol.cost_factors[pair], symbol.stop_watches[pair].loss_px = 0.0, 1e308
    symbol.attention, symbol.stops = 0, 0
    due_ns = symbol.cooldown_due_ns
    if symbol.in_use > 0:
        for slot in range(len(symbol.trades)):
            trade = symbol.trades[slot]
            if trade.phase == Phase.FREE:
                continue
            due_ns = min(due_ns, trade_due_ns(trade))
            if any_working(trade):
                continue
            held_out = trade.hold_timer_ns == NEVER_NS
            if trade.phase != Phase.OPEN or trade.exit_reason >= FIRST_STICKY_REASON or held_out:
                symbol.attention = 1
            else:
                watch_prices(symbol, terms, trade, params.units[0])
    symbol.restless = restless(symbol)
    set_due(state, params, s, due_ns)


@compiled
def restless(symbol):
    """Non-zero: the next quote of the symbol gets a full look, whatever it shows."""
    return symbol.attention | (1 if symbol.inventories_unpriced > 0 else 0)


@compiled
def watch_prices(symbol, terms, trade, unit):
    """Widens the watch of the trade's pair so that no price that makes it leave goes unseen."""
    bought, sold = trade.legs[0].venue, trade.legs[1].venue
    pair = bought * len(symbol.touches) + sold
    cost_bps, loss_px = watch(terms, trade, unit)
    cost_factor = (1.0 + cost_bps * 1e-4) * (1.0 + CHEAP_TEST_SLACK)
    symbol.cost_factors[pair] = max(symbol.cost_factors[pair], cost_factor)
    if loss_px < 1e308:
        stop = symbol.stop_watches[pair]
        stop.loss_px = min(stop.loss_px, loss_px)
        stop.sell_out = 1.0 - terms.markets[bought].taker_fee_bps * 1e-4
        stop.buy_back = 1.0 + terms.markets[sold].taker_fee_bps * 1e-4
        symbol.stops = 1


@compiled
def set_due(state, params, s, due_ns):
    """Sets a symbol's next due time and keeps the earliest of all."""
    before_ns = state.due_by_symbol_ns[s]
    if due_ns == before_ns:
        return
    state.due_by_symbol_ns[s] = due_ns
    if due_ns < state.due_ns:
        state.due_ns = due_ns
    elif before_ns == state.due_ns:
        find_due(state, params)


@compiled
def find_due(state, params):
    """The earliest of all due times."""
    earliest_ns = state.mark_due_ns
    for s in range(params.symbol_count):
        earliest_ns = min(earliest_ns, state.due_by_symbol_ns[s])
    state.due_ns = earliest_ns
