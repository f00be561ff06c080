"""The fill: what one booking writes, to the unit; what it is worse than; what it costs beyond the plan."""

from collections.abc import Iterator

import numpy as np
import pytest

from arbitrage_core.domain.order import OrderState, OrderStyle, Purpose
from arbitrage_core.domain.record import one
from arbitrage_core.domain.row import RowKind, row_dtype
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine import fills
from arbitrage_core.engine.state import NEVER_NS
from tests.engine.bench import Bench, plain, quiet
from tests.engine.small_market import EAST, MS, WEST, small_config
from tests.engine.written import Written, written

BUY, SELL = 1, -1
USDT = 10**8
SYMBOL, TRADE = "symbols.0.", "symbols.0.trades.0."


@pytest.fixture(autouse=True)
def _quiet_arithmetic() -> Iterator[None]:
    with quiet():
        yield


class Desk(Bench):
    """A trade that bought 8 lots of 0.01 at east for 8.00 and sold none at west yet; an order of 20 lots on one leg.

    Of the order 6 lots were filled, for 6.10 and a fee of 0.02; decided at 100. It holds 14 of the 20 it began with.
    """

    def __init__(self, purpose: Purpose, side: int = BUY, leg: int = 0, config: SessionConfig | None = None) -> None:
        super().__init__(config)
        self.trade, self.leg_index = self.symbol.trades[0], leg
        self.trade.number, self.trade.phase, self.trade.opened_ns = 3, 1, self.now_ns - 900 * MS
        self.trade.measured_ns = self.trade.imbalance_ns = self.now_ns - 500 * MS
        self.trade.incident_began_ns = NEVER_NS
        for each, venue, entry_side in zip(self.trade.legs, (EAST, WEST), (BUY, SELL), strict=True):
            each["venue"], each["side"], each["decision_px"], each["exit_px"] = venue, entry_side, 100.0, 102.0
        held = self.trade.legs[0]
        held.lots, held.basis_amount, held.first_fill_ns, held.attempts = 8, -8 * USDT, self.now_ns - 900 * MS, 2
        self.symbol.position_lots[EAST], self.symbol.exposure_lots[EAST] = 8, 22
        order = self.order
        order.client_id, order.side, order.purpose, order.state = 77, side, purpose, OrderState.OPEN
        order.style, order.lots, order.decision_px = OrderStyle.GTC, 20, 100.0
        order.filled_lots, order.cost_amount, order.fee_amount = 6, 610_000_000, 2_000_000
        order.reserved_full_amount, order.reserved_amount = 2_000, 1_400
        venues = self.state.venues
        venues["reserved_amounts"], venues["cash_amounts"], venues["basis_amounts"] = 5_000, 10**12 + 7, 10**12 + 9
        for sums in (self.state, self.symbol, self.trade):
            sums.realised_amount, sums.fees_amount = 100_003, 100_019
        venues["realised_amount"] = 100_057
        self.trade.slippage_amount = self.trade.incident_amount = 10_007
        self.out.written = self.out.fill_count = 5

    @property
    def order(self) -> np.record:
        """The order under test."""
        return self.trade.legs[self.leg_index].order[0]

    def fill(self, filled_lots: int, cost_quote: float, fee: float) -> Written:
        """Books a report with these cumulative figures; what it wrote to the state."""
        row = one(row_dtype(1))[0]
        row.kind, row.now_ns, row.client_id, row.venue = RowKind.REPORT, self.now_ns, 77, EAST
        row.filled_lots, row.cost_quote, row.fee = filled_lots, cost_quote, fee
        with written(self.state_array) as changes:
            plain(fills.book_fill)(self.state, self.params, self.out, 0, self.trade, self.leg_index, row)
        return changes

    @property
    def noted(self) -> dict[str, float]:
        """The fill as it was noted, by field."""
        assert (int(self.out.fill_count), int(self.out.written)) == (6, 6)
        entry = self.out.fills[5]
        return {name: entry[name].item() for name in entry.dtype.names}


def paid(fee: int) -> Written:
    """What a fee of so many units adds to the sums of fees."""
    return {f"{owner}fees_amount": fee for owner in ("", SYMBOL, TRADE)}


