"""Two legs, honestly: what a trade becomes when its orders are final, and what is done with a leg left alone.

docs/engine.md §9 is the rule: complete, reverse or wait, by expected cost; at the deadline out by market order.
"""

import numpy as np

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.domain.order import BUY, NO_LIMIT_PX, SELL, OrderStyle, Purpose
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.trade import FIRST_STICKY_REASON, ExitReason, Phase, SingleLegPolicy
from arbitrage_core.engine.book import is_fresh, touch_px
from arbitrage_core.engine.exits import close_leg, consider_exit, end_round, pause_ns
from arbitrage_core.engine.guard_memory import memory_refusal, remember_result
from arbitrage_core.engine.guards import (
    approve,
    capital_refusal,
    exposure_refusal,
    inventory_refusal,
    order_need_amount,
)
from arbitrage_core.engine.incidents import begin_incident, end_incident
from arbitrage_core.engine.orders import FRESH, any_working, prepare, send, worst_px_of
from arbitrage_core.engine.recording import note_trade
from arbitrage_core.engine.reserves import release_unwind
from arbitrage_core.engine.size import limit_px, on_tick
from arbitrage_core.engine.state import NEVER_NS, Approval, Round, SessionPhase

WAIT, COMPLETE, REVERSE = np.int64(-1), np.int64(Purpose.COMPLETE), np.int64(Purpose.REVERSE)
"""What may be done with a leg alone."""
NOWHERE, NO_LOTS = np.int64(-1), np.int64(0)


@compiled
def settle_trade(state, params, out, s, slot, now_ns):
    """When no order of a trade works any more: it ended, is hedged, or has a leg to set right."""
    trade = state.symbols[s].trades[slot]
    if trade.phase == Phase.FREE or trade.phase == Phase.OPEN or any_working(trade):
        return
    bought, sold = trade.legs[0], trade.legs[1]
    end_round(params, s, trade, now_ns)
    if bought.lots == 0 and sold.lots == 0:
        end_trade(state, params, out, s, slot, now_ns)
        return
    lead_index = 0 if bought.lots > sold.lots else 1
    complete_lots, reverse_lots = fixable_lots(params.symbols[s], trade, lead_index)
    if trade.phase == Phase.CLOSING:
        complete_lots = 0
    if complete_lots == 0 and reverse_lots == 0:
        stand_open(state, params, out, s, trade, now_ns)
        return
    if trade.incident_began_ns == NEVER_NS:
        begin_incident(params, s, trade, lead_index, abs(bought.lots - sold.lots), now_ns)
    fix(state, params, out, s, trade, lead_index, complete_lots, reverse_lots, now_ns)


@compiled
def fixable_lots(terms, trade, lead_index):
    """(complete lots, reverse lots): how much of the difference each leg's market can deal in."""
    lead, lag = trade.legs[lead_index], trade.legs[1 - lead_index]
    unequal = lead.lots - lag.lots
    return (
        unequal - unequal % terms.markets[lag.venue].step_lots,
        unequal - unequal % terms.markets[lead.venue].step_lots,
    )


@compiled
def stand_open(state, params, out, s, trade, now_ns):
    """Both legs are equal: the trade is OPEN, and its exit is decided at once."""
    if trade.hedged_ns == 0:
        trade.hedged_ns, trade.initial_lots = now_ns, trade.legs[0].lots
    if trade.phase == Phase.CLOSING:
        if trade.exit_reason < FIRST_STICKY_REASON:
            trade.exit_reason = ExitReason.NONE
    trade.phase = Phase.OPEN
    trade.hold_due_ns = trade.opened_ns + params.symbols[s].hold_max_ns
    trade.hold_timer_ns = trade.hold_due_ns
    end_incident(params, out, s, trade, now_ns)
    consider_exit(state, params, out, s, trade, now_ns)


@compiled
def end_trade(state, params, out, s, slot, now_ns):
    """Both legs are flat: the trade is CLOSED, UNWOUND or VOID, its reserve is free and so is its slot."""
    symbol, terms = state.symbols[s], params.symbols[s]
    trade = symbol.trades[slot]
    if trade.phase == Phase.CLOSING:
        trade.phase = Phase.CLOSED
        symbol.closed += 1
        symbol.exits[trade.exit_reason] += 1
    elif trade.opened_ns != 0:
        trade.phase = Phase.UNWOUND
        symbol.unwound += 1
    else:
        trade.phase = Phase.VOID
        symbol.voids += 1
    if trade.phase != Phase.CLOSED:
        trade.exit_reason = ExitReason.NONE
    if trade.phase != Phase.VOID and trade.realised_amount > 0:
        symbol.wins += 1
    remember_result(state, params, out, s, trade, now_ns)
    end_incident(params, out, s, trade, now_ns)
    release_unwind(state, params, s, trade)
    notional_amount = entry_notional_amount(trade)
    risk_amount = np.int64(0)
    if terms.stop_loss_bps < np.inf:
        risk_amount = np.int64(np.rint(terms.stop_loss_bps * 1e-4 * notional_amount))
    note_trade(out, s, slot, trade, now_ns, notional_amount, risk_amount)
    trade.phase = Phase.FREE
    symbol.in_use -= 1
    cool_down(symbol, terms, now_ns)


