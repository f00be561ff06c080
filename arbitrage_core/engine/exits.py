"""The exit: when a trade is told to leave, and how. A way out is never blocked by an entry guard.

A reduction waits for fresh books, up to a deadline; then it goes on the last ones known, and is flagged.
"""

import numpy as np

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.domain.order import NO_LIMIT_PX, OrderStyle, Purpose
from arbitrage_core.domain.row import FeedStatus
from arbitrage_core.domain.trade import FIRST_STICKY_REASON, ExitReason, Phase
from arbitrage_core.engine.book import are_in_step, closing_cost_bps, is_fresh, touch_px
from arbitrage_core.engine.guards import approve_reduction
from arbitrage_core.engine.orders import any_working, prepare, send
from arbitrage_core.engine.size import limit_px
from arbitrage_core.engine.state import LEGS, NEVER_NS, Round, SessionPhase
from arbitrage_core.engine.strategy import wish_to_leave

PAUSE_MAX_NS = 60_000_000_000


@compiled
def feed_ended(symbol, trade):
    """Whether the feed of either of its markets has ended."""
    return (
        symbol.books[trade.legs[0].venue].feed == FeedStatus.ENDED
        or symbol.books[trade.legs[1].venue].feed == FeedStatus.ENDED
    )


@compiled
def consider_exit(state, params, out, s, trade, now_ns):
    """Decides whether an OPEN trade leaves now, and sends it on its way."""
    if trade.phase != Phase.OPEN or any_working(trade):
        return
    if trade.exit_retry_ns <= now_ns:
        trade.exit_retry_ns = NEVER_NS
    if trade.hold_timer_ns <= now_ns:
        trade.hold_timer_ns = NEVER_NS
    symbol, terms = state.symbols[s], params.symbols[s]
    ended = feed_ended(symbol, trade)
    fresh = is_fresh(state, params, s, trade.legs[0].venue, now_ns) and is_fresh(
        state, params, s, trade.legs[1].venue, now_ns
    )
    reason, lots = trade.exit_reason, np.int64(0)
    if reason < FIRST_STICKY_REASON:
        if state.phase == SessionPhase.ENDING:
            reason = ExitReason.SESSION_END
        elif ended:
            reason = ExitReason.FEED_ENDED
        elif trade.told != 0:
            reason = ExitReason.REDUCED
        else:
            priced = fresh and prices_hold(symbol, terms, trade)
            reason, lots = wish_to_leave(symbol, terms, params.units[0], trade, fresh, priced, now_ns)
    if reason >= FIRST_STICKY_REASON and trade.exit_reason != reason:
        trade.exit_reason = reason
        trade.wait_due_ns = now_ns + terms.exit_wait_max_ns
    if reason == ExitReason.NONE or trade.exit_retry_ns != NEVER_NS:
        return
    may_wait = reason != ExitReason.FEED_ENDED and not (ended and reason == ExitReason.SESSION_END)
    if not fresh and may_wait and now_ns < trade.wait_due_ns:
        return
    leave(state, params, out, s, trade, reason, lots, now_ns)


@compiled
def prices_hold(symbol, terms, trade):
    """Whether a wish may rest on the prices of both books, as an entry would: in step, and not too good to be true."""
    bought, sold = trade.legs[0].venue, trade.legs[1].venue
    if not are_in_step(symbol.books[bought], symbol.books[sold], terms.skew_max_ns):
        return False
    return -closing_cost_bps(symbol.touches[bought], symbol.touches[sold]) <= terms.spread_max_bps


@compiled
def leave(state, params, out, s, trade, reason, lots, now_ns):
    """Sends the exit orders of both legs: `lots` of each, or all they hold when 0."""
    terms = params.symbols[s]
    trade.phase, trade.exit_reason, trade.round_kind = Phase.CLOSING, reason, Round.EXIT
    trade.round_lots = trade.legs[0].lots + trade.legs[1].lots
    trade.round_goal_lots = trade.round_lots
    trade.leaving_ns = trade.leaving_ns or now_ns
    trade.partial_closes += 0 if lots == 0 else 1
    for index in range(LEGS):
        leg = trade.legs[index]
        closing_lots = leg.lots if lots == 0 else min(lots, leg.lots)
        trade.round_goal_lots -= closing_lots
        close_leg(state, params, out, s, trade, index, closing_lots, np.int64(Purpose.EXIT), terms.exit_style, now_ns)
        leg.exit_px = leg.order[0].decision_px


@compiled
def close_leg(state, params, out, s, trade, index, lots, purpose, style, now_ns):
    """Sends one order that takes `lots` from a leg, if the reduce-only list lets it; flagged when its book is stale."""
    terms, leg = params.symbols[s], trade.legs[index]
    if not approve_reduction(state, leg, lots):
        return
    side = -leg.side
    px = touch_px(state.symbols[s].books[leg.venue], side)
    limit = limit_px(terms.markets[leg.venue], side, px, terms.slippage_bound_bps)
    if style == OrderStyle.MARKET or not (px > 0.0 and limit > 0.0):  # no price to set a limit by
        style, limit = np.int64(OrderStyle.MARKET), NO_LIMIT_PX
    prepare(state, params, s, trade, index, side, style, purpose, lots, limit, px)
    stale = np.int64(0 if is_fresh(state, params, s, leg.venue, now_ns) else 1)
    send(state, params, out, s, trade, index, now_ns, stale)


@compiled
def end_round(params, s, trade, now_ns):
    """After the orders of a round ended: a pause before the next try of that kind if they left something to do."""
    if trade.round_kind == Round.NONE:
        return
    lots = trade.legs[0].lots + trade.legs[1].lots
    vain_before = trade.exit_vain_tries if trade.round_kind == Round.EXIT else trade.fix_vain_tries
    vain_tries = vain_before + 1 if lots == trade.round_lots else 0
    retry_ns = NEVER_NS
    if lots != trade.round_goal_lots:
        retry_ns = now_ns + pause_ns(params.symbols[s], vain_tries)
    if trade.round_kind == Round.EXIT:
        trade.exit_vain_tries, trade.exit_retry_ns = vain_tries, retry_ns
    else:
        trade.fix_vain_tries, trade.fix_retry_ns = vain_tries, retry_ns
    trade.round_kind = Round.NONE


@compiled
def pause_ns(terms, vain_tries):
    """`retry_ms`, doubled for each further try in vain, at most a minute."""
    doublings = min(max(vain_tries - 1, 0), 20)
    return min(terms.retry_ns << doublings, PAUSE_MAX_NS)
