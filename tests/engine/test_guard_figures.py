"""The figures guards reckon with: exposure, what an order needs, what is free; each for several markets at once."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from arbitrage_core.domain.order import NO_LIMIT_PX
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.engine import guards
from arbitrage_core.engine.state import RATE_RING_SLOTS, Approval
from tests.engine.bench import Bench, plain, quiet
from tests.engine.boundary import NAN, above, below
from tests.engine.small_market import EAST, WEST, small_config
from tests.engine.written import written

BUY, SELL = 1, -1
S = 1_000_000_000
TWO = ("AAA", "BBB")
DEEP = {"levels": 2}
"""Books with more than their best prices."""
KRW = {"quote_currency": "KRW"}
"""Booked in units of 1e-4."""


@pytest.fixture(autouse=True)
def _quiet_arithmetic() -> Iterator[None]:
    with quiet():
        yield


def crowded() -> Bench:
    """AAA: 30 lots of exposure at east, 50 at west; BBB: 70 and 110, asked for at 200 and 400. Lots of 0.01."""
    bench = Bench(small_config(symbols=TWO, session=DEEP))
    for s, lots in enumerate(((30, 50), (70, 110))):
        bench.state.symbols[s].exposure_lots[:2] = lots
    for venue, ask in ((EAST, 200.0), (WEST, 400.0)):
        bench.state.symbols[1].books[venue].mark_ask_px = ask
    return bench


# ------------------------------------------------------------------------------------------------------------ exposure


@pytest.mark.parametrize(
    "s, venue, expected",
    [(0, EAST, 70 * 0.01 * 200.0), (0, WEST, 110 * 0.01 * 400.0), (1, EAST, 30 * 0.01 * 100.01)],
)
def test_the_exposure_of_the_others_leaves_out_ones_own(s: int, venue: int, expected: float) -> None:
    bench = crowded()
    assert plain(guards.others_exposure_quote)(bench.state, bench.params, s, venue) == pytest.approx(expected)


def test_the_exposure_of_several_others_is_summed() -> None:
    bench = Bench(small_config(symbols=("AAA", "BBB", "CCC")))
    for s in (1, 2):
        bench.state.symbols[s].exposure_lots[EAST], bench.state.symbols[s].books[EAST].mark_ask_px = 10 * s, 100.0 * s
        bench.params.symbols[s].lot_base = 0.5 * s
    assert plain(guards.others_exposure_quote)(bench.state, bench.params, 0, EAST) == 10 * 0.5 * 100.0 + 20 * 200.0


@pytest.mark.parametrize("ask", [float("inf"), NAN, 1e300])
def test_exposure_without_a_price_is_no_number(ask: float) -> None:
    bench = crowded()
    bench.state.symbols[1].books[EAST].mark_ask_px = ask
    assert np.isnan(plain(guards.others_exposure_quote)(bench.state, bench.params, 0, EAST))
    bench.state.symbols[1].exposure_lots[EAST] = 0
    assert plain(guards.others_exposure_quote)(bench.state, bench.params, 0, EAST) == 0.0


def test_the_exposure_of_a_symbol_is_that_on_all_venues_and_what_is_added() -> None:
    bench = crowded()
    assert plain(guards.symbol_exposure_quote)(bench.state, bench.params, 0, 20, 7.0) == pytest.approx(100 * 0.01 * 7.0)


Call = tuple[int, int, float, int, int, float]
"""(buy venue, lots, price, sell venue, lots, price)."""
BOTH: Call = (EAST, 100, 101.0, WEST, 100, 103.0)
BUYS: Call = (EAST, 100, 101.0, -1, 0, 500.0)
SELLS: Call = (-1, 0, 500.0, WEST, 100, 103.0)
TURNED: Call = (WEST, 100, 101.0, EAST, 100, 103.0)
OF_SYMBOL, OF_EAST, OF_WEST, OF_ALL = "symbol", "east", "west", "all"
EXPOSURES: list[tuple[str, Call, float]] = [
    (OF_SYMBOL, BOTH, 280 * 0.01 * 103.0),  # 80 lots of before and both legs, at the worse price
    (OF_SYMBOL, BUYS, 180 * 0.01 * 101.0),
    (OF_SYMBOL, SELLS, 180 * 0.01 * 103.0),
    (OF_EAST, BOTH, 140.0 + 130 * 0.01 * 101.0),  # BBB's 140 and AAA's own, at the price of its leg
    (OF_WEST, BOTH, 440.0 + 150 * 0.01 * 103.0),
    (OF_EAST, TURNED, 140.0 + 130 * 0.01 * 103.0),
    (OF_WEST, TURNED, 440.0 + 150 * 0.01 * 101.0),
    (OF_EAST, BUYS, 140.0 + 130 * 0.01 * 101.0),
    (OF_WEST, SELLS, 440.0 + 150 * 0.01 * 103.0),
    (OF_ALL, BOTH, 280 * 0.01 * 103.0 + 580.0),
    (OF_ALL, BUYS, 180 * 0.01 * 101.0 + 580.0),
    (OF_ALL, SELLS, 180 * 0.01 * 103.0 + 580.0),
]
REFUSALS = {
    OF_SYMBOL: Refusal.SYMBOL_EXPOSURE_MUST_STAY_INSIDE,
    OF_EAST: Refusal.VENUE_EXPOSURE_MUST_STAY_INSIDE,
    OF_WEST: Refusal.VENUE_EXPOSURE_MUST_STAY_INSIDE,
    OF_ALL: Refusal.PORTFOLIO_EXPOSURE_MUST_STAY_INSIDE,
}


def limited(bench: Bench, whose: str, limit_quote: float) -> None:
    """Sets one limit."""
    if whose == OF_SYMBOL:
        bench.terms.exposure_max_quote = limit_quote
    elif whose == OF_ALL:
        bench.params.portfolio_exposure_max_quote = limit_quote
    else:
        bench.params.venues[EAST if whose == OF_EAST else WEST].exposure_max_quote = limit_quote


@pytest.mark.parametrize("whose, call, exposure_quote", EXPOSURES)
def test_an_entry_may_use_a_limit_up_and_not_more(whose: str, call: Call, exposure_quote: float) -> None:
    for slack, refusal in ((1e-9, Refusal.NONE), (-1e-9, REFUSALS[whose])):
        bench = crowded()
        limited(bench, whose, exposure_quote * (1 + slack))
        assert plain(guards.exposure_refusal)(bench.state, bench.params, 0, *call) == refusal


@pytest.mark.parametrize(
    "call, idle",
    [
        (BUYS, WEST),
        (SELLS, EAST),
        ((WEST, 100, 101.0, -1, 0, 500.0), EAST),
        ((-1, 0, 500.0, EAST, 100, 103.0), WEST),
    ],
)
def test_a_venue_to_which_nothing_is_added_may_be_over_its_limit(call: Call, idle: int) -> None:
    bench = crowded()
    bench.params.venues[idle].exposure_max_quote = 1.0
    assert plain(guards.exposure_refusal)(bench.state, bench.params, 0, *call) == Refusal.NONE


@pytest.mark.parametrize(
    "whose, call, exposure_quote",
    [
        (OF_EAST, (EAST, 1, 101.0, -1, 0, 0.0), 140.0 + 31 * 0.01 * 101.0),
        (OF_SYMBOL, (EAST, 1, 101.0, -1, 0, 0.0), 81 * 0.01 * 101.0),
        (OF_SYMBOL, (-1, 0, 0.0, WEST, 1, 101.0), 81 * 0.01 * 101.0),
        (OF_SYMBOL, (EAST, 10, 0.5, -1, 0, 0.0), 90 * 0.01 * 0.5),
        (OF_SYMBOL, (-1, 0, 0.0, WEST, 10, 0.5), 90 * 0.01 * 0.5),
    ],
)
def test_one_lot_is_added_like_many_and_a_price_below_one_like_any(
    whose: str, call: Call, exposure_quote: float
) -> None:
    test_an_entry_may_use_a_limit_up_and_not_more(whose, call, exposure_quote)


# --------------------------------------------------------------------------------------------------------------- needs


@pytest.mark.parametrize(
    "kind, side, amount",
    [("perpetual", BUY, 5_000), ("perpetual", SELL, 5_000), ("spot", BUY, 20_000), ("spot", SELL, 0)],
)
def test_an_order_holds_margin_or_the_money_of_a_spot_purchase(kind: str, side: int, amount: int) -> None:
    """80 lots of 0.01 at 2.5 are 2.00 KRW, 20,000 units; the margin rate is a quarter."""
    bench = Bench(small_config(market={**KRW, "kind": kind, "margin_rate": 0.25}))
    assert plain(guards.order_need_amount)(bench.params, 0, WEST, side, 80, 2.5) == amount


@pytest.mark.parametrize(
    "taker_fee_bps, slippage_bound_bps, amount", [(3.0, 5.0, 320), (0.0, 5.0, 200), (-2.0, 5.0, 120), (-9.0, 5.0, 0)]
)
def test_the_way_out_holds_fees_and_slippage_of_both_trips(
    taker_fee_bps: float, slippage_bound_bps: float, amount: int
) -> None:
    """2 × (fee + slippage) of 20 KRW, in units of 1e-4; a rebate that exceeds the slippage holds nothing."""
    config = small_config(market={**KRW, "taker_fee_bps": taker_fee_bps}, slippage_bound_bps=slippage_bound_bps)
    held = plain(guards.unwind_need_amount)(Bench(config).params, 0, WEST, 800, 2.5)
    assert abs(held - amount) <= (amount > 0)


@pytest.mark.parametrize(
    "value, unit, amount",
    [
        (1.0, 0.5, 2),
        (above(1.0), 0.5, 3),
        (below(1.0), 0.5, 2),
        (0.1, 0.5, 1),
        (-0.6, 0.5, -1),
        (0.0, 0.5, 0),
        (NAN, 1.0, -1),
        (float("inf"), 1.0, -1),
        (2.0**53 - 1, 1.0, 2**53 - 1),
        (2.0**53, 1.0, -1),
        (-(2.0**53), 1.0, -1),
    ],
)
def test_a_need_is_rounded_up_to_a_unit_or_is_none(value: float, unit: float, amount: int) -> None:
    assert plain(guards.ceil_amount)(value, unit) == amount


# ------------------------------------------------------------------------------------------------------- what is free


def banked(**market: Any) -> Bench:
    """1,000 units at west, 100 of them reserved; AAA and BBB quoted at 2.5 / 3.0 and 10 / 12, in KRW."""
    bench = Bench(small_config(symbols=TWO, session=DEEP, market={**KRW, "margin_rate": 0.25, **market}))
    bench.state.venues[WEST].cash_amounts[1], bench.state.venues[WEST].reserved_amounts[1] = 1_000, 100
    bench.quote(WEST, 2.5, 3.0)
    bench.quote(WEST, 10.0, 12.0, symbol=1)
    return bench


@pytest.mark.parametrize(
    "first, second, free",
    [
        (0, 0, 900.0),
        (4, 0, 900.0 + 0.75 * 1_000),  # 0.04 at the bid of 2.5 are 1,000 units, a quarter is margin
        (1, 0, 900.0 + 0.75 * 250),
        (-4, 0, 900.0 - 1.25 * 1_200),  # at the ask of 3.0
        (-1, 0, 900.0 - 1.25 * 300),
        (0, 2, 900.0 + 0.75 * 2_000),
        (4, -2, 900.0 + 0.75 * 1_000 - 1.25 * 2_400),
    ],
)
def test_what_is_free_is_cash_and_positions_less_margin_and_reserves(first: int, second: int, free: float) -> None:
    bench = banked()
    bench.state.symbols[0].position_lots[WEST], bench.state.symbols[1].position_lots[WEST] = first, second
    assert plain(guards.free_amount)(bench.state, bench.params, WEST, 1) == pytest.approx(free)


def test_spot_and_what_is_quoted_in_another_currency_is_not_free_money() -> None:
    """Nor what another venue holds; but the symbol after those counts."""
    bench = banked()
    for symbol in bench.state.symbols[:2]:
        symbol["position_lots"][:2] = 4, 0
    assert plain(guards.free_amount)(bench.state, bench.params, WEST, 1) == 900.0
    bench.state.symbols[0].position_lots[WEST] = bench.state.symbols[1].position_lots[WEST] = 4
    bench.terms.markets[WEST].spot = 1
    assert plain(guards.free_amount)(bench.state, bench.params, WEST, 1) == pytest.approx(900.0 + 0.75 * 4_000)
    bench.terms.markets[WEST].spot, bench.terms.markets[WEST].quote = 0, 2
    assert plain(guards.free_amount)(bench.state, bench.params, WEST, 1) == pytest.approx(900.0 + 0.75 * 4_000)
    bench.terms.markets[WEST].quote = 0
    assert plain(guards.free_amount)(bench.state, bench.params, WEST, 1) == pytest.approx(900.0 + 0.75 * 4_000)


@pytest.mark.parametrize("need_amount, refused", [(0, False), (900, False), (901, True), (-1, True)])
def test_the_capital_is_that_of_the_markets_own_currency(need_amount: int, refused: bool) -> None:
    bench = banked()
    refusal = plain(guards.capital_refusal)(bench.state, bench.params, 1, WEST, need_amount)
    assert refusal == (Refusal.CAPITAL_MUST_COVER if refused else Refusal.NONE)


# --------------------------------------------------------------------------------------------------- size, stock, pace


@pytest.mark.parametrize("coarse", [EAST, WEST])
def test_a_size_is_at_least_the_coarser_step(coarse: int) -> None:
    bench = Bench()
    bench.terms.markets[coarse].step_lots = 10
    for lots, refusal in ((10, Refusal.NONE), (9, Refusal.SIZE_MUST_BE_TRADABLE)):
        assert plain(guards.size_refusal)(bench.terms, EAST, WEST, lots) == refusal


WORTH = [
    ("a purchase at its limit", EAST, 1, 103.0, {"quote": (104.0, 105.0)}, 51.5),
    ("a purchase at market, at the ask", EAST, 1, NO_LIMIT_PX, {"quote": (106.0, 105.0)}, 52.5),
    ("a sale at its limit, below the touch", WEST, -1, 94.0, {"quote": (95.0, 900.0)}, 47.0),
    ("a sale at market, at the bid", WEST, -1, NO_LIMIT_PX, {"quote": (95.0, 900.0)}, 47.5),
    ("the way out of a purchase, at the limit of its sale", EAST, 1, 105.0, {"quote": (90.0, 105.0)}, 45.0 * 0.999),
    ("the way out at market", EAST, 1, 105.0, {"quote": (90.0, 105.0), "exit_order": "market"}, 45.0),
    ("the way out of a sale, at the limit of its purchase", WEST, -1, 95.0, {"quote": (95.0, 80.0)}, 40.0 * 1.001),
]


@pytest.mark.parametrize("name, venue, side, limit_px, more, worth_quote", WORTH, ids=[row[0] for row in WORTH])
def test_a_leg_reaches_its_least_notional_as_the_venue_will_reckon_it_and_so_does_the_way_out(
    name: str, venue: int, side: int, limit_px: float, more: dict[str, Any], worth_quote: float
) -> None:
    """50 lots of 0.01; limits lie 10 bps beyond the touch."""
    params = {key: value for key, value in more.items() if key != "quote"}
    for least, refusal in ((1 - 1e-9, Refusal.NONE), (1 + 1e-9, Refusal.SIZE_MUST_BE_TRADABLE)):
        bench = Bench(small_config(session=DEEP, slippage_bound_bps=10.0, **params))
        bench.quote(venue, *more["quote"])
        bench.terms.markets[venue].min_notional_quote = worth_quote * least
        assert worth_of(bench, venue, side, limit_px) == refusal


@pytest.mark.parametrize("limit_px", [0.0, -1.0, NAN, 1e-320])
def test_a_limit_that_is_no_price_is_not_tradable_even_without_a_minimum(limit_px: float) -> None:
    bench = Bench(small_config(session=DEEP))
    allowed = worth_of(bench, EAST, 1, limit_px) == Refusal.NONE
    assert allowed == (limit_px > 0)


def worth_of(bench: Bench, venue: int, side: int, limit_px: float) -> int:
    return plain(guards.worth_refusal)(bench.symbol, bench.terms, venue, side, 50, limit_px)


@pytest.mark.parametrize("held, promised, refused", [(100, 0, False), (99, 0, True), (120, 20, False), (120, 21, True)])
def test_a_spot_sale_needs_stock_that_is_promised_to_nobody(held: int, promised: int, refused: bool) -> None:
    bench = Bench(small_config(market={"kind": "spot"}))
    bench.symbol.position_lots[WEST], bench.symbol.selling_lots[WEST] = held, promised
    refusal = plain(guards.inventory_refusal)(bench.state, bench.params, 0, WEST, 100)
    assert refusal == (Refusal.INVENTORY_MUST_COVER if refused else Refusal.NONE)


def test_a_perpetual_is_sold_without_stock() -> None:
    bench = Bench()
    assert plain(guards.inventory_refusal)(bench.state, bench.params, 0, WEST, 100) == Refusal.NONE


@pytest.mark.parametrize("limit", [1, 2, 3, RATE_RING_SLOTS])
@pytest.mark.parametrize("count", [5, RATE_RING_SLOTS, RATE_RING_SLOTS + 2, 2 * RATE_RING_SLOTS + 7])
def test_the_order_so_many_before_must_be_a_second_old(limit: int, count: int) -> None:
    """Whatever was sent before or after it, and also where the ring begins anew; fewer orders than allowed pass."""
    for age_ns, refusal in ((S, Refusal.NONE), (S - 1, Refusal.ORDER_RATE_MUST_STAY_INSIDE)):
        bench = Bench()
        bench.params.venues[WEST].orders_per_s_max, ring = limit, bench.state.venues[WEST]
        ring.sent_count = count
        for number in range(max(count - RATE_RING_SLOTS, 0), count):
            older = number - (count - limit)
            ring.sent_ns[number % RATE_RING_SLOTS] = bench.now_ns - age_ns + 2 * S * older
        expected = Refusal.NONE if count < limit else refusal
        assert plain(guards.order_rate_refusal)(bench.state, bench.params, WEST, bench.now_ns) == expected


# ----------------------------------------------------------------------------------------------------------- approvals


def test_an_approval_is_for_so_many_orders() -> None:
    bench = Bench()
    with written(bench.state_array) as changes:
        plain(guards.approve)(bench.state, Approval.COMPLETE, 2)
    assert changes == {"approval": Approval.COMPLETE, "approvals_left": 2}


@pytest.mark.parametrize("lots, granted", [(1, True), (8, True), (9, False), (0, False), (-1, False)])
def test_a_reduction_is_granted_up_to_what_is_held(lots: int, granted: bool) -> None:
    bench = Bench()
    leg = bench.symbol.trades[0].legs[0]
    leg.lots = 8
    with written(bench.state_array) as changes:
        assert plain(guards.approve_reduction)(bench.state, leg, lots) == granted
    assert changes == ({"approval": Approval.REDUCE, "approvals_left": 1} if granted else {})
