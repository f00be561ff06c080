"""The taker–taker spread strategy: buy the ask here, sell the bid there; leave when undoing it has become cheap.

Entry on the pair with the highest edge after costs; exit by convergence, a take-profit ladder, a stop-loss or the
holding time. docs/engine.md §5 and §7 are the rules.
"""

import numpy as np

from arbitrage_core.domain.compiled import compiled, inlined
from arbitrage_core.domain.refusal import REFUSAL_SLOTS, Refusal
from arbitrage_core.domain.trade import ExitReason
from arbitrage_core.engine.book import are_in_step, closing_cost_bps, costs_bps, entry_spread_bps, market_refusal
from arbitrage_core.engine.legs import entry_notional_amount


@inlined
def propose_entry(state, params, s, now_ns):
    """(found, buy venue, sell venue, spread_bps, net_edge_bps, refusal): the usable pair with the highest net edge."""
    symbol, terms = state.symbols[s], params.symbols[s]
    found, buy_venue, sell_venue, best_spread_bps, best_bps = False, -1, -1, 0.0, 0.0
    refusal = REFUSAL_SLOTS
    for b in range(len(symbol.touches)):
        for v in range(len(symbol.touches)):
            # what was never quoted shows bid 0 and ask inf; the multiplication spares most pairs the exact test
            if b == v or not symbol.touches[v].bid > symbol.touches[b].ask * symbol.entry_factor:
                continue
            spread_bps = entry_spread_bps(symbol.touches[b], symbol.touches[v])
            if not spread_bps > terms.entry_spread_bps:
                continue
            found = True
            pair_refusal = pair_refusal_of(state, params, symbol, terms, b, v, now_ns)
            if pair_refusal != Refusal.NONE:
                refusal = min(refusal, pair_refusal)
                continue
            edge_bps = spread_bps - costs_bps(terms, b, v)
            if buy_venue < 0 or edge_bps > best_bps:
                buy_venue, sell_venue, best_spread_bps, best_bps = b, v, spread_bps, edge_bps
    if buy_venue >= 0 or not found:
        refusal = 0
    return found, buy_venue, sell_venue, best_spread_bps, best_bps, refusal


@inlined
def pair_refusal_of(state, params, symbol, terms, buy_venue, sell_venue, now_ns):
    """The lowest of both markets' refusals and the pair's own, as a number; 0 when both are usable together."""
    bought = np.int64(market_refusal(state, params, symbol, terms, buy_venue, now_ns))
    sold = np.int64(market_refusal(state, params, symbol, terms, sell_venue, now_ns))
    pair = np.int64(Refusal.NONE)
    if not are_in_step(symbol.books[buy_venue], symbol.books[sell_venue], terms.skew_max_ns):
        pair = np.int64(Refusal.BOOKS_MUST_BE_IN_STEP)
    return lower(lower(bought, sold), pair)


@inlined
def lower(refusal, other):
    """Of two refusals the one that comes first; NONE is none."""
    if refusal == 0 or (other != 0 and other < refusal):
        return other
    return refusal


@compiled
def wish_to_leave(symbol, terms, unit, trade, fresh, priced, now_ns):
    """(exit reason, lots): stop-loss, convergence, holding time, ladder, in this order; 0 lots mean all."""
    if fresh and loses_too_much(symbol, terms, unit, trade):
        return ExitReason.STOP_LOSS, 0
    if priced:
        cost_bps = closing_cost_bps(symbol.touches[trade.legs[0].venue], symbol.touches[trade.legs[1].venue])
        if cost_bps < terms.exit_spread_bps:
            return ExitReason.CONVERGED, 0
    if now_ns >= trade.hold_due_ns:
        return ExitReason.HOLD_TIME, 0
    if priced and terms.rungs > 0:
        excess_lots = trade.legs[0].lots - target_lots(terms, trade, cost_bps)
        if excess_lots > 0:
            left_lots = trade.legs[0].lots - excess_lots
            return ExitReason.TAKE_PROFIT, 0 if left_lots < pair_step_lots(terms, trade) else excess_lots
    return ExitReason.NONE, 0


@compiled
def pair_step_lots(terms, trade):
    """The coarser step of the trade's two markets."""
    return max(terms.markets[trade.legs[0].venue].step_lots, terms.markets[trade.legs[1].venue].step_lots)


@compiled
def rung_lots(terms, trade, rung):
    """What a rung of the ladder closes."""
    lots = np.int64(np.floor(terms.rung_shares[rung] * trade.initial_lots + 1e-9))
    return lots - lots % pair_step_lots(terms, trade)


@compiled
def target_lots(terms, trade, cost_bps):
    """What the ladder would have left at this closing cost."""
    lots = trade.initial_lots
    for rung in range(terms.rungs):
        if cost_bps < terms.rung_costs_bps[rung]:
            lots -= rung_lots(terms, trade, rung)
    return lots


@compiled
def loses_too_much(symbol, terms, unit, trade):
    """Whether closing now, fees included, would lose more than the stop allows."""
    if not terms.stop_loss_bps < np.inf:
        return False
    bought, sold = trade.legs[0], trade.legs[1]
    sell_out = 1.0 - terms.markets[bought.venue].taker_fee_bps * 1e-4
    buy_back = 1.0 + terms.markets[sold.venue].taker_fee_bps * 1e-4
    bid, ask = symbol.touches[bought.venue].bid, symbol.touches[sold.venue].ask
    booked_amount = trade.realised_amount + bought.basis_amount + sold.basis_amount
    value = bought.lots * terms.lot_base * bid * sell_out - sold.lots * terms.lot_base * ask * buy_back
    stop_amount = terms.stop_loss_bps * 1e-4 * entry_notional_amount(trade)
    return booked_amount + value / unit < -stop_amount


@compiled
def watch(terms, trade, unit):
    """(closing cost, loss px): the highest closing cost at which something is left to close, and the stop in prices."""
    cost_bps = terms.exit_spread_bps
    for rung in range(terms.rungs - 1, -1, -1):
        # just below this rung's cost all rungs up to it are reached
        if trade.legs[0].lots > target_lots(terms, trade, terms.rung_costs_bps[rung] - 1e-9):
            cost_bps = terms.rung_costs_bps[rung]
    loss_px = np.inf
    if terms.stop_loss_bps < np.inf:
        bought, sold = trade.legs[0], trade.legs[1]
        stop_amount = terms.stop_loss_bps * 1e-4 * entry_notional_amount(trade)
        booked_amount = trade.realised_amount + bought.basis_amount + sold.basis_amount
        loss_px = -np.inf
        if bought.lots == sold.lots and bought.lots > 0:
            loss_px = (booked_amount + stop_amount) * unit / (bought.lots * terms.lot_base)
    return cost_bps, loss_px
