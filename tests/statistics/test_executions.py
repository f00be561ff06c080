"""Orders and their fills: how they ended, how long they took, how far from the decision they were dealt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrage_core.domain.order import Action, OrderState, Purpose, Side
from arbitrage_core.engine.output import CHANGE_OUT, FILL_OUT, ORDER_OUT
from arbitrage_core.statistics.executions import Executions, execution_figures, outcome_figures, slippage_bps
from tests.statistics.logs import LEFT, RIGHT, Row, amount, records, session_log


def order(client_id: int, sent_ms: float, lots: int = 10, venue: int = LEFT, action: Action = Action.SUBMIT) -> Row:
    """A row of ORDER_OUT."""
    return {"client_id": client_id, "now_ns": round(sent_ms * 1e6), "lots": lots, "venue": venue, "action": action}


def fill(client_id: int, at_ms: float, lots: int = 10, venue: int = LEFT, **fields: object) -> Row:
    """A row of FILL_OUT."""
    return {"client_id": client_id, "now_ns": round(at_ms * 1e6), "lots": lots, "venue": venue, **fields}


ORDERS = (
    order(50, 0.0),
    order(20, 0.0, venue=RIGHT),
    order(20, 5.0, venue=RIGHT, action=Action.CANCEL),
    order(90, 100.0),
    order(70, 200.0, venue=RIGHT),
    order(10, 300.0),
)
FILLS = (
    fill(50, 20.0),  # whole, after 20 ms
    fill(20, 30.0, lots=4, venue=RIGHT),
    fill(20, 60.0, lots=3, venue=RIGHT),  # 7 of 10; the first after 30 ms
    fill(70, 210.0, lots=6, venue=RIGHT),
    fill(70, 220.0, lots=4, venue=RIGHT),  # whole in two parts, after 10 ms
    fill(60, 230.0),  # of an order this log does not know
)
NAMES = ("submitted", "with_fill", "partial", "partial_share")


def test_orders_are_joined_with_their_fills():
    whole, (left, right, far) = execution_figures(session_log(orders=ORDERS, fills=FILLS), 3)
    assert tuple(whole[name] for name in NAMES) == (5, 3, 1, 1 / 3)
    assert tuple(left[name] for name in NAMES) == (3, 1, 0, 0.0)
    assert tuple(right[name] for name in NAMES) == (2, 2, 1, 0.5)
    assert tuple(far[name] for name in NAMES) == (0, 0, 0, None)


def test_the_time_to_a_fill_is_that_of_the_first():
    whole, (left, right, far) = execution_figures(session_log(orders=ORDERS, fills=FILLS), 3)
    assert whole["to_fill_ms"] == pytest.approx(
        {"count": 3, "min": 10.0, "median": 20.0, "mean": 20.0, "p95": 29.0, "max": 30.0}, rel=1e-12
    )
    assert [part["to_fill_ms"]["mean"] for part in (left, right, far)] == [20.0, 20.0, None]


def test_an_order_without_a_fill_took_no_time():
    executions = Executions.of(records(ORDER_OUT, ORDERS), records(FILL_OUT, FILLS))
    assert executions.filled_lots.tolist() == [10, 7, 0, 10, 0]
    assert executions.to_fill_ns.tolist() == [20_000_000, 30_000_000, -1, 10_000_000, -1]


@pytest.mark.parametrize("orders, fills", [((), ()), (ORDERS, ()), ((), FILLS)], ids=["none", "no fill", "no order"])
def test_what_has_no_counterpart_has_no_fill(orders, fills):
    whole, _ = execution_figures(session_log(orders=orders, fills=fills), 1)
    assert (whole["submitted"], whole["with_fill"], whole["partial_share"]) == (5 if orders else 0, 0, None)
    assert whole["to_fill_ms"]["count"] == 0


def test_orders_are_counted_by_their_final_state_and_doubts_beside():
    ways = [
        (OrderState.NONE, OrderState.PENDING, LEFT),
        (OrderState.PENDING, OrderState.OPEN, LEFT),
        (OrderState.OPEN, OrderState.PARTIALLY_FILLED, LEFT),
        (OrderState.PARTIALLY_FILLED, OrderState.EXPIRED, LEFT),
        (OrderState.PENDING, OrderState.UNKNOWN, RIGHT),
        (OrderState.UNKNOWN, OrderState.FILLED, RIGHT),
        (OrderState.PENDING, OrderState.FILLED, RIGHT),
        (OrderState.PENDING, OrderState.REJECTED, LEFT),
        (OrderState.OPEN, OrderState.CANCELED, LEFT),
    ]
    changes = records(CHANGE_OUT, ({"before": before, "after": after, "venue": venue} for before, after, venue in ways))
    everything = {"UNKNOWN": 1, "FILLED": 2, "CANCELED": 1, "REJECTED": 1, "EXPIRED": 1}
    assert outcome_figures(changes) == everything
    whole, (left, right) = execution_figures(session_log(changes=changes), 2)
    assert whole["outcomes"] == everything
    assert left["outcomes"] == {"UNKNOWN": 0, "FILLED": 0, "CANCELED": 1, "REJECTED": 1, "EXPIRED": 1}
    assert right["outcomes"] == {"UNKNOWN": 1, "FILLED": 2, "CANCELED": 0, "REJECTED": 0, "EXPIRED": 0}


def dealt(side: Side, decided: float, slippage: float, purpose: Purpose = Purpose.ENTRY, venue: int = LEFT) -> Row:
    """A fill that was decided for so much money and dealt worse by `slippage`."""
    cash = -(decided + slippage) if side == Side.BUY else decided - slippage
    booked = {"cash_reporting_amount": amount(cash), "slippage_amount": amount(slippage)}
    return {**booked, "side": side, "purpose": purpose, "venue": venue}


@pytest.mark.parametrize(
    "rows, bps",
    [
        ((), None),
        ((dealt(Side.BUY, 100.0, 0.5),), 50.0),
        ((dealt(Side.SELL, 100.0, 0.5),), 50.0),
        ((dealt(Side.SELL, 100.0, -0.5),), -50.0),
        ((dealt(Side.BUY, 300.0, 0.5), dealt(Side.SELL, 100.0, 0.5)), 25.0),
        ((dealt(Side.BUY, 100.0, 0.5), dealt(Side.SELL, 100.0, -0.5)), 0.0),
    ],
)
def test_slippage_is_measured_at_the_decision_price(rows: tuple[Row, ...], bps: float | None):
    assert slippage_bps(records(FILL_OUT, rows)) == pytest.approx(bps)


def test_slippage_is_told_by_purpose_and_venue():
    fills = (
        dealt(Side.BUY, 100.0, 0.1),
        dealt(Side.SELL, 100.0, 0.3, Purpose.EXIT, RIGHT),
        dealt(Side.SELL, 100.0, 0.8, Purpose.REVERSE),
    )
    whole, (left, right) = execution_figures(session_log(fills=fills), 2)
    assert whole["slippage_bps"] == pytest.approx(
        {"all": 40.0, "ENTRY": 10.0, "COMPLETE": None, "EXIT": 30.0, "REVERSE": 80.0}
    )
    assert left["slippage_bps"] == pytest.approx(
        {"all": 45.0, "ENTRY": 10.0, "COMPLETE": None, "EXIT": None, "REVERSE": 80.0}
    )
    assert right["slippage_bps"]["all"] == pytest.approx(30.0)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9), st.integers(0, 50)), max_size=30))
def test_the_join_equals_a_search_one_by_one(parts: list[tuple[int, int, int]]):
    orders = [order(client_id, 0.0, lots=20) for client_id in (2, 0, 1)]
    fills = [fill(client_id, at, lots=lots) for client_id, lots, at in sorted(parts, key=lambda part: part[2])]
    found, _ = execution_figures(session_log(orders=orders, fills=fills), 1)
    filled = {i: sum(lots for client_id, lots, _ in parts if client_id == i) for i in range(3)}
    firsts = [min(at for client_id, _, at in parts if client_id == i) for i in range(3) if filled[i]]
    assert found["with_fill"] == len(firsts)
    assert found["partial"] == sum(0 < lots < 20 for lots in filled.values())
    assert found["to_fill_ms"]["max"] == (max(firsts) if firsts else None)
    assert found["to_fill_ms"]["min"] == (min(firsts) if firsts else None)