def gained(amount: int) -> Written:
    """What realised PnL of so many units adds to the four sums, at east."""
    return {f"{owner}realised_amount": amount for owner in ("", SYMBOL, TRADE, "venues.0.")}


def memory(desk: Desk, excess: int, notional: int) -> Written:
    """What the slippage guard remembers of it."""
    return {f"{SYMBOL}slippage_excesses.0": excess, f"{SYMBOL}slippage_notionals.0": notional}


# ------------------------------------------------------------------------------------------------------------ bookings


def test_a_part_of_an_opening_order_is_booked_by_its_growth() -> None:
    """4 lots more for 4.12: 0.12 worse than at 100; of what the order holds, 1.000 for the 10 lots left stay."""
    desk = Desk(Purpose.ENTRY)
    changes = desk.fill(10, 10.22, 0.05)
    cash, fee, slippage = -412_000_000, 3_000_000, 12_000_000
    alone = 8 * 0.01 * 100.0 * 0.5
    assert changes == {
        **gained(-fee),
        **paid(fee),
        "venues.0.cash_amounts.0": cash - fee,
        "venues.0.basis_amounts.0": cash - fee,
        "venues.0.reserved_amounts.0": -400,
        f"{SYMBOL}position_lots.0": 4,
        f"{SYMBOL}slippage_count": 1,
        **memory(desk, slippage, 412_000_000),
        f"{TRADE}slippage_amount": slippage,
        f"{TRADE}measured_ns": 500 * MS,
        f"{TRADE}unhedged_quote_s": pytest.approx(alone),
        f"{TRADE}legs.0.lots": 4,
        f"{TRADE}legs.0.opened_lots": 4,
        f"{TRADE}legs.0.opened_cost_amount": 412_000_000,
        f"{TRADE}legs.0.opened_reporting_amount": 412_000_000,
        f"{TRADE}legs.0.basis_amount": cash,
        f"{TRADE}legs.0.order.0.filled_lots": 4,
        f"{TRADE}legs.0.order.0.cost_amount": 412_000_000,
        f"{TRADE}legs.0.order.0.fee_amount": fee,
        f"{TRADE}legs.0.order.0.reserved_amount": -400,
    }
    assert desk.noted == {
        "now_ns": desk.now_ns,
        "client_id": 77,
        "trade": 3,
        "attempt": 2,
        "lots": 4,
        "symbol": 0,
        "venue": EAST,
        "cost_quote_amount": 412_000_000,
        "fee_amount": fee,
        "fee_reporting_amount": fee,
        "cash_reporting_amount": cash,
        "realised_amount": -fee,
        "slippage_amount": slippage,
        "leg": 0,
        "side": BUY,
        "purpose": Purpose.ENTRY,
        "style": OrderStyle.GTC,
    }


def test_a_part_of_a_closing_order_realises_its_share() -> None:
    """2 of 8 lots sold for 2.03: a quarter of the 8.00 they cost comes back, 0.03 is won, 0.01 is the fee."""
    desk = Desk(Purpose.EXIT, SELL)
    changes = desk.fill(8, 8.13, 0.03)
    cash, fee = 203_000_000, 1_000_000
    assert changes == {
        **gained(2_000_000),
        **paid(fee),
        "venues.0.cash_amounts.0": cash - fee,
        "venues.0.basis_amounts.0": cash - fee,
        f"{SYMBOL}position_lots.0": -2,
        f"{SYMBOL}exposure_lots.0": -2,
        f"{SYMBOL}slippage_count": 1,
        **memory(desk, -3_000_000, 203_000_000),
        f"{TRADE}slippage_amount": -3_000_000,
        f"{TRADE}measured_ns": 500 * MS,
        f"{TRADE}unhedged_quote_s": pytest.approx(4.0),
        f"{TRADE}legs.0.lots": -2,
        f"{TRADE}legs.0.basis_amount": 200_000_000,
        f"{TRADE}legs.0.order.0.filled_lots": 2,
        f"{TRADE}legs.0.order.0.cost_amount": cash,
        f"{TRADE}legs.0.order.0.fee_amount": fee,
    }
    assert (desk.noted["realised_amount"], desk.noted["slippage_amount"]) == (2_000_000, -3_000_000)


