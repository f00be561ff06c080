"""The ledger's bookings one by one: what each writes, to the unit, and that it writes nothing else."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from arbitrage_core.domain.order import Purpose
from arbitrage_core.domain.record import one
from arbitrage_core.domain.row import RowKind, row_dtype
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine import ledger
from arbitrage_core.engine.state import NEVER_NS, Fault, SessionPhase
from tests.engine.bench import Bench, plain, quiet
from tests.engine.small_market import EAST, WEST, small_config
from tests.engine.written import Written, written

BUY, SELL = 1, -1
S = 1_000_000_000
SYMBOL, TRADE = "symbols.0.", "symbols.0.trades.0."
FEE_RATE, QUOTE_RATE = 310.5, 0.00075


@pytest.fixture(autouse=True)
def _quiet_arithmetic() -> Iterator[None]:
    with quiet():
        yield


class Desk(Bench):
    """A bench whose sums are all under way: a purchase of 30 lots at east, a sale of 20 at west, in the first trade."""

    def __init__(self, config: SessionConfig | None = None) -> None:
        super().__init__(config)
        self.trade = self.symbol.trades[0]
        self.trade.number, self.trade.phase = 3, 1
        self.trade.measured_ns, self.trade.imbalance_ns = self.now_ns - 7 * S, NEVER_NS
        self.trade.unhedged_quote_s = 5.0
        for leg, venue, side, lots in zip(self.trade.legs, (EAST, WEST), (BUY, SELL), (30, 20), strict=True):
            leg["venue"], leg["side"], leg["lots"], leg["opened_lots"] = venue, side, lots, lots + 7
            leg["basis_amount"], leg["decision_px"] = -side * 1_001, 100.0 if side == BUY else 101.0
            leg["opened_cost_amount"], leg["opened_reporting_amount"] = 1_013, 1_019
        for sums in (self.state, self.symbol, self.trade):
            sums.realised_amount, sums.fees_amount = 100_003, 100_019
        self.trade.funding_amount = 100_043
        self.state.venues["realised_amount"] = 100_057
        self.state.venues["cash_amounts"][:] = 10**9 + 7
        self.state.venues["basis_amounts"][:] = 10**9 + 9

    def wrote(self, function: Any, *arguments: Any) -> Written:
        """What a call wrote to the state."""
        with written(self.state_array) as changes:
            plain(function)(*arguments)
        return changes


def foreign() -> Desk:
    """A desk whose markets are quoted in KRW, in units of 1e-4, and take their fees in BNB."""
    desk = Desk(small_config(market={"quote_currency": "KRW", "fee_currency": "BNB"}))
    market = desk.terms.markets[EAST]
    assert {int(market.quote), int(market.fee_currency)} == {1, 2}
    desk.state.rates[market.quote], desk.state.rates[market.fee_currency] = QUOTE_RATE, FEE_RATE
    return desk


def realised(amount: int, venue: int = EAST) -> Written:
    """The four sums that realised PnL goes to."""
    names = ("realised_amount", f"{SYMBOL}realised_amount", f"{TRADE}realised_amount")
    return dict.fromkeys((*names, f"venues.{venue}.realised_amount"), amount)


def cash_of(venue: int, amount: int) -> Written:
    """Cash of the reporting currency that moved at a venue."""
    return {f"venues.{venue}.{field}.0": amount for field in ("cash_amounts", "basis_amounts")}


# -------------------------------------------------------------------------------------------------- faults and amounts


def test_the_first_fault_is_kept_and_nothing_is_decided_any_more() -> None:
    desk = Desk()
    desk.state.restless = 0
    changes = desk.wrote(ledger.break_off, desk.state, Fault.EVENTS_MUST_BE_BOUNDED)
    assert changes == {"fault": Fault.EVENTS_MUST_BE_BOUNDED, "phase": SessionPhase.HALTED, "restless": 1}
    desk.state.phase = SessionPhase.ACTIVE
    assert desk.wrote(ledger.break_off, desk.state, Fault.TIME_MUST_NOT_RUN_BACK) == {"phase": SessionPhase.HALTED}


@pytest.mark.parametrize(
    "value, unit, amount, fault",
    [
        (1.5, 0.5, 3, Fault.NONE),
        (-1.25, 0.5, -2, Fault.NONE),
        (float("nan"), 1.0, 0, Fault.AMOUNT_MUST_BE_FINITE),
        (2.0**53, 1.0, 0, Fault.AMOUNT_MUST_BE_FINITE),
    ],
)
def test_what_has_no_amount_books_nothing_and_breaks_an_invariant(
    value: float, unit: float, amount: int, fault: Fault
) -> None:
    desk = Desk()
    assert plain(ledger.booked)(desk.state, value, unit) == amount
    assert int(desk.state.fault) == fault


@pytest.mark.parametrize("amount, currency, expected", [(40_000, 0, 40_000), (40_000, 1, 300_000), (0, 1, 0)])
def test_an_amount_is_converted_by_the_last_rate(amount: int, currency: int, expected: int) -> None:
    """40,000 units of 1e-4 KRW at 0.00075 are 0.003 USDT; the reporting currency's own rate is not asked for."""
    desk = foreign()
    desk.state.rates[:] = QUOTE_RATE
    assert int(desk.terms.markets[EAST].quote) in (1, 2)
    desk.params.units[1] = 1e-4
    assert plain(ledger.converted)(desk.state, desk.params, np.int64(amount), currency) == expected


