"""Exposure at its mark: what is counted, who is told to leave, and when a guard stands and is let go."""

from collections.abc import Iterator

import numpy as np
import pytest

from arbitrage_core.domain.order import OrderState, Purpose
from arbitrage_core.domain.refusal import GuardCause, GuardEvent, GuardLevel, Refusal
from arbitrage_core.domain.row import ALL_SYMBOLS
from arbitrage_core.domain.trade import ExitReason, Phase
from arbitrage_core.engine import exposure_guards
from arbitrage_core.engine.guard_memory import NO_VENUE
from arbitrage_core.engine.state import NEVER_NS, SessionGuard, SymbolGuard
from tests.engine.bench import Bench, plain, quiet
from tests.engine.boundary import INF, NAN
from tests.engine.small_market import EAST, WEST, small_config
from tests.engine.written import Written, written

NONE, PAUSE, REDUCE, FLATTEN = GuardLevel
OF_SYMBOL = Refusal.SYMBOL_EXPOSURE_MUST_STAY_INSIDE
OF_VENUE, OF_ALL = Refusal.VENUE_EXPOSURE_MUST_STAY_INSIDE, Refusal.PORTFOLIO_EXPOSURE_MUST_STAY_INSIDE


@pytest.fixture(autouse=True)
def _quiet_arithmetic() -> Iterator[None]:
    with quiet():
        yield


def holding() -> Bench:
    """AAA (asks 100, 200): trades 7, 5, 6 in this order of slots, of 10, 20, 40 lots a leg. BBB (300, 400): one of 100.

    Exposure: AAA 70 lots a venue, 70 + 140; BBB 300 + 400; east 370, west 540, all 910.
    """
    bench = Bench(small_config(symbols=("AAA", "BBB"), max_open_trades=4))
    for s, held in enumerate(([(7, 10), (5, 20), (6, 40)], [(1, 100)])):
        symbol = bench.state.symbols[s]
        for slot, (number, lots) in enumerate(held):
            trade = symbol.trades[slot]
            trade.number, trade.phase = number, Phase.OPEN
            trade.legs["venue"], trade.legs["lots"] = (EAST, WEST), lots
            symbol.in_use += 1
            symbol.exposure_lots[:2] += lots
        symbol.books[EAST].mark_ask_px, symbol.books[WEST].mark_ask_px = 100.0 + 200 * s, 200.0 + 200 * s
    return bench


SCOPES = [
    (0, NO_VENUE, 210.0),
    (1, NO_VENUE, 700.0),
    (ALL_SYMBOLS, EAST, 370.0),
    (ALL_SYMBOLS, WEST, 540.0),
    (ALL_SYMBOLS, NO_VENUE, 910.0),
    (0, WEST, 140.0),
]


@pytest.mark.parametrize("s, v, expected", SCOPES)
@pytest.mark.parametrize("staying", [False, True])
def test_exposure_is_summed_by_symbol_and_venue_at_the_ask(s: int, v: int, expected: float, staying: bool) -> None:
    bench = holding()
    total = plain(exposure_guards.exposed)(bench.state, bench.params, s, v, staying)
    assert total == pytest.approx(expected, rel=1e-14)


def test_what_stays_is_less_than_what_is_exposed() -> None:
    bench = holding()
    bench.symbol.trades[1].told = 1
    exposed = plain(exposure_guards.exposed)
    assert exposed(bench.state, bench.params, 0, NO_VENUE, False) == pytest.approx(210.0)
    assert exposed(bench.state, bench.params, 0, NO_VENUE, True) == pytest.approx(150.0)


@pytest.mark.parametrize("ask, known", [(1e299, True), (1e300, False), (INF, False), (NAN, False)])
def test_exposure_without_a_price_is_no_number(ask: float, known: bool) -> None:
    bench = holding()
    bench.symbol.books[WEST].mark_ask_px = ask
    exposed = plain(exposure_guards.exposed)
    assert np.isnan(exposed(bench.state, bench.params, 0, NO_VENUE, False)) != known
    assert exposed(bench.state, bench.params, 0, EAST, False) == pytest.approx(70.0)
    bench.symbol.exposure_lots[WEST] = 0
    assert exposed(bench.state, bench.params, 0, NO_VENUE, False) == pytest.approx(70.0)


def test_a_symbol_without_trades_exposes_nothing() -> None:
    bench = holding()
    bench.symbol.in_use = 0
    assert plain(exposure_guards.exposed)(bench.state, bench.params, ALL_SYMBOLS, NO_VENUE, False) == 700.0


