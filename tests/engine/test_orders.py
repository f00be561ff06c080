"""What an order is from its preparation to its doubt: what each step writes to the state and to the outbox."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

from arbitrage_core.domain.identity import client_order_id
from arbitrage_core.domain.order import LEGAL_CHANGES, NO_LIMIT_PX, Action, OrderState, OrderStyle, Purpose
from arbitrage_core.domain.record import one
from arbitrage_core.domain.row import RowKind, row_dtype
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine import orders
from arbitrage_core.engine.state import NEVER_NS, RATE_RING_SLOTS, Approval, Fault
from tests.engine.bench import Bench, plain, quiet
from tests.engine.small_market import EAST, KEY, MS, WEST, small_config
from tests.engine.written import Written, written

BUY, SELL = 1, -1
SYMBOL, TRADE = "symbols.0.", "symbols.0.trades.1."
LEG, ORDER = f"{TRADE}legs.1.", f"{TRADE}legs.1.order.0."
CONFIG = small_config(working_max_ms=900.0, answer_timeout_ms=200.0, slippage_bound_bps=5.0, session={"levels": 2})
AFTER_MS = 200 * MS


@pytest.fixture(autouse=True)
def _quiet_arithmetic() -> Iterator[None]:
    with quiet():
        yield


class Desk(Bench):
    """The second slot's trade, number 9, sells at west; its leg's order was prepared once before. Books differ."""

    def __init__(self, config: SessionConfig = CONFIG) -> None:
        super().__init__(config)
        self.trade = self.symbol.trades[1]
        self.trade.number, self.trade.phase = 9, 1
        for leg, venue, side in zip(self.trade.legs, (EAST, WEST), (BUY, SELL), strict=True):
            leg["venue"], leg["side"], leg["attempts"] = venue, side, 4
        self.quote(EAST, 99.0, 99.5)
        self.quote(WEST, 100.5, 101.0)
        self.symbol.books[EAST].received_ns, self.symbol.books[WEST].received_ns = self.now_ns - 11, self.now_ns - 13
        self.symbol.sequence, self.symbol.exposure_lots[WEST], self.symbol.exposure_lots[EAST] = 40, 3, 4
        self.state.venues[WEST].sent_count = 2 * RATE_RING_SLOTS + 5
        self.state.venues[WEST].reserved_amounts[0] = 1_000
        self.out.order_count = self.out.written = self.out.change_count = 6

    @property
    def order(self) -> Any:
        """The order of the sold leg."""
        return self.trade.legs[1].order[0]

    def prepare(self, purpose: Purpose, style: OrderStyle = OrderStyle.IOC, limit_px: float = 100.25) -> Written:
        """Prepares a sale of ten lots at west, decided at 100.5."""
        order = self.order
        order.filled_lots = order.cost_amount = order.fee_amount = order.queries = order.canceling = 1
        order.state = OrderState.EXPIRED
        with written(self.state_array) as changes:
            call = (self.state, self.params, 0, self.trade, 1)
            plain(orders.prepare)(*call, SELL, style, purpose, 10, limit_px, 100.5)
        return changes

    def send(self, approvals: int = 1, approval: Approval = Approval.ENTRY, stale: int = 0) -> Written:
        """Sends the prepared order."""
        self.state.approval, self.state.approvals_left = approval, approvals
        with written(self.state_array) as changes:
            plain(orders.send)(self.state, self.params, self.out, 0, self.trade, 1, self.now_ns, stale)
        return changes

    def call(self, function: Any) -> Written:
        """What `doubt` or `cancel` of the order writes."""
        with written(self.state_array) as changes:
            plain(function)(self.state, self.params, self.out, 0, self.trade, 1, self.now_ns)
        return changes

    @property
    def sent(self) -> dict[str, float]:
        """The last action of the outbox, by field."""
        entry = self.out.orders[self.out.order_count - 1]
        return {name: entry[name].item() for name in entry.dtype.names}


def actions(desk: Desk) -> int:
    """How many actions were written since the desk was made."""
    assert int(desk.out.order_count) - 6 + int(desk.out.change_count) - 6 == int(desk.out.written) - 6
    return int(desk.out.order_count) - 6


# --------------------------------------------------------------------------------------------------------- preparation


@pytest.mark.parametrize(
    "side, limit_px, expected",
    [
        (BUY, 101.0, 101.0),
        (BUY, 99.0, 99.0),
        (SELL, 101.0, 101.0),
        (SELL, 99.0, 100.0),
        (BUY, NO_LIMIT_PX, 100.0 * (1.0 + 5.0 * 1e-4)),
        (SELL, NO_LIMIT_PX, 100.0),
        (BUY, 5e-324, 5e-324),
        (BUY, 0.5, 0.5),
    ],
)
def test_an_order_is_reckoned_at_the_worst_price_it_may_be_filled_at(
    side: int, limit_px: float, expected: float
) -> None:
    assert plain(orders.worst_px_of)(side, limit_px, 100.0, 5.0) == expected


@pytest.mark.parametrize("purpose", Purpose, ids=lambda purpose: purpose.name)
def test_a_preparation_writes_the_whole_order_and_holds_for_one_that_opens(purpose: Purpose) -> None:
    """10 lots of 0.01 at the touch of 100.5, of which a perpetual's margin is held."""
    desk = Desk()
    identity = client_order_id(KEY, desk.terms.key, 9, 1, 5)
    changes = desk.prepare(purpose)
    held = {}
    if purpose in (Purpose.ENTRY, Purpose.COMPLETE):
        amount = 201_000_001  # a fifth of 10.05 as a float, rounded up
        names = (f"{ORDER}reserved_amount", f"{ORDER}reserved_full_amount", "venues.1.reserved_amounts.0")
        held = {f"{SYMBOL}exposure_lots.1": 10, **dict.fromkeys(names, amount)}
    assert changes == {
        **held,
        f"{LEG}attempts": 1,
        f"{ORDER}client_id": identity,
        f"{ORDER}lots": 10,
        **{f"{ORDER}{name}": -1 for name in ("filled_lots", "cost_amount", "fee_amount", "queries", "canceling")},
        f"{ORDER}side": SELL,
        **({f"{ORDER}purpose": purpose} if purpose else {}),
        f"{ORDER}limit_px": 100.25,
        f"{ORDER}decision_px": 100.5,
        f"{ORDER}worst_px": 100.5,
        f"{ORDER}state": -OrderState.EXPIRED,
    }