def test_nothing_of_a_currency_without_a_rate_is_nothing() -> None:
    desk = foreign()
    desk.state.rates[1] = np.nan
    assert plain(ledger.converted)(desk.state, desk.params, np.int64(0), 1) == 0
    assert int(desk.state.fault) == Fault.NONE


# ------------------------------------------------------------------------------------------------------------ bookings


def test_cash_moves_in_its_currency_with_what_it_was_worth() -> None:
    desk = Desk()
    changes = desk.wrote(ledger.move_cash, desk.state, desk.state.venues[WEST], 2, 11, 13)
    assert changes == {"venues.1.cash_amounts.2": 11, "venues.1.basis_amounts.2": 13}


def test_realised_pnl_is_added_to_four_sums() -> None:
    desk = Desk()
    venue = desk.state.venues[WEST]
    assert desk.wrote(ledger.book_realised, desk.state, desk.symbol, venue, desk.trade, 17) == realised(17, WEST)


@pytest.mark.parametrize("fee_amount, worth", [(2_000, 621_000), (-2_000, -621_000)])
def test_a_fee_is_paid_in_its_currency_and_realised_at_once(fee_amount: int, worth: int) -> None:
    """2,000 units of BNB at 310.5; a rebate is a fee of the other sign."""
    desk = foreign()
    leg, currency = desk.trade.legs[1], int(desk.terms.markets[WEST].fee_currency)
    with written(desk.state_array) as changes:
        booked = plain(ledger.book_fee)(desk.state, desk.params, 0, desk.trade, leg, np.int64(fee_amount))
    assert booked == worth
    assert changes == {
        **realised(-worth, WEST),
        f"venues.1.cash_amounts.{currency}": -fee_amount,
        f"venues.1.basis_amounts.{currency}": -worth,
        **dict.fromkeys(("fees_amount", f"{SYMBOL}fees_amount", f"{TRADE}fees_amount"), worth),
    }


@pytest.mark.parametrize("cash_amount", [-29, 29])
def test_an_opening_fill_adds_to_its_leg(cash_amount: int) -> None:
    desk = Desk()
    assert desk.wrote(ledger.book_opening, desk.trade.legs[0], 5, 23, cash_amount) == {
        f"{TRADE}legs.0.lots": 5,
        f"{TRADE}legs.0.opened_lots": 5,
        f"{TRADE}legs.0.opened_cost_amount": 23,
        f"{TRADE}legs.0.opened_reporting_amount": 29,
        f"{TRADE}legs.0.basis_amount": cash_amount,
    }