def test_the_first_fill_opens_the_trade_and_its_leg() -> None:
    """It balances the trade too: 8 lots stood alone on the other leg."""
    desk = Desk(Purpose.ENTRY, SELL, leg=1)
    desk.trade.opened_ns, desk.symbol.entries = 0, 5
    changes = desk.fill(14, 14.0, 0.02)
    assert changes[f"{TRADE}legs.1.first_fill_ns"] == changes[f"{TRADE}opened_ns"] == desk.now_ns
    assert changes[f"{SYMBOL}entries"] == 1
    assert int(desk.trade.imbalance_ns) == NEVER_NS
    later = desk.fill(15, 15.0, 0.02)
    assert not {f"{TRADE}legs.1.first_fill_ns", f"{TRADE}opened_ns", f"{SYMBOL}entries"} & set(later)


def test_what_is_converted_is_cash_fee_and_slippage() -> None:
    """Quoted in KRW (0.00075), billed in BNB (300): 4 lots for 4.12 KRW, 0.003 BNB more, 0.12 KRW worse."""
    desk = Desk(Purpose.ENTRY, config=small_config(market={"quote_currency": "KRW", "fee_currency": "BNB"}))
    quote, billed = int(desk.terms.markets[EAST].quote), int(desk.terms.markets[EAST].fee_currency)
    desk.state.rates[quote], desk.state.rates[billed] = 0.00075, 300.0
    desk.order.cost_amount = round(6.10 / desk.params.units[quote])
    changes = desk.fill(10, 10.22, 0.023)
    assert changes[f"venues.0.cash_amounts.{quote}"] == -round(4.12 / desk.params.units[quote])
    assert changes[f"venues.0.cash_amounts.{billed}"] == -300_000
    assert desk.noted["cash_reporting_amount"] == changes[f"venues.0.basis_amounts.{quote}"] == -309_000
    assert desk.noted["fee_reporting_amount"] == -changes[f"venues.0.basis_amounts.{billed}"] == 90_000_000
    assert desk.noted["slippage_amount"] == changes[f"{TRADE}slippage_amount"] == 9_000
    assert desk.noted["fee_amount"] == 300_000
    assert desk.symbol.slippage_notionals[0] == 309_000


# ----------------------------------------------------------------------------------------------------------- incidents


Costs = tuple[Purpose, int, float, int]
INCIDENT_COSTS: list[Costs] = [
    (Purpose.COMPLETE, BUY, 4.12, 12_000_000),  # 0.12 worse than 4 lots at the entry's 100
    (Purpose.COMPLETE, SELL, 4.12, -12_000_000),
    (Purpose.EXIT, SELL, 4.00, 8_000_000),  # 0.08 worse than 4 lots at the exit's 102
    (Purpose.EXIT, BUY, 4.00, -8_000_000),
    (Purpose.REVERSE, SELL, 3.90, 13_000_000),  # bought at 4.00: 0.10 lost, 0.03 of fee
    (Purpose.REVERSE, SELL, 4.20, -17_000_000),
]


@pytest.mark.parametrize("purpose, side, cost_quote, cost", INCIDENT_COSTS)
def test_an_incident_costs_what_its_fills_cost_beyond_the_plan(
    purpose: Purpose, side: int, cost_quote: float, cost: int
) -> None:
    desk = Desk(purpose, side)
    desk.trade.incident_began_ns = desk.now_ns - 500 * MS
    changes = desk.fill(10, 6.10 + cost_quote, 0.05)
    assert changes.pop(f"{TRADE}incident_amount") == cost
    undisturbed = Desk(purpose, side).fill(10, 6.10 + cost_quote, 0.05)
    assert changes == undisturbed


def test_an_entry_filled_after_its_end_costs_an_incident_what_it_is_worse_than_decided() -> None:
    """The venue said CANCELED, the other leg stood alone, and then it told of a fill; as the reference has it."""
    desk = Desk(Purpose.ENTRY)
    desk.order.state, desk.trade.incident_began_ns = OrderState.CANCELED, desk.now_ns - 500 * MS
    desk.trade.legs[0].exit_px = 0.0
    assert desk.fill(10, 10.22, 0.05)[f"{TRADE}incident_amount"] == 12_000_000
