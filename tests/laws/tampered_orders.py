"""Tampering with orders: I3, I4, I5, I18 and I19."""

import numpy as np

from arbitrage_core.domain.identity import key_of
from arbitrage_core.domain.order import FIRST_FINAL_STATE, Action, OrderState, Purpose
from arbitrage_core.laws.order_ids import derived_ids
from tests.laws.moments import at_rest, halfway, in_doubt
from tests.laws.story import MS, SESSION_KEY, SYMBOL
from tests.laws.tampering import Parts, Tampering, add, both, give, leave_out, more, put, put_where, repeat, set_state

ORDER = ("symbols", 0, "trades", 0, "legs", 0, "order", 0)
OTHER_ORDER = ("symbols", 0, "trades", 0, "legs", 1, "order", 0)


def _lose_a_life(parts: Parts) -> None:
    parts.changes = parts.changes[parts.changes["client_id"] != parts.orders["client_id"][-1]]


def _ask_for_nothing(parts: Parts) -> None:
    for row in (-2, -1):
        parts.orders["lots"][row] = 0
        parts.changes["lots"][parts.changes["client_id"] == parts.orders["client_id"][row]] = 0


def _use_an_id_twice(parts: Parts) -> None:
    parts.orders["client_id"][5] = parts.orders["client_id"][4]


def _share_an_id(parts: Parts) -> None:
    legs = parts.state["symbols"][0]["trades"][0]["legs"]
    legs[1]["order"][0]["client_id"] = legs[0]["order"][0]["client_id"]


def _skip_a_number(parts: Parts) -> None:
    """The last trade becomes one later, in all its records."""
    mine = parts.orders["trade"] == 4
    parts.orders["trade"][mine] = 5
    parts.trades["number"][parts.trades["number"] == 4] = 5
    orders = parts.orders[mine]
    keys = np.full(len(orders), key_of(SYMBOL))
    renamed = derived_ids(SESSION_KEY, keys, orders["trade"], orders["leg"], orders["attempt"])
    for before, after in zip(orders["client_id"].tolist(), renamed.tolist(), strict=True):
        for log in (parts.orders, parts.changes, parts.reports, parts.venue_orders):
            log["client_id"][log["client_id"] == before] = after


def _send_before_the_last_ended(parts: Parts) -> None:
    """The third order of the first leg goes out just before the report that ends the second."""
    mine = np.flatnonzero((parts.orders["trade"] == 1) & (parts.orders["leg"] == 0))
    second, third = parts.orders["client_id"][mine[1]], parts.orders["client_id"][mine[2]]
    changes = parts.changes
    end = np.flatnonzero((changes["client_id"] == second) & (changes["after"] >= FIRST_FINAL_STATE))[0]
    send = np.flatnonzero((changes["client_id"] == third) & (changes["before"] == OrderState.NONE))[0]
    for name in ("now_ns", "buy_received_ns", "sell_received_ns"):
        parts.orders[name][mine[2]] = changes["now_ns"][end]
    moved = changes[send].copy()
    moved["now_ns"] = changes["now_ns"][end]
    parts.changes = np.insert(np.delete(changes, send), end, moved)


def _know_a_stranger(parts: Parts) -> None:
    parts.venue_orders = np.append(parts.venue_orders, np.array([(99, 0, 0, 0)], parts.venue_orders.dtype))


def _venue_filled(row: int, lots: int):
    def edit(parts: Parts) -> None:
        parts.venue_orders["filled_lots"][row] = lots

    return edit


def _pay_more(parts: Parts) -> None:
    parts.fills["cost_quote_amount"][0] += 5
    parts.fills["cash_reporting_amount"][0] -= 5


def _end_otherwise(parts: Parts) -> None:
    parts.changes["after"][parts.row("changes", "after", OrderState.EXPIRED)] = OrderState.CANCELED


def _hold_cancels_back(parts: Parts) -> None:
    parts.given["orders_handed_on"] = parts.row("orders", "action", Action.CANCEL)