# ------------------------------------------------------------------------------------------------------------- sending


@pytest.mark.parametrize("style", OrderStyle, ids=lambda style: style.name)
def test_a_submit_waits_for_its_answer_and_a_resting_order_for_its_end(style: OrderStyle) -> None:
    desk = Desk()
    desk.prepare(Purpose.ENTRY, style)
    changes = desk.send()
    rests = style in (OrderStyle.GTC, OrderStyle.POST_ONLY)
    assert changes == {
        f"{ORDER}sent_ns": desk.now_ns,
        f"{ORDER}due_ns": desk.now_ns + AFTER_MS,
        f"{ORDER}cancel_ns": desk.now_ns + 900 * MS if rests else NEVER_NS,
        f"{ORDER}state": OrderState.PENDING,
        "venues.1.sent_ns.5": desk.now_ns,
        "venues.1.sent_count": 1,
        f"{SYMBOL}sequence": 1,
        "approval": -Approval.ENTRY,
        "approvals_left": -1,
    }
    assert actions(desk) == 1


def test_the_outbox_tells_all_of_an_entry_with_both_books_and_the_worst_exposure() -> None:
    """17 lots of 0.01 stand or work on both venues together; at 100.5 and a rate of 2 they are 34.17."""
    desk = Desk()
    desk.prepare(Purpose.ENTRY, OrderStyle.GTC)
    desk.symbol.rates[WEST] = 2.0
    desk.send(stale=1)
    assert desk.sent == {
        "now_ns": desk.now_ns,
        "client_id": int(desk.order.client_id),
        "trade": 9,
        "attempt": 5,
        "lots": 10,
        "limit_px": 100.25,
        "decision_px": 100.5,
        "sequence": 41,
        "approval": Approval.ENTRY,
        "stale": 1,
        "buy_received_ns": desk.now_ns - 11,
        "buy_bid_px": 99.0,
        "buy_ask_px": 99.5,
        "sell_received_ns": desk.now_ns - 13,
        "sell_bid_px": 100.5,
        "sell_ask_px": 101.0,
        "action": Action.SUBMIT,
        "symbol": 0,
        "venue": WEST,
        "leg": 1,
        "side": SELL,
        "style": OrderStyle.GTC,
        "purpose": Purpose.ENTRY,
        "worst_exposure_quote": pytest.approx(17 * 0.01 * 100.5 * 2.0, rel=1e-15),
    }
    assert int(desk.trade.stale) == 1


