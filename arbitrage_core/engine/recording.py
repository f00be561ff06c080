"""Recording: the only functions that append to the output's logs, and the room they need.

What one atomic piece of work (one row applied, one event run) can write is bounded by the number of trades; a fold
stops before a piece when less room than that is left.
"""

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.engine.output import LOG_SLOTS
from arbitrage_core.engine.state import NEVER_NS


@compiled
def has_room(out, pieces):
    """Whether the logs have room for `pieces` more entries, however they are spread."""
    return out.written + pieces <= LOG_SLOTS


@compiled
def next_order(out):
    """The next free entry of the orders log."""
    entry = out.orders[out.order_count]
    out.order_count += 1
    out.written += 1
    return entry


@compiled
def note_change(out, s, venue, order, before, now_ns):
    """Notes that an order's state changed from `before` to what it is now."""
    entry = out.changes[out.change_count]
    out.change_count += 1
    out.written += 1
    entry.now_ns, entry.client_id, entry.symbol, entry.venue = now_ns, order.client_id, s, venue
    entry.before, entry.after = before, order.state
    entry.filled_lots, entry.lots = order.filled_lots, order.lots


@compiled
def note_trade(out, s, slot, trade, now_ns, entry_notional_amount, risk_amount):
    """Notes a trade that ended."""
    entry = out.trades[out.trade_count]
    out.trade_count += 1
    out.written += 1
    bought, sold = trade.legs[0], trade.legs[1]
    entry.number, entry.symbol, entry.slot, entry.phase = trade.number, s, slot, trade.phase
    entry.buy_venue, entry.sell_venue = bought.venue, sold.venue
    entry.decided_ns, entry.opened_ns, entry.hedged_ns = trade.decided_ns, trade.opened_ns, trade.hedged_ns
    entry.leaving_ns, entry.ended_ns = trade.leaving_ns, now_ns
    entry.leg_gap_ns = -1
    if bought.first_fill_ns > 0 and sold.first_fill_ns > 0:
        entry.leg_gap_ns = abs(bought.first_fill_ns - sold.first_fill_ns)
    entry.initial_lots, entry.entry_notional_amount = trade.initial_lots, entry_notional_amount
    entry.realised_amount, entry.fees_amount = trade.realised_amount, trade.fees_amount
    entry.funding_amount, entry.slippage_amount = trade.funding_amount, trade.slippage_amount
    entry.incident_amount, entry.risk_amount = trade.incident_amount, risk_amount
    entry.spread_bps, entry.net_edge_bps = trade.spread_bps, trade.net_edge_bps
    entry.unhedged_quote_s, entry.partial_closes = trade.unhedged_quote_s, trade.partial_closes
    entry.incidents, entry.exit_reason = trade.incidents, trade.exit_reason
    entry.stale, entry.flagged = trade.stale, trade.flagged


@compiled
def note_incident(out, s, trade, now_ns):
    """Notes an incident of `trade` that ended."""
    entry = out.incidents[out.incident_count]
    out.incident_count += 1
    out.written += 1
    entry.trade, entry.symbol, entry.leg = trade.number, s, trade.incident_leg
    entry.venue = trade.legs[trade.incident_leg].venue
    entry.began_ns, entry.ended_ns, entry.lots = trade.incident_began_ns, now_ns, trade.incident_lots
    entry.cost_amount = trade.incident_amount - trade.incident_cost_start_amount
    entry.unhedged_quote_s = trade.unhedged_quote_s - trade.incident_unhedged_start
    entry.attempts, entry.resolution = trade.incident_attempts, trade.last_fix
    entry.phase, entry.forced = trade.incident_phase, trade.incident_forced


@compiled
def note_equity(out, state, now_ns, unrealised_amount, revaluation_amount):
    """Notes a mark of the equity."""
    entry = out.equity[out.equity_count]
    out.equity_count += 1
    out.written += 1
    entry.now_ns, entry.equity_amount, entry.realised_amount = now_ns, state.equity_amount, state.realised_amount
    entry.unrealised_amount, entry.revaluation_amount = unrealised_amount, revaluation_amount


@compiled
def note_funding(out, s, trade, leg_index, amount, now_ns):
    """Notes funding booked to one leg."""
    entry = out.funding[out.funding_count]
    out.funding_count += 1
    out.written += 1
    entry.now_ns, entry.trade, entry.amount, entry.symbol = now_ns, trade.number, amount, s
    entry.venue, entry.leg = trade.legs[leg_index].venue, leg_index


@compiled
def note_guard(out, guard, kind, cause, s, v, now_ns, release_ns, observed, limit):
    """Notes what became of a guard or switch; `s` −1: of the whole session, or of the venue `v` if that is not −1."""
    entry = out.guards[out.guard_count]
    out.guard_count += 1
    out.written += 1
    entry.now_ns, entry.guard, entry.kind, entry.cause, entry.symbol = now_ns, guard, kind, cause, s
    entry.release_ns = 0 if release_ns == NEVER_NS else release_ns
    entry.observed, entry.limit, entry.venue = observed, limit, v