@compiled
def cool_down(symbol, terms, now_ns):
    """No entry before the cooldown is over; at that instant the symbol is looked at."""
    symbol.free_from_ns = now_ns + terms.cooldown_ns
    symbol.cooldown_due_ns = symbol.free_from_ns if terms.cooldown_ns > 0 else NEVER_NS


@compiled
def entry_notional_amount(trade):
    """The mean of what both legs' opening fills cost, reporting currency."""
    return np.int64(np.rint((trade.legs[0].opened_reporting_amount + trade.legs[1].opened_reporting_amount) / 2))


@compiled
def fix(state, params, out, s, trade, lead_index, complete_lots, reverse_lots, now_ns):
    """Sets a leg right that stands alone: completes, reverses, or waits."""
    if trade.fix_retry_ns != NEVER_NS and now_ns < trade.fix_retry_ns:
        return
    trade.fix_retry_ns = NEVER_NS
    if now_ns >= trade.deadline_ns:
        trade.incident_forced, trade.deadline_ns = 1, NEVER_NS
    forced = trade.incident_forced == 1
    lead = trade.legs[lead_index]
    fresh = is_fresh(state, params, s, lead.venue, now_ns)
    if forced:
        choice = REVERSE if reverse_lots > 0 else COMPLETE
    elif trade.phase == Phase.CLOSING:
        choice = REVERSE if fresh else WAIT
    else:
        choice = cheaper_fix(state, params, s, trade, lead_index, complete_lots, reverse_lots, now_ns)
    if choice == REVERSE:
        style = np.int64(OrderStyle.MARKET if forced else OrderStyle.IOC)
        purpose = np.int64(Purpose.EXIT) if trade.phase == Phase.CLOSING else REVERSE
        if purpose == REVERSE:
            trade.phase = Phase.UNWINDING
        start_fix(trade, reverse_lots, SELL, purpose)
        close_leg(state, params, out, s, trade, lead_index, reverse_lots, purpose, style, now_ns)
    elif choice == COMPLETE:
        complete_leg(state, params, out, s, trade, 1 - lead_index, complete_lots, forced, now_ns)


@compiled
def start_fix(trade, lots, direction, purpose):
    """Begins a round whose one order should change the lots held by `direction × lots`."""
    trade.round_kind, trade.last_fix = Round.FIX, purpose
    trade.incident_attempts += 1
    trade.round_lots = trade.legs[0].lots + trade.legs[1].lots
    trade.round_goal_lots = trade.round_lots + direction * lots


@compiled
def cheaper_fix(state, params, s, trade, lead_index, complete_lots, reverse_lots, now_ns):
    """COMPLETE or REVERSE, whichever the policy wants and is allowed, or WAIT."""
    policy = params.symbols[s].single_leg_policy
    if policy == SingleLegPolicy.HOLD:
        return WAIT
    completing_bps = completing_cost_bps(state, params, s, trade, lead_index, complete_lots, now_ns)
    reversing_bps = reversing_cost_bps(state, params, s, trade, lead_index, reverse_lots, now_ns)
    if policy == SingleLegPolicy.COMPLETE:
        return COMPLETE if completing_bps < np.inf else WAIT
    if policy == SingleLegPolicy.REVERSE:
        return REVERSE if reversing_bps < np.inf else WAIT
    if not min(completing_bps, reversing_bps) <= params.symbols[s].hold_risk_bps:
        return WAIT
    return COMPLETE if completing_bps <= reversing_bps else REVERSE