ORDERS: list[Tampering] = [
    Tampering(
        "a final state that moves",
        at_rest,
        put_where("changes", "after", OrderState.FILLED, "after", OrderState.OPEN),
        "I3 I5",
    ),
    Tampering("a change that begins where none ended", at_rest, put("changes", 2, "before", OrderState.OPEN), "I3"),
    Tampering("an order that begins without being sent", at_rest, put("changes", 0, "after", OrderState.OPEN), "I3"),
    Tampering("filled past its lots", at_rest, add("changes", 3, "filled_lots", 9), "I3 I4 I8"),
    Tampering(
        "FILLED in part", at_rest, put_where("changes", "after", OrderState.FILLED, "filled_lots", 9), "I3 I4 I8"
    ),
    Tampering(
        "filled less than before", at_rest, put_where("changes", "after", OrderState.UNKNOWN, "filled_lots", 2), "I3 I4"
    ),
    Tampering(
        "of other lots than submitted",
        at_rest,
        both(add("orders", -1, "lots", 1), add("orders", -2, "lots", 1)),
        "I3 I8",
    ),
    Tampering("of changing lots", at_rest, add("changes", -1, "lots", 1), "I3"),
    Tampering("a SUBMIT without a life", at_rest, _lose_a_life, "I3"),
    Tampering("an order in use without a life", halfway, _lose_a_life, "I3"),
    Tampering("a leg that holds less than nothing", halfway, set_state(*ORDER[:-2], "lots", -4), "I1 I2 I3 I8"),
    Tampering("an order of no lots", at_rest, _ask_for_nothing, "I8 I18"),
    Tampering("an order in use at another cost", halfway, set_state(*ORDER, "cost_amount", more(1)), "I1 I4"),
    Tampering("a fill after the change that tells of it", at_rest, add("fills", 0, "now_ns", 1), "I2 I4 I7"),
    Tampering(
        "an end that does not know all that was booked",
        at_rest,
        put_where("changes", "after", OrderState.CANCELED, "filled_lots", 3),
        "I4",
    ),
    Tampering("a fill at a negative cost", at_rest, put("fills", 0, "cost_quote_amount", -5), "I1 I2 I4"),
    Tampering("an order that never ends", at_rest, leave_out("changes", -1), "I3"),
    Tampering("an order that ends twice", at_rest, repeat("changes", -1), "I3"),
    Tampering("an order in use that stands elsewhere", halfway, set_state(*ORDER, "state", OrderState.OPEN), "I3"),
    Tampering("an order in use filled past its lots", halfway, set_state(*ORDER, "filled_lots", 12), "I1 I3 I4 I8"),
    Tampering("a fill booked twice", at_rest, repeat("fills", 2), "I1 I2 I4 I7 I8"),
    Tampering("a fill never booked", at_rest, leave_out("fills", 9), "I1 I2 I4 I7 I8"),
    Tampering("a fill at another cost than reported", at_rest, _pay_more, "I1 I2 I4"),
    Tampering("a fill before its report", at_rest, add("fills", 0, "now_ns", -MS), "I2 I4 I7"),
    Tampering("a report that was not booked", at_rest, put("reports", 0, "filled_lots", 5), "I4"),
    Tampering("a change that knows lots nobody booked", at_rest, put("changes", 2, "filled_lots", 3), "I4"),
    Tampering("the venue filled more", at_rest, _venue_filled(0, 11), "I4 I15"),
    Tampering("the venue filled what was never booked", at_rest, _venue_filled(-1, 1), "I4 I15"),
    Tampering("an order in use knows more than its venue", halfway, _venue_filled(0, 3), "I1 I4 I15"),
    Tampering("ids of another session", at_rest, give(session_key=7), "I5"),
    Tampering("an id used twice", at_rest, _use_an_id_twice, "I3 I4 I5 I7 I8 I15"),
    Tampering("an attempt sent twice", at_rest, put("orders", 5, "attempt", 1), "I4 I5"),
    Tampering("an action numbered twice", at_rest, put("orders", 5, "sequence", 5), "I5"),
    Tampering("a cancel by another name", at_rest, put_where("orders", "action", Action.CANCEL, "attempt", 2), "I5"),
    Tampering("an order that ended otherwise than reported", at_rest, _end_otherwise, "I3"),
    Tampering("a fill under other terms", at_rest, add("fills", 0, "style", 1), "I4"),
    Tampering("a report from another market", at_rest, put("reports", 0, "venue", 1), "I4"),
    Tampering("a trade number left out", at_rest, _skip_a_number, "I5"),
    Tampering("an order sent before the last one ended", at_rest, _send_before_the_last_ended, "I5"),
    Tampering("an order at the venue that was never sent", at_rest, _know_a_stranger, "I5"),
    Tampering(
        "a cancel of an order never sent",
        at_rest,
        put_where("orders", "action", Action.CANCEL, "client_id", 99),
        "I5 I19",
    ),
    Tampering("two orders in use of one id", halfway, _share_an_id, "I1 I3 I5"),
    Tampering("an order that passed no list", at_rest, put("orders", 0, "approval", 0), "I18"),
    Tampering(
        "a reduction that passed as an entry",
        at_rest,
        put_where("orders", "purpose", Purpose.EXIT, "approval", 1),
        "I18",
    ),
    Tampering("an order at NaN", at_rest, put("orders", 0, "limit_px", np.nan), "I18"),
    Tampering("an order at 0", at_rest, put("orders", 0, "limit_px", 0.0), "I8 I18"),
    Tampering("an order without a limit", at_rest, put("orders", 0, "limit_px", np.inf), "I8 I18"),
    Tampering(
        "an order decided on no price",
        at_rest,
        put_where("orders", "purpose", Purpose.EXIT, "decision_px", np.nan),
        "I2 I18",
    ),
    Tampering(
        "an entry whose exposure nobody knew", at_rest, put("orders", 0, "worst_exposure_quote", np.nan), "I8 I18"
    ),
    Tampering("an approval left over", at_rest, set_state("approval", 1), "I18"),
    Tampering("approvals left over", at_rest, set_state("approvals_left", 1), "I18"),
    Tampering("refused less than never", at_rest, set_state("symbols", 0, "refusals", 12, -1), "I18"),
    Tampering("missed less than never", at_rest, set_state("symbols", 0, "missed", 12, -1), "I18"),
    Tampering("a cancel held back", at_rest, _hold_cancels_back, "I19"),
    Tampering(
        "a cancel that needed an approval", at_rest, put_where("orders", "action", Action.CANCEL, "approval", 3), "I19"
    ),
    Tampering("a cancel too late", at_rest, lambda p: p.configure(working_max_ms=4_999.0), "I19"),
    Tampering("a cancel never sent, in the state", in_doubt, set_state(*OTHER_ORDER, "canceling", 0), "I19"),
]