@pytest.mark.parametrize("purpose", Purpose, ids=lambda purpose: purpose.name)
@pytest.mark.parametrize("leg_index", [0, 1])
def test_an_entry_cites_both_books_another_submit_its_own(purpose: Purpose, leg_index: int) -> None:
    desk = Desk()
    leg = desk.trade.legs[leg_index]
    leg.order[0].purpose, leg.order[0].worst_px = purpose, 100.0
    desk.state.approval, desk.state.approvals_left = Approval.REDUCE, 1
    desk.out.orders[6].buy_ask_px = desk.out.orders[6].sell_bid_px = desk.out.orders[6].worst_exposure_quote = 7.0
    plain(orders.send)(desk.state, desk.params, desk.out, 0, desk.trade, leg_index, desk.now_ns, 0)
    entry, both = desk.sent, purpose == Purpose.ENTRY
    bought = (desk.now_ns - 11, 99.0, 99.5) if both or leg_index == 0 else (0, 0.0, 0.0)
    sold = (desk.now_ns - 13, 100.5, 101.0) if both or leg_index == 1 else (0, 0.0, 0.0)
    assert (entry["buy_received_ns"], entry["buy_bid_px"], entry["buy_ask_px"]) == bought
    assert (entry["sell_received_ns"], entry["sell_bid_px"], entry["sell_ask_px"]) == sold
    exposure = 7.0 if purpose in (Purpose.ENTRY, Purpose.COMPLETE) else 0.0
    assert entry["worst_exposure_quote"] == pytest.approx(exposure)


@pytest.mark.parametrize("function, action", [(orders.doubt, Action.QUERY), (orders.cancel, Action.CANCEL)])
def test_a_query_and_a_cancel_cite_no_book_and_no_approval(function: Any, action: Action) -> None:
    desk = Desk()
    desk.prepare(Purpose.ENTRY)
    desk.send()
    desk.out.orders[7].buy_bid_px = desk.out.orders[7].sell_bid_px = 7.0
    desk.out.orders[7].stale = desk.out.orders[7].approval = desk.out.orders[7].worst_exposure_quote = 1
    desk.call(function)
    entry = desk.sent
    nothing = [name for name in entry if name.startswith(("buy_", "sell_")) or name in ("stale", "approval")]
    assert {entry[name] for name in (*nothing, "worst_exposure_quote")} == {0}
    assert (entry["action"], entry["sequence"], entry["client_id"]) == (action, 42, int(desk.order.client_id))


@pytest.mark.parametrize(
    "approvals, approval, passes",
    [
        (2, Approval.ENTRY, True),
        (1, Approval.REDUCE, True),
        (0, Approval.ENTRY, False),
        (-1, Approval.ENTRY, False),
        (1, Approval.NONE, False),
    ],
)
def test_a_send_uses_one_approval_and_the_last_one_ends_it(approvals: int, approval: Approval, passes: bool) -> None:
    desk = Desk()
    desk.prepare(Purpose.EXIT)
    changes = desk.send(approvals, approval)
    assert actions(desk) == int(passes)
    assert int(desk.state.fault) == (Fault.NONE if passes else Fault.ORDER_MUST_BE_APPROVED)
    if passes:
        assert int(desk.state.approvals_left) == approvals - 1
        assert int(desk.state.approval) == (approval if approvals > 1 else Approval.NONE)
    else:
        assert set(changes) <= {"fault", "phase", "restless"}