@pytest.mark.parametrize(
    "told, reason, phase, expected",
    [
        (0, ExitReason.NONE, Phase.OPEN, False),
        (0, ExitReason.TAKE_PROFIT, Phase.CLOSING, False),
        (0, ExitReason.HOLD_TIME, Phase.OPEN, True),
        (0, ExitReason.SESSION_END, Phase.OPEN, True),
        (1, ExitReason.NONE, Phase.OPEN, True),
        (0, ExitReason.NONE, Phase.UNWINDING, True),
    ],
)
def test_a_trade_leaves_when_told_or_for_a_reason_that_stays(
    told: int, reason: ExitReason, phase: Phase, expected: bool
) -> None:
    trade = holding().symbol.trades[0]
    trade.told, trade.exit_reason, trade.phase = told, reason, phase
    assert bool(plain(exposure_guards.leaves)(trade)) == expected


@pytest.mark.parametrize(
    "state, purpose, added",
    [
        (OrderState.OPEN, Purpose.ENTRY, 6),
        (OrderState.UNKNOWN, Purpose.COMPLETE, 6),
        (OrderState.OPEN, Purpose.EXIT, 0),
        (OrderState.CANCELED, Purpose.ENTRY, 0),
        (OrderState.NONE, Purpose.ENTRY, 0),
    ],
)
def test_what_stays_counts_what_working_orders_would_add(state: OrderState, purpose: Purpose, added: int) -> None:
    bench = holding()
    for index in (0, 1):
        order = bench.symbol.trades[2].legs[index].order[0]
        order.state, order.purpose, order.lots, order.filled_lots = state, purpose, 10, 4
    bench.symbol.trades[2].legs[0].lots += 3
    assert plain(exposure_guards.staying_lots)(bench.symbol, WEST) == 70 + added
    bench.symbol.trades[0].phase = Phase.FREE
    assert plain(exposure_guards.staying_lots)(bench.symbol, EAST) == 63 + added


# ------------------------------------------------------------------------------------------------------ who must leave


@pytest.mark.parametrize(
    "s, v, limit_quote, told",
    [
        (0, NO_VENUE, 210.0, []),
        (0, NO_VENUE, 209.0, [(0, 5)]),
        (0, NO_VENUE, 150.0, [(0, 5)]),
        (0, NO_VENUE, 149.0, [(0, 5), (0, 6)]),
        (0, NO_VENUE, 29.0, [(0, 5), (0, 6), (0, 7)]),
        (1, NO_VENUE, 600.0, [(1, 1)]),
        (ALL_SYMBOLS, EAST, 369.0, [(0, 5)]),
        (ALL_SYMBOLS, WEST, 405.0, [(0, 5), (0, 6), (0, 7)]),
        (ALL_SYMBOLS, WEST, 399.0, [(0, 5), (0, 6), (0, 7), (1, 1)]),
        (ALL_SYMBOLS, NO_VENUE, 800.0, [(0, 5), (0, 6)]),
        (ALL_SYMBOLS, NO_VENUE, 0.0, [(0, 5), (0, 6), (0, 7), (1, 1)]),
    ],
)
def test_the_oldest_leave_until_what_stays_lies_inside(
    s: int, v: int, limit_quote: float, told: list[tuple[int, int]]
) -> None:
    bench = holding()
    with written(bench.state_array) as changes:
        plain(exposure_guards.tell_oldest)(bench.state, bench.params, s, v, limit_quote)
    slots = {(0, 7): 0, (0, 5): 1, (0, 6): 2, (1, 1): 0}
    expected = {f"symbols.{symbol}.trades.{slots[symbol, number]}.told": 1 for symbol, number in told}
    if told:
        expected |= {"reducing": 1, **{f"symbols.{symbol}.reducing": 1 for symbol, _ in told}}
    assert changes == expected


@pytest.mark.parametrize(
    "v, venues, told",
    [
        (EAST, (EAST, 2), True),
        (EAST, (2, EAST), True),
        (EAST, (2, WEST), False),
        (WEST, (EAST, 2), False),
        (WEST, (2, EAST), False),
    ],
)
def test_only_trades_at_a_venue_are_told_by_its_limit(v: int, venues: tuple[int, int], told: bool) -> None:
    """Trade 5 stands between these venues, the next at both."""
    bench = holding()
    bench.symbol.trades[1].legs["venue"] = venues
    plain(exposure_guards.tell_oldest)(bench.state, bench.params, ALL_SYMBOLS, v, 0.0)
    assert bool(bench.symbol.trades[1].told) == told
    assert bool(bench.symbol.trades[2].told)


def test_what_leaves_already_is_not_told_again() -> None:
    bench = holding()
    bench.symbol.trades[1].exit_reason = ExitReason.HOLD_TIME
    plain(exposure_guards.tell_oldest)(bench.state, bench.params, 0, NO_VENUE, 149.0)
    assert bench.symbol.trades["told"].tolist() == [0, 0, 1, 0]


# ----------------------------------------------------------------------------------------------------------- judgement


def judge(bench: Bench, only: int = ALL_SYMBOLS) -> Written:
    """What a judgement writes besides telling trades."""
    with written(bench.state_array) as changes:
        plain(exposure_guards.judge_exposure)(bench.state, bench.params, bench.out, np.int64(only), bench.now_ns)
    return {name: value for name, value in changes.items() if "guard" in name}


