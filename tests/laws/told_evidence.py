"""The evidence of a story: its logs, the state an engine would hold, and the venues' ledgers."""

import numpy as np

from arbitrage_core.domain.record import one
from arbitrage_core.engine.state import Shape, state_dtype
from arbitrage_core.laws import VENUE_ORDER, Bound, Evidence, Rerun, Segment, VenueTruth
from tests.laws.story import HOLD_UNITS, OPENING, SESSION_KEY, START_AMOUNT, Order, Story, Trade

SHAPE = Shape.holding(2, 1, 1, 4)
SEGMENTS = (Segment(0, 0, 60, "aa", "aa", True), Segment(1, 60, 40, "bb", "bb", True))


def evidence_of(story: Story, ended: bool = True) -> Evidence:
    """All there is to a story, so far."""
    truth = truth_of(story)
    log = story.log.session_log()
    return Evidence(
        config=story.config,
        session_key=SESSION_KEY,
        log=log,
        state=state_of(story),
        venue_cash_amounts=truth.cash_amounts,
        venue_position_lots=truth.position_lots,
        venue_orders=truth.orders,
        venue_orders_complete=True,
        ended=ended,
        orders_handed_on=len(log.orders),
        reruns=(Rerun("replay", "c0ffee", "c0ffee"),),
        segments=SEGMENTS,
        journal_rows=100,
        bounds=(Bound("queue", 3, 16),),
    )


def truth_of(story: Story) -> VenueTruth:
    """What the venues would say."""
    cash = np.zeros((2, 8), np.int64)
    cash[:, 0] = story.dealt_cash
    told = [
        (order.client_id, order.dealt_lots, order.dealt_cost, order.dealt_cost // 1000)
        for order in story.orders.values()
    ]
    return VenueTruth(cash, np.array([story.dealt_position], np.int64), np.array(told, VENUE_ORDER), complete=True)


def state_of(story: Story) -> np.record:
    """What an engine would hold."""
    state = one(state_dtype(SHAPE))[0]
    state["now_ns"] = story.now_ns
    state["start_amount"], state["realised_amount"] = START_AMOUNT, sum(story.realised)
    state["equity_amount"], state["peak_amount"], state["drawdown_amount"] = story.equity, story.peak, story.drawdown
    state["fees_amount"] = story.fees
    for index in (0, 1):
        venue = state["venues"][index]
        venue["cash_amounts"][0] = venue["basis_amounts"][0] = story.cash[index]
        venue["start_amounts"][0] = START_AMOUNT // 2
        venue["realised_amount"] = story.realised[index]
        venue["reserved_amounts"][0] = sum(_reserved(trade, index) for trade in story.in_use())
    symbol = state["symbols"][0]
    symbol["realised_amount"], symbol["fees_amount"] = sum(story.realised), story.fees
    symbol["position_lots"], symbol["exposure_lots"] = story.position, story.exposure_lots()
    symbol["rates"], symbol["in_use"], symbol["counter"] = 1.0, len(story.in_use()), len(story.trades)
    orders = [leg.order for trade in story.in_use() for leg in trade.legs if leg.order is not None]
    symbol["doubts"] = [sum(order.leg == v and order.state == 4 for order in orders) for v in (0, 1)]
    for slot, trade in enumerate(story.in_use()):
        _write_trade(symbol["trades"][slot], trade)
    return state


def _write_trade(record: np.record, trade: Trade) -> None:
    record["number"], record["phase"], record["decided_ns"] = trade.number, trade.phase, trade.decided_ns
    record["imbalance_ns"], record["incident_began_ns"] = trade.imbalance_ns, trade.incident_ns
    record["flagged"], record["incidents"] = trade.flagged, trade.incidents
    for name, amount in trade.kept.items():
        record[f"{name}_amount"] = amount
    for index, leg in enumerate(trade.legs):
        target = record["legs"][index]
        target["lots"], target["basis_amount"], target["attempts"] = leg.lots, leg.basis, leg.attempts
        target["venue"], target["side"] = index, 1 - 2 * index
        target["unwind_reserved_amount"] = HOLD_UNITS // 10
        if leg.order is not None:
            _write_order(target["order"][0], leg.order)


def _write_order(record: np.record, order: Order) -> None:
    for name in ("client_id", "lots", "purpose", "style", "side", "sent_ns", "queries", "canceling", "worst_px"):
        record[name] = getattr(order, name)
    record["filled_lots"], record["cost_amount"], record["fee_amount"] = order.filled, order.cost, order.fee
    record["state"], record["reserved_amount"] = order.state, order.unfilled * HOLD_UNITS


def _reserved(trade: Trade, leg: int) -> int:
    order = trade.legs[leg].order
    return HOLD_UNITS // 10 + (order.unfilled * HOLD_UNITS if order is not None and order.purpose in OPENING else 0)