@pytest.mark.parametrize(
    "lots, cash_amount, released_amount, gained_amount",
    [(5, 300, -167, 133), (30, 1_100, -1_001, 99), (30, 900, -1_001, -101)],
)
def test_a_closing_fill_releases_its_share_of_the_basis(
    lots: int, cash_amount: int, released_amount: int, gained_amount: int
) -> None:
    desk = Desk()
    call = (desk.state, desk.symbol, desk.trade, desk.trade.legs[0], lots, cash_amount)
    with written(desk.state_array) as changes:
        assert plain(ledger.book_closing)(*call) == gained_amount
    assert changes == {
        **realised(gained_amount),
        f"{TRADE}legs.0.lots": -lots,
        f"{TRADE}legs.0.basis_amount": -released_amount,
    }


@pytest.mark.parametrize("purpose", Purpose, ids=lambda purpose: purpose.name)
def test_an_entry_and_a_completion_open(purpose: Purpose) -> None:
    assert plain(ledger.opens)(purpose) == (purpose in (Purpose.ENTRY, Purpose.COMPLETE))


# ------------------------------------------------------------------------------------------------------- unequal legs


@pytest.mark.parametrize(
    "bought, sold, added",
    [
        (30, 20, 10 * 0.01 * 100.0 * 7.0),
        (20, 30, 10 * 0.01 * 101.0 * 7.0),
        (21, 20, 7.0),
        (20, 21, 7.07),
        (20, 20, 0.0),
        (0, 0, 0.0),
    ],
)
def test_what_stands_alone_is_measured_until_now(bought: int, sold: int, added: float) -> None:
    """Unequal lots × their base × the larger leg's decision price × seconds since the last measure."""
    desk = Desk()
    desk.trade.legs[0].lots, desk.trade.legs[1].lots = bought, sold
    changes = desk.wrote(ledger.measure_imbalance, desk.params, 0, desk.trade, desk.now_ns)
    assert changes.pop(f"{TRADE}measured_ns") == 7 * S
    assert changes == ({f"{TRADE}unhedged_quote_s": pytest.approx(added)} if added else {})


@pytest.mark.parametrize(
    "bought, sold, since_ns, expected_ns, unhedged_start",
    [
        (20, 20, NEVER_NS, NEVER_NS, 0.0),
        (20, 20, 55, NEVER_NS, 0.0),
        (30, 20, NEVER_NS, 99, 5.0),
        (20, 30, NEVER_NS, 99, 5.0),
        (30, 20, 55, 55, 0.0),
    ],
)
def test_a_balance_is_noted_when_it_is_lost_and_when_it_is_back(
    bought: int, sold: int, since_ns: int, expected_ns: int, unhedged_start: float
) -> None:
    desk = Desk()
    desk.trade.legs[0].lots, desk.trade.legs[1].lots, desk.trade.imbalance_ns = bought, sold, since_ns
    plain(ledger.note_balance)(desk.trade, 99)
    assert int(desk.trade.imbalance_ns) == expected_ns
    assert float(desk.trade.incident_unhedged_start) == unhedged_start


# ------------------------------------------------------------------------------------------------------------- funding


Holding = tuple[int, int, int, int]
"""(slot, number, lots bought at east, lots sold at west); sold at east where the lots are negative."""


def funded(held: list[Holding], rate: float, currency: dict[str, str] | None = None) -> tuple[Desk, Written]:
    """A desk that holds these trades after a FUNDING row of east at a mark price of 50, and what that wrote."""
    desk = Desk(small_config(market={**(currency or {})}, max_open_trades=4))
    if currency:
        desk.state.rates[1] = QUOTE_RATE
    desk.trade.phase = 0
    for slot, number, bought, sold in held:
        trade = desk.symbol.trades[slot]
        trade.number, trade.phase, trade.funding_amount = number, 2, 100_043
        trade.legs[0].venue, trade.legs[0].side, trade.legs[0].lots = (EAST, BUY, bought)
        trade.legs[1].venue, trade.legs[1].side, trade.legs[1].lots = (WEST, SELL, sold)
        if bought < 0:
            trade.legs[0].venue, trade.legs[0].lots = WEST, sold
            trade.legs[1].venue, trade.legs[1].lots = EAST, -bought
        desk.symbol.position_lots[EAST] += bought
    row = one(row_dtype(1))[0]
    row.kind, row.venue, row.mark_px, row.rate, row.now_ns = RowKind.FUNDING, EAST, 50.0, rate, desk.now_ns
    return desk, desk.wrote(ledger.book_funding, desk.state, desk.params, desk.out, row)