def noted(bench: Bench) -> list[tuple[Refusal, GuardEvent, int, int, float, float]]:
    """(guard, kind, symbol, venue, observed, limit) of what was noted, all of the engine's."""
    entries = bench.out.guards[: bench.out.guard_count]
    assert set(entries["cause"].tolist()) <= {GuardCause.ENGINE}
    assert set(entries["now_ns"].tolist()) <= {bench.now_ns}
    fields = ("guard", "kind", "symbol", "venue", "observed", "limit")
    return [tuple(entry[name].item() for name in fields) for entry in entries]


def limited(bench: Bench, rule: Refusal, place: int, limit_quote: float) -> tuple[int, int, str]:
    """Sets a limit; (symbol, venue, name) of its guard."""
    if rule == OF_SYMBOL:
        bench.params.symbols[place].exposure_max_quote = limit_quote
        return place, NO_VENUE, f"symbols.{place}.guards.{SymbolGuard.EXPOSURE:d}."
    if rule == OF_VENUE:
        bench.params.venues[place].exposure_max_quote = limit_quote
        return ALL_SYMBOLS, place, f"venues.{place}.exposure_guard.0."
    bench.params.portfolio_exposure_max_quote = limit_quote
    return ALL_SYMBOLS, NO_VENUE, f"guards.{SessionGuard.EXPOSURE:d}."


@pytest.mark.parametrize(
    "rule, place, exposed_quote",
    [
        (OF_SYMBOL, 0, 210.0),
        (OF_SYMBOL, 1, 700.0),
        (OF_VENUE, EAST, 370.0),
        (OF_VENUE, WEST, 540.0),
        (OF_ALL, 0, 910.0),
    ],
)
def test_a_guard_stands_while_its_limit_is_passed_and_no_longer(
    rule: Refusal, place: int, exposed_quote: float
) -> None:
    bench = holding()
    s, v, guard = limited(bench, rule, place, exposed_quote - 1.0)
    observed = pytest.approx(exposed_quote)
    assert judge(bench) == {f"{guard}level": REDUCE, f"{guard}trips": 1}
    assert noted(bench) == [
        (rule, kind, s, v, observed, exposed_quote - 1.0) for kind in (GuardEvent.TRIPPED, GuardEvent.REDUCED)
    ]
    assert judge(bench) == {}, "it stands, and is not noted again"
    limited(bench, rule, place, exposed_quote + 1e-9)
    assert judge(bench) == {f"{guard}level": -REDUCE}
    assert noted(bench)[2:] == [(rule, GuardEvent.RELEASED, s, v, 0.0, 0.0)]


@pytest.mark.parametrize("before", [NONE, REDUCE])
def test_exposure_exactly_at_its_limit_is_inside(before: GuardLevel) -> None:
    bench = holding()
    limited(bench, OF_SYMBOL, 0, plain(exposure_guards.exposed)(bench.state, bench.params, 0, NO_VENUE, False))
    bench.symbol.guards[SymbolGuard.EXPOSURE].level = before
    judge(bench)
    assert int(bench.symbol.guards[SymbolGuard.EXPOSURE].level) == NONE
    assert not bench.state.reducing


@pytest.mark.parametrize("limit_quote, after", [(INF, NONE), (NAN, REDUCE)])
def test_a_guard_that_stands_is_judged_though_its_limit_was_taken_away(limit_quote: float, after: GuardLevel) -> None:
    bench = holding()
    guard = bench.symbol.guards[SymbolGuard.EXPOSURE]
    guard.level, guard.release_ns = REDUCE, NEVER_NS
    limited(bench, OF_SYMBOL, 0, limit_quote)
    judge(bench)
    assert int(guard.level) == after


@pytest.mark.parametrize("limit_quote", [INF, NAN])
def test_without_a_limit_nothing_is_judged(limit_quote: float) -> None:
    bench = holding()
    limited(bench, OF_SYMBOL, 0, limit_quote)
    assert judge(bench) == {}


@pytest.mark.parametrize("only, judged", [(ALL_SYMBOLS, [0, 1]), (0, [0]), (1, [1])])
def test_a_booking_judges_its_symbol_a_mark_all(only: int, judged: list[int]) -> None:
    bench = holding()
    for s in (0, 1):
        limited(bench, OF_SYMBOL, s, 1.0)
    judge(bench, only)
    levels = [int(bench.state.symbols[s].guards[SymbolGuard.EXPOSURE].level) for s in (0, 1)]
    assert levels == [REDUCE if s in judged else NONE for s in (0, 1)]


def test_without_a_price_a_guard_neither_trips_nor_is_let_go() -> None:
    bench = holding()
    limited(bench, OF_SYMBOL, 0, 1.0)
    bench.symbol.books[WEST].mark_ask_px = INF
    assert judge(bench) == {}
    bench.symbol.guards[SymbolGuard.EXPOSURE].level = REDUCE
    assert judge(bench) == {}
