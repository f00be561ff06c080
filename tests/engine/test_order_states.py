"""Reports and what they make of an order: fills are booked once, states only move forward, in any order."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from arbitrage_core.domain.order import LEGAL_CHANGES, OrderState, OrderStyle, Purpose
from arbitrage_core.domain.record import one
from arbitrage_core.domain.row import RowKind, row_dtype
from arbitrage_core.engine import orders
from arbitrage_core.engine.output import output_dtype
from arbitrage_core.engine.state import Approval, Fault
from tests.engine.bench import Bench, plain, quiet

NONE, PENDING, OPEN, PARTIAL = OrderState.NONE, OrderState.PENDING, OrderState.OPEN, OrderState.PARTIALLY_FILLED
UNKNOWN, FILLED, CANCELED = OrderState.UNKNOWN, OrderState.FILLED, OrderState.CANCELED
REJECTED, EXPIRED = OrderState.REJECTED, OrderState.EXPIRED
LOTS, PX = 10, 100.0


@pytest.fixture(autouse=True)
def _quiet_arithmetic() -> Iterator[None]:
    with quiet():
        yield


class Desk(Bench):
    """A bench with one purchase of ten lots sent and on its way."""

    def __init__(self) -> None:
        super().__init__()
        self.output = one(output_dtype(1))
        self.out = self.output[0]
        self.trade = self.symbol.trades[0]
        self.trade.number, self.trade.phase = 1, 1
        self.trade.legs[1].venue, self.trade.legs[0].side, self.trade.legs[1].side = 1, 1, -1
        self.trade.incident_began_ns = self.trade.imbalance_ns = np.iinfo(np.int64).max
        call = (self.state, self.params)
        plain(orders.prepare)(*call, 0, self.trade, 0, 1, OrderStyle.IOC, Purpose.ENTRY, LOTS, PX, PX)
        self.state.approval, self.state.approvals_left = Approval.ENTRY, 1
        plain(orders.send)(*call, self.out, 0, self.trade, 0, self.now_ns, 0)

    @property
    def order(self) -> Any:
        """The order under test."""
        return self.trade.legs[0].order[0]

    def report(self, status: int, filled_lots: int, fee: float = 0.0) -> None:
        """Applies a report of the order."""
        row = np.zeros(1, row_dtype(1))[0]
        row.kind, row.now_ns, row.status, row.client_id = RowKind.REPORT, self.now_ns, status, self.order.client_id
        row.filled_lots, row.cost_quote, row.fee = filled_lots, filled_lots * 0.01 * PX, fee
        plain(orders.apply_report)(self.state, self.params, self.out, row, self.trade, 0)

    @property
    def changes(self) -> list[OrderState]:
        """The states the order went through, as noted."""
        return [OrderState(int(state)) for state in self.out.changes["after"][: self.out.change_count]]

    @property
    def fills(self) -> list[int]:
        """The lots booked, one by one."""
        return self.out.fills["lots"][: self.out.fill_count].tolist()


STORIES = [
    ("it fills at once", [(OPEN, 0), (FILLED, 10)], [OPEN, FILLED], [10]),
    ("it fills in parts", [(OPEN, 0), (PARTIAL, 4), (PARTIAL, 7), (FILLED, 10)], [OPEN, PARTIAL, FILLED], [4, 3, 3]),
    ("it expires with a rest", [(OPEN, 0), (PARTIAL, 4), (EXPIRED, 4)], [OPEN, PARTIAL, EXPIRED], [4]),
    ("it is rejected", [(REJECTED, 0)], [REJECTED], []),
    ("the end comes first", [(FILLED, 10), (PARTIAL, 4), (OPEN, 0)], [FILLED], [10]),
    ("every report comes twice", [(OPEN, 0), (OPEN, 0), (PARTIAL, 4), (PARTIAL, 4), (EXPIRED, 4), (EXPIRED, 4)],
     [OPEN, PARTIAL, EXPIRED], [4]),
    ("parts come reordered", [(OPEN, 0), (PARTIAL, 7), (PARTIAL, 4), (FILLED, 10)], [OPEN, PARTIAL, FILLED], [7, 3]),
    ("acknowledged after a fill", [(PARTIAL, 4), (OPEN, 0), (EXPIRED, 4)], [PARTIAL, EXPIRED], [4]),
    ("a fill after the cancel", [(OPEN, 0), (CANCELED, 0), (PARTIAL, 4)], [OPEN, CANCELED], [4]),
    ("a second end", [(OPEN, 0), (CANCELED, 4), (FILLED, 10)], [OPEN, CANCELED], [4, 6]),
    ("doubted, answered", [(OPEN, 0), ("doubt", 0), (PARTIAL, 4), (EXPIRED, 4)], [OPEN, UNKNOWN, PARTIAL, EXPIRED],
     [4]),
    ("in doubt, and it never came", [("doubt", 0), (REJECTED, 0)], [UNKNOWN, REJECTED], []),
    ("in doubt, and pending is no answer", [("doubt", 0), (PENDING, 0), (OPEN, 0)], [UNKNOWN, OPEN], []),
    ("nobody knows", [(OPEN, 0), (UNKNOWN, 0), (NONE, 0)], [OPEN], []),
    ("a smaller figure", [(PARTIAL, 7), (EXPIRED, 4)], [PARTIAL, EXPIRED], [7]),
]  # fmt: skip


@pytest.mark.parametrize("name, told, states, fills", STORIES, ids=[story[0] for story in STORIES])
def test_reports_move_an_order_forward_and_book_each_lot_once(
    name: str, told: list[tuple[Any, int]], states: list[OrderState], fills: list[int]
) -> None:
    desk = Desk()
    for status, filled_lots in told:
        if status == "doubt":
            plain(orders.doubt)(desk.state, desk.params, desk.out, 0, desk.trade, 0, desk.now_ns)
        else:
            desk.report(status, filled_lots)
    assert desk.changes == [PENDING, *states]
    assert desk.fills == fills
    assert int(desk.symbol.position_lots[0]) == int(desk.trade.legs[0].lots) == sum(fills)
    assert int(desk.state.venues[0].cash_amounts[0]) == 5_000 * 10**8 - sum(fills) * 10**8
    assert int(desk.symbol.doubts[0]) == (1 if states[-1] == UNKNOWN else 0)
    assert int(desk.state.fault) == Fault.NONE


def test_a_late_fee_is_booked_with_the_next_fill_only() -> None:
    desk = Desk()
    desk.report(PARTIAL, 4, fee=0.04)
    desk.report(PARTIAL, 4, fee=0.05)
    assert int(desk.trade.fees_amount) == 4_000_000
    desk.report(FILLED, 10, fee=0.10)
    assert int(desk.trade.fees_amount) == 10_000_000


@pytest.mark.parametrize("filled_lots, fault", [(10, Fault.NONE), (11, Fault.FILL_MUST_NOT_EXCEED_ORDER)])
def test_a_fill_beyond_the_order_breaks_an_invariant(filled_lots: int, fault: Fault) -> None:
    desk = Desk()
    desk.report(FILLED, filled_lots)
    assert int(desk.state.fault) == fault
    assert desk.fills == ([] if fault else [10])


@pytest.mark.parametrize("cost", [float("nan"), float("inf"), 1e9])
def test_a_cost_that_is_no_amount_breaks_an_invariant(cost: float) -> None:
    desk = Desk()
    row = np.zeros(1, row_dtype(1))[0]
    row.kind, row.now_ns, row.status, row.filled_lots, row.cost_quote = RowKind.REPORT, desk.now_ns, FILLED, 10, cost
    plain(orders.apply_report)(desk.state, desk.params, desk.out, row, desk.trade, 0)
    assert int(desk.state.fault) == Fault.AMOUNT_MUST_BE_FINITE


@pytest.mark.parametrize("before", [state for state in OrderState if state != NONE], ids=lambda state: state.name)
@pytest.mark.parametrize("told", OrderState, ids=lambda state: state.name)
def test_a_report_makes_a_legal_change_or_none(before: OrderState, told: OrderState) -> None:
    """UNKNOWN is our own doubt, NONE and PENDING no answer: told by a venue they change nothing."""
    desk = Desk()
    desk.order.state, desk.symbol.doubts[0], desk.out.change_count = before, int(before == UNKNOWN), 0
    desk.report(told, 0)
    changes = told in LEGAL_CHANGES[before] and told not in (UNKNOWN, NONE, PENDING)
    assert desk.changes == ([told] if changes else [])
    assert int(desk.order.state) == (told if changes else before)
    assert int(desk.state.fault) == Fault.NONE


@pytest.mark.parametrize("before", [FILLED, CANCELED, REJECTED, EXPIRED], ids=lambda state: state.name)
def test_leaving_a_final_state_breaks_an_invariant(before: OrderState) -> None:
    desk = Desk()
    desk.order.state, desk.out.change_count = before, 0
    plain(orders.change_state)(desk.state, desk.symbol, desk.out, 0, 0, desk.order, np.int64(OPEN), desk.now_ns)
    assert (int(desk.order.state), desk.changes) == (before, [])
    assert int(desk.state.fault) == Fault.ORDER_STATE_CHANGE_MUST_BE_LEGAL


def test_nothing_is_sent_without_an_approval_and_each_is_used_once() -> None:
    desk = Desk()
    desk.report(REJECTED, 0)
    plain(orders.prepare)(desk.state, desk.params, 0, desk.trade, 0, 1, OrderStyle.IOC, Purpose.ENTRY, LOTS, PX, PX)
    sent_before = int(desk.out.order_count)
    plain(orders.send)(desk.state, desk.params, desk.out, 0, desk.trade, 0, desk.now_ns, 0)
    assert int(desk.out.order_count) == sent_before
    assert int(desk.state.fault) == Fault.ORDER_MUST_BE_APPROVED