def shares_of(desk: Desk) -> list[tuple[int, int, int]]:
    """(trade, leg, amount) of the funding noted, in order."""
    noted = desk.out.funding[: desk.out.funding_count]
    assert [(int(entry["symbol"]), int(entry["venue"]), int(entry["now_ns"])) for entry in noted] == [
        (0, EAST, desk.now_ns)
    ] * len(noted)
    return [(int(entry["trade"]), int(entry["leg"]), int(entry["amount"])) for entry in noted]


FUNDINGS: list[tuple[str, list[Holding], float, list[tuple[int, int, int]]]] = [
    ("a purchase pays", [(0, 1, 10, 10)], 0.003, [(1, 0, -1_500_000)]),
    ("a sale is paid", [(0, 1, -10, 10)], 0.003, [(1, 1, 1_500_000)]),
    ("a negative rate turns it round", [(0, 1, 10, 10)], -0.003, [(1, 0, 1_500_000)]),
    ("a trade without lots there has no share", [(0, 1, 10, 10), (1, 2, 0, 5)], 0.003, [(1, 0, -1_500_000)]),
    ("a position of nothing pays nothing", [(0, 1, 10, 10), (1, 2, -10, 10)], 0.003, []),
    # 1e-7 × 2.5 × 1e8 = 25 units on five lots: 5 a lot, and nothing is left over
    ("by number, not by slot", [(0, 7, 2, 2), (1, 5, 3, 3)], 1e-7, [(5, 0, -15), (7, 0, -10)]),
    # 2 units on 3 lots: 2/3 each, rounded up; the last takes what is left, be it in an earlier slot
    ("the last takes the rest", [(2, 2, 1, 1), (1, 1, 1, 1), (0, 9, 1, 1)], 2e-8 / 1.5,
     [(1, 0, -1), (2, 0, -1), (9, 0, 0)]),
    # 5 units on a net of 2: 8 lots pay 20, 6 sold lots are paid 15
    ("longs and shorts share the net", [(0, 1, 8, 8), (1, 2, -6, 6)], 5e-8, [(1, 0, -20), (2, 1, 15)]),
    # half a unit each rounds to none; no lots are left after the second, but it is not the last and takes no rest
    ("a rest of no lots on the way is not the last", [(0, 1, 1, 1), (1, 2, 1, 1), (2, 3, 2, 2), (3, 4, -2, 2)], 1e-8,
     [(1, 0, 0), (2, 0, 0), (3, 0, -1), (4, 1, 0)]),
]  # fmt: skip


@pytest.mark.parametrize("name, held, rate, shares", FUNDINGS, ids=[case[0] for case in FUNDINGS])
def test_a_funding_payment_is_shared_by_those_who_hold_the_position(
    name: str, held: list[Holding], rate: float, shares: list[tuple[int, int, int]]
) -> None:
    desk, changes = funded(held, rate)
    assert shares_of(desk) == shares
    slots = {number: slot for slot, number, _, _ in held}
    expected: Written = {}
    total = sum(amount for _, _, amount in shares)
    for number, _, amount in shares:
        for field in ("realised_amount", "funding_amount"):
            expected[f"symbols.0.trades.{slots[number]}.{field}"] = amount
    for field in ("realised_amount", "symbols.0.realised_amount", "venues.0.realised_amount"):
        expected[field] = total
    expected["venues.0.cash_amounts.0"] = expected["venues.0.basis_amounts.0"] = total
    assert changes == {field: amount for field, amount in expected.items() if amount}


def test_funding_is_paid_in_the_quote_currency_and_realised_converted() -> None:
    """10 lots of 0.01 at 50 and a rate of 0.004 are 0.02 KRW: 200 units of 1e-4, worth 1,500 units of 1e-8 USDT."""
    desk, changes = funded([(0, 1, 10, 10)], 0.004, {"quote_currency": "KRW"})
    assert shares_of(desk) == [(1, 0, -1_500)]
    assert changes["venues.0.cash_amounts.1"] == -200
    assert changes["venues.0.basis_amounts.1"] == changes["realised_amount"] == -1_500


