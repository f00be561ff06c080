"""Two-phase money: what an opening order holds from before it is sent until it is filled or ended."""

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.domain.money import share_of
from arbitrage_core.engine.guards import order_need_amount, unwind_need_amount
from arbitrage_core.engine.ledger import opens
from arbitrage_core.engine.state import LEGS, NEVER_NS


@compiled
def hold_for_order(state, params, s, leg):
    """Reserves what an opening order may need, and counts it as exposure in full."""
    symbol, order, market = state.symbols[s], leg.order[0], params.symbols[s].markets[leg.venue]
    amount = max(order_need_amount(params, s, leg.venue, order.side, order.lots, order.worst_px), 0)
    order.reserved_full_amount, order.reserved_amount = amount, amount
    state.venues[leg.venue].reserved_amounts[market.quote] += amount
    symbol.exposure_lots[leg.venue] += order.lots
    if market.spot and order.side < 0:
        symbol.selling_lots[leg.venue] += order.lots


@compiled
def release_order(state, params, s, leg, lots, remaining_lots):
    """Gives back what `lots` of an opening order held, keeping the share of what remains."""
    symbol, order, market = state.symbols[s], leg.order[0], params.symbols[s].markets[leg.venue]
    kept_amount = share_of(order.reserved_full_amount, remaining_lots, order.lots)
    state.venues[leg.venue].reserved_amounts[market.quote] += kept_amount - order.reserved_amount
    order.reserved_amount = kept_amount
    if market.spot and order.side < 0:
        symbol.selling_lots[leg.venue] -= lots


@compiled
def settle_order(state, params, s, leg):
    """A final order holds nothing any more."""
    order = leg.order[0]
    order.due_ns, order.cancel_ns = NEVER_NS, NEVER_NS
    if opens(order.purpose):
        unfilled_lots = order.lots - order.filled_lots
        release_order(state, params, s, leg, unfilled_lots, 0)
        state.symbols[s].exposure_lots[leg.venue] -= unfilled_lots


@compiled
def hold_for_unwind(state, params, s, leg):
    """Reserves what getting out of the leg again may cost, before the first order is sent."""
    order = leg.order[0]
    amount = max(unwind_need_amount(params, s, leg.venue, order.lots, order.worst_px), 0)
    leg.unwind_reserved_amount = amount
    state.venues[leg.venue].reserved_amounts[params.symbols[s].markets[leg.venue].quote] += amount


@compiled
def release_unwind(state, params, s, trade):
    """A trade that ended holds nothing any more."""
    for index in range(LEGS):
        leg = trade.legs[index]
        quote = params.symbols[s].markets[leg.venue].quote
        state.venues[leg.venue].reserved_amounts[quote] -= leg.unwind_reserved_amount
        leg.unwind_reserved_amount = 0