def test_an_order_decided_on_fresh_books_is_not_marked() -> None:
    desk = Desk()
    desk.prepare(Purpose.EXIT)
    desk.send(stale=int(orders.FRESH))
    assert desk.sent["stale"] == int(desk.trade.stale) == 0


@pytest.mark.parametrize("before, stale, after", [(0, 0, 0), (0, 1, 1), (1, 0, 1)])
def test_a_trade_that_once_acted_on_an_old_book_stays_marked(before: int, stale: int, after: int) -> None:
    desk = Desk()
    desk.prepare(Purpose.EXIT)
    desk.trade.stale = before
    desk.send(stale=stale)
    assert int(desk.trade.stale) == after


# ------------------------------------------------------------------------------------------------------------- finding


@pytest.mark.parametrize(
    "client_id, found", [(11, (1, 0)), (12, (1, 1)), (21, (3, 0)), (22, (3, 1)), (31, (-1, -1)), (0, (-1, -1))]
)
def test_an_order_is_found_by_its_id_in_slots_in_use(client_id: int, found: tuple[int, int]) -> None:
    desk = Desk(small_config(max_open_trades=4))
    for slot, (phase, ids) in enumerate([(0, (31, 32)), (1, (11, 12)), (0, (0, 0)), (7, (21, 22))]):
        trade = desk.symbol.trades[slot]
        trade.phase = phase
        trade.legs[0].order[0].client_id, trade.legs[1].order[0].client_id = ids
    assert plain(orders.find_order)(desk.symbol, client_id) == found


@pytest.mark.parametrize("state", OrderState, ids=lambda state: state.name)
def test_an_order_works_from_its_send_to_its_end(state: OrderState) -> None:
    works = OrderState.PENDING <= state <= OrderState.UNKNOWN
    for leg_index in (0, 1):
        desk = Desk()
        assert not plain(orders.any_working)(desk.trade)
        desk.trade.legs[leg_index].order[0].state = state
        assert plain(orders.any_working)(desk.trade) == works
        assert plain(orders.is_working)(desk.trade.legs[leg_index].order[0]) == works


# ------------------------------------------------------------------------------------------------- answers and doubts


def report(desk: Desk, status: OrderState) -> Written:
    """What a report of the order, without a fill, writes."""
    row = one(row_dtype(2))[0]
    row.kind, row.now_ns, row.status, row.filled_lots = RowKind.REPORT, desk.now_ns, status, desk.order.filled_lots
    with written(desk.state_array) as changes:
        plain(orders.apply_report)(desk.state, desk.params, desk.out, row, desk.trade, 1)
    return changes


@pytest.mark.parametrize("status", [state for state in OrderState if state >= OrderState.FILLED], ids=str)
def test_an_order_that_ended_waits_for_nothing_and_holds_nothing(status: OrderState) -> None:
    desk = Desk()
    desk.prepare(Purpose.ENTRY, OrderStyle.GTC)
    held_amount = int(desk.order.reserved_amount)
    desk.send()
    assert report(desk, status) == {
        f"{ORDER}state": status - OrderState.PENDING,
        f"{ORDER}due_ns": NEVER_NS - desk.now_ns - AFTER_MS,
        f"{ORDER}cancel_ns": NEVER_NS - desk.now_ns - 900 * MS,
        f"{ORDER}reserved_amount": -held_amount,
        "venues.1.reserved_amounts.0": -held_amount,
        f"{SYMBOL}exposure_lots.1": -10,
    }


@pytest.mark.parametrize("canceling", [0, 1])
@pytest.mark.parametrize("before", [OrderState.PENDING, OrderState.OPEN], ids=str)
def test_a_resting_order_told_to_be_open_is_left_in_peace_unless_it_is_to_end(
    before: OrderState, canceling: int
) -> None:
    desk = Desk()
    desk.order.style, desk.order.state, desk.order.due_ns, desk.order.queries = OrderStyle.GTC, before, 5, 2
    desk.order.canceling = canceling
    assert report(desk, OrderState.OPEN) == {
        **({f"{ORDER}state": 1} if before == OrderState.PENDING else {}),
        **({} if canceling else {f"{ORDER}due_ns": NEVER_NS - 5, f"{ORDER}queries": -2}),
    }