def test_funding_of_the_second_venue_is_paid_by_what_is_held_there() -> None:
    desk, _ = funded([(0, 1, -10, 10)], 0.0)
    desk.symbol.position_lots[:2] = 10, -10
    row = one(row_dtype(1))[0]
    row.kind, row.venue, row.mark_px, row.rate = RowKind.FUNDING, WEST, 50.0, 0.003
    desk.symbol.position_lots[WEST] = 10
    changes = desk.wrote(ledger.book_funding, desk.state, desk.params, desk.out, row)
    assert changes == {**realised(-1_500_000, WEST), **cash_of(WEST, -1_500_000), f"{TRADE}funding_amount": -1_500_000}


def test_spot_pays_no_funding() -> None:
    desk = Desk(small_config(market={"kind": "spot"}))
    desk.symbol.position_lots[EAST] = 30
    row = one(row_dtype(1))[0]
    row.kind, row.venue, row.mark_px, row.rate, row.now_ns = RowKind.FUNDING, EAST, 50.0, 0.003, desk.now_ns
    assert desk.wrote(ledger.book_funding, desk.state, desk.params, desk.out, row) == {}


# ------------------------------------------------------------------------------------------------------ trades in order


@pytest.mark.parametrize(
    "numbers, after, slot",
    [
        ([5, 7, 6, 0], 0, 0),
        ([5, 7, 6, 0], 5, 2),
        ([5, 7, 6, 0], 6, 1),
        ([5, 7, 6, 0], 7, -1),
        ([5, 2, 3, 1], 0, 3),
        ([5, 2, 3, 1], 1, 1),
        ([0, 0, 0, 0], 0, -1),
    ],
)
def test_the_next_trade_has_the_lowest_number_above(numbers: list[int], after: int, slot: int) -> None:
    desk = Desk(small_config(max_open_trades=4))
    desk.symbol.trades["number"] = numbers
    desk.symbol.trades["phase"] = [int(number > 0) for number in numbers]
    assert plain(ledger.next_trade)(desk.symbol, after) == slot


def test_a_free_slot_is_no_trade() -> None:
    desk = Desk(small_config(max_open_trades=4))
    desk.symbol.trades["number"], desk.symbol.trades["phase"] = [1, 2, 3, 4], [0, 1, 0, 0]
    assert plain(ledger.next_trade)(desk.symbol, 0) == 1
    desk.symbol.trades["legs"]["venue"], desk.symbol.trades["legs"]["lots"] = EAST, 1
    assert plain(ledger.is_last_holder)(desk.symbol, EAST, 2, 1)
    assert not plain(ledger.is_last_holder)(desk.symbol, EAST, 1, 0)


@pytest.mark.parametrize(
    "number, leg, last",
    [(5, 0, False), (5, 1, False), (6, 0, False), (6, 1, False), (7, 0, False), (7, 1, True), (8, 0, True)],
)
def test_the_last_holder_is_the_last_by_number_and_leg(number: int, leg: int, last: bool) -> None:
    desk = Desk(small_config(max_open_trades=4))
    desk.symbol.trades["number"], desk.symbol.trades["phase"] = [7, 5, 6, 0], [1, 1, 1, 0]
    desk.symbol.trades["legs"]["venue"], desk.symbol.trades["legs"]["lots"] = EAST, 1
    assert plain(ledger.is_last_holder)(desk.symbol, EAST, number, leg) == last
    assert plain(ledger.is_last_holder)(desk.symbol, WEST, number, leg)
    desk.symbol.trades["legs"]["venue"] = WEST
    assert plain(ledger.is_last_holder)(desk.symbol, EAST, number, leg)
    desk.symbol.trades["legs"]["venue"], desk.symbol.trades["legs"]["lots"] = EAST, 0
    assert plain(ledger.is_last_holder)(desk.symbol, EAST, number, leg)