@compiled
def completing_cost_bps(state, params, s, trade, lead_index, lots, now_ns):
    """What completing the lagging leg is expected to cost, its lost edge included; inf when it is not allowed."""
    terms = params.symbols[s]
    lead, lag = trade.legs[lead_index], trade.legs[1 - lead_index]
    if not (lots > 0 and may_add(state, params, s, now_ns) and is_fresh(state, params, s, lag.venue, now_ns)):
        return np.inf
    px = touch_px(state.symbols[s].books[lag.venue], lag.side)
    adverse_bps = lag.side * (px - lag.decision_px) / lag.decision_px * 1e4
    if not adverse_bps <= terms.complete_bound_bps:
        return np.inf
    limit = completion_limit_px(terms, lag, px)
    if completion_refusal(state, params, s, lag, lots, limit) != Refusal.NONE:
        return np.inf
    lag_fee_bps, lead_fee_bps = terms.markets[lag.venue].taker_fee_bps, terms.markets[lead.venue].taker_fee_bps
    return adverse_bps + lag_fee_bps + lead_fee_bps + lag_fee_bps + terms.exit_spread_bps - trade.spread_bps


@compiled
def may_add(state, params, s, now_ns):
    """Whether a leg may be completed of one's own accord: the session is active, the symbol on, no guard with memory
    stands. Silent stores do not matter, since it makes risk smaller; the kill switch stops it in `completion_refusal`.
    """
    if not (state.phase == SessionPhase.ACTIVE and state.symbols[s].off == 0):
        return False
    return memory_refusal(state, params, s, now_ns) == Refusal.NONE


@compiled
def completion_limit_px(terms, lag, px):
    """The touch plus the slippage bound, but no further than `complete_bound_bps` from the decision price."""
    market = terms.markets[lag.venue]
    limit = limit_px(market, lag.side, px, terms.slippage_bound_bps)
    bound = on_tick(lag.decision_px * (1.0 + lag.side * terms.complete_bound_bps * 1e-4), market.tick, lag.side)
    return min(limit, bound) if lag.side > 0 else max(limit, bound)


@compiled
def completion_refusal(state, params, s, lag, lots, limit):
    """A completion opens risk: the kill switch, exposure, inventory and capital must allow it; its limit is a price."""
    if state.killed != 0:
        return Refusal.KILL_SWITCH_MUST_BE_OFF
    if not limit > 0.0:
        return Refusal.SIZE_MUST_BE_TRADABLE
    symbol, v = state.symbols[s], lag.venue
    worst_px = worst_px_of(lag.side, limit, touch_px(symbol.books[v], lag.side), params.symbols[s].slippage_bound_bps)
    worst = worst_px * symbol.rates[v]
    if lag.side > 0:
        refusal = exposure_refusal(state, params, s, v, lots, worst, NOWHERE, NO_LOTS, 0.0)
    else:
        refusal = exposure_refusal(state, params, s, NOWHERE, NO_LOTS, 0.0, v, lots, worst)
    if refusal != Refusal.NONE:
        return refusal
    if lag.side < 0:
        refusal = inventory_refusal(state, params, s, v, lots)
        if refusal != Refusal.NONE:
            return refusal
    return capital_refusal(state, params, s, v, order_need_amount(params, s, v, lag.side, lots, worst_px))


@compiled
def reversing_cost_bps(state, params, s, trade, lead_index, lots, now_ns):
    """What closing the lone lots again would lose, its fee included; inf when it is not allowed."""
    terms, lead = params.symbols[s], trade.legs[lead_index]
    if not (lots > 0 and is_fresh(state, params, s, lead.venue, now_ns)):
        return np.inf
    unit = params.units[terms.markets[lead.venue].quote]
    paid_px = lead.opened_cost_amount * unit / (lead.opened_lots * terms.lot_base)
    px = touch_px(state.symbols[s].books[lead.venue], -lead.side)
    return lead.side * (paid_px - px) / paid_px * 1e4 + terms.markets[lead.venue].taker_fee_bps


@compiled
def complete_leg(state, params, out, s, trade, index, lots, forced, now_ns):
    """Sends one order that adds `lots` to the lagging leg, if the rules for opening risk let it; else a pause."""
    terms, lag = params.symbols[s], trade.legs[index]
    px = touch_px(state.symbols[s].books[lag.venue], lag.side)
    limit = NO_LIMIT_PX if forced else completion_limit_px(terms, lag, px)
    fresh = is_fresh(state, params, s, lag.venue, now_ns)
    if not (fresh and completion_refusal(state, params, s, lag, lots, limit) == Refusal.NONE):
        trade.flagged = 1
        trade.fix_vain_tries += 1
        trade.fix_retry_ns = now_ns + pause_ns(terms, trade.fix_vain_tries)
        return
    start_fix(trade, lots, BUY, COMPLETE)
    approve(state, np.int64(Approval.COMPLETE), np.int64(1))
    style = np.int64(OrderStyle.MARKET if forced else OrderStyle.IOC)
    prepare(state, params, s, trade, index, lag.side, style, np.int64(Purpose.COMPLETE), lots, limit, px)
    send(state, params, out, s, trade, index, now_ns, FRESH)