@pytest.mark.parametrize("style", OrderStyle, ids=lambda style: style.name)
def test_a_resting_order_that_answered_is_left_in_peace(style: OrderStyle) -> None:
    desk = Desk()
    desk.order.style, desk.order.due_ns, desk.order.queries = style, 5, 2
    with written(desk.state_array) as changes:
        plain(orders.acknowledged)(desk.params, 0, desk.order)
    rests = style in (OrderStyle.GTC, OrderStyle.POST_ONLY)
    assert changes == ({f"{ORDER}due_ns": NEVER_NS - 5, f"{ORDER}queries": -2} if rests else {})


def test_a_doubted_order_is_asked_about_ever_more_seldom_and_then_flagged() -> None:
    desk = Desk()
    desk.prepare(Purpose.ENTRY)
    desk.send()
    waits = []
    for _ in range(8):
        desk.call(orders.doubt)
        waits.append((int(desk.order.due_ns) - desk.now_ns) // AFTER_MS)
        desk.now_ns = int(desk.order.due_ns)
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256]
    assert actions(desk) == 9
    assert int(desk.symbol.doubts[WEST]) == 1
    assert int(desk.trade.flagged) == 0
    changes = desk.call(orders.doubt)
    assert changes == {f"{ORDER}due_ns": NEVER_NS - desk.now_ns, f"{TRADE}flagged": 1}
    assert actions(desk) == 9


def test_the_first_doubt_is_noted_and_counted_against_its_market() -> None:
    desk = Desk()
    desk.prepare(Purpose.ENTRY)
    desk.send()
    changes = desk.call(orders.doubt)
    assert changes == {
        f"{ORDER}state": OrderState.UNKNOWN - OrderState.PENDING,
        f"{ORDER}due_ns": AFTER_MS,
        f"{ORDER}queries": 1,
        f"{SYMBOL}doubts.1": 1,
        f"{SYMBOL}sequence": 1,
    }
    change = desk.out.changes[7]
    noted = [change[name].item() for name in ("client_id", "symbol", "venue", "before", "after", "now_ns")]
    assert noted == [int(desk.order.client_id), 0, WEST, OrderState.PENDING, OrderState.UNKNOWN, desk.now_ns]


@pytest.mark.parametrize(
    "state, canceling, anew", [(OrderState.OPEN, 0, True), (OrderState.OPEN, 1, False), (OrderState.UNKNOWN, 0, False)]
)
def test_a_cancel_is_asked_for_again_and_its_answer_awaited_from_the_first_time(
    state: OrderState, canceling: int, anew: bool
) -> None:
    desk = Desk()
    desk.order.state, desk.order.canceling, desk.order.queries, desk.order.due_ns = state, canceling, 3, desk.now_ns
    changes = desk.call(orders.cancel)
    assert changes == {
        f"{ORDER}cancel_ns": desk.now_ns + AFTER_MS,
        **({f"{ORDER}due_ns": AFTER_MS, f"{ORDER}queries": -3} if anew else {}),
        **({} if canceling else {f"{ORDER}canceling": 1}),
        f"{SYMBOL}sequence": 1,
    }
    assert actions(desk) == 1


# ------------------------------------------------------------------------------------------------------- state changes


@pytest.mark.parametrize("before, after", list(product(OrderState, OrderState)))
def test_doubts_are_counted_by_the_orders_in_doubt(before: OrderState, after: OrderState) -> None:
    """Legal changes are made, noted and counted, the same state changes nothing, all others break an invariant."""
    desk = Desk()
    desk.order.state, desk.symbol.doubts[WEST] = before, 3
    call = (desk.state, desk.symbol, desk.out, 0, WEST, desk.order, np.int64(after), desk.now_ns)
    plain(orders.change_state)(*call)
    legal = after in LEGAL_CHANGES[before]
    assert int(desk.order.state) == (after if legal else before)
    assert int(desk.out.change_count) - 6 == int(legal)
    moved = (int(after == OrderState.UNKNOWN) - int(before == OrderState.UNKNOWN)) if legal else 0
    assert int(desk.symbol.doubts[WEST]) - 3 == moved
    assert (int(desk.state.fault) != Fault.NONE) == (not legal and before != after)
