"""How a guard with memory trips, rises and is let go: what each call writes and notes, and nothing else."""

from collections.abc import Iterator

import numpy as np
import pytest

from arbitrage_core.domain.refusal import GuardCause, GuardEvent, GuardLevel, Refusal
from arbitrage_core.domain.row import ALL_SYMBOLS
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine import guard_memory
from arbitrage_core.engine.state import NEVER_NS, SLIPPAGE_FILLS, SessionGuard, SymbolGuard
from tests.engine.bench import Bench, plain, quiet
from tests.engine.small_market import START_NS, small_config
from tests.engine.written import Written, written

NONE, PAUSE, REDUCE, FLATTEN = GuardLevel
TRIPPED, RELEASED, REDUCED, FLATTENED = (
    GuardEvent.TRIPPED,
    GuardEvent.RELEASED,
    GuardEvent.REDUCED,
    GuardEvent.FLATTENED,
)
ENGINE, OPERATOR = GuardCause.ENGINE, GuardCause.OPERATOR
SLIPS, LOSES = Refusal.SLIPPAGE_MUST_BE_AS_EXPECTED, Refusal.LOSSES_MUST_NOT_RUN_ON
OF_DAY, OF_ALL = Refusal.SYMBOL_DAILY_LOSS_MUST_STAY_INSIDE, Refusal.PORTFOLIO_DAILY_LOSS_MUST_STAY_INSIDE
FALLS = Refusal.DRAWDOWN_MUST_STAY_INSIDE
DAY_NS = 86_400 * 10**9
PAUSE_NS = 7_000

Event = tuple[Refusal, GuardEvent, GuardCause, int, int, int, float, float]
"""Guard, kind, cause, symbol, venue, release_ns, observed, limit."""


@pytest.fixture(autouse=True)
def _quiet_arithmetic() -> Iterator[None]:
    with quiet():
        yield


def noted(bench: Bench, now_ns: int | None = None) -> list[Event]:
    """The guard events noted, in order; all of them at `now_ns`, and counted among what was written."""
    entries = bench.out.guards[: bench.out.guard_count]
    assert int(bench.out.written) == len(entries)
    assert set(entries["now_ns"].tolist()) <= {bench.now_ns if now_ns is None else now_ns}
    fields = ("guard", "kind", "cause", "symbol", "venue", "release_ns", "observed", "limit")
    return [tuple(entry[field].item() for field in fields) for entry in entries]


def guard_of(bench: Bench, place: SymbolGuard = SymbolGuard.LOSSES) -> np.record:
    """One of the first symbol's guards."""
    return bench.symbol.guards[place]


@pytest.mark.parametrize(
    "level, before_release_ns, expected",
    [(NONE, 1, False), (PAUSE, 1, True), (PAUSE, 0, False), (PAUSE, -1, False), (FLATTEN, 1, True)],
)
def test_a_guard_stands_until_the_instant_of_its_release(
    level: GuardLevel, before_release_ns: int, expected: bool
) -> None:
    bench = Bench()
    guard_of(bench).level, guard_of(bench).release_ns = level, bench.now_ns + before_release_ns
    assert plain(guard_memory.stands)(guard_of(bench), bench.now_ns) == expected


def test_a_guard_that_trips_pauses_and_one_that_stands_does_not_trip_again() -> None:
    bench = Bench()
    guard_of(bench).trips = 4
    call = (bench.out, guard_of(bench), LOSES, 0, bench.now_ns, bench.now_ns + 9, 2.5, 1.5)
    with written(bench.state_array) as changes:
        plain(guard_memory.trip)(*call)
    assert int(guard_of(bench).release_ns) == bench.now_ns + 9
    assert {name: changes[f"symbols.0.guards.1.{name}"] for name in ("level", "trips")} == {"level": PAUSE, "trips": 1}
    assert noted(bench) == [(LOSES, TRIPPED, ENGINE, 0, -1, bench.now_ns + 9, 2.5, 1.5)]
    with written(bench.state_array) as changes:
        plain(guard_memory.trip)(*call)
    assert (changes, len(noted(bench))) == ({}, 1)


RAISES: list[tuple[GuardLevel, GuardLevel, GuardLevel, list[tuple[GuardEvent, float]], bool]] = [
    (NONE, NONE, NONE, [], False),
    (NONE, PAUSE, PAUSE, [(TRIPPED, 10.0)], False),
    (NONE, REDUCE, REDUCE, [(TRIPPED, 10.0), (REDUCED, 20.0)], True),
    (NONE, FLATTEN, FLATTEN, [(TRIPPED, 10.0), (REDUCED, 20.0), (FLATTENED, 30.0)], True),
    (PAUSE, NONE, PAUSE, [], False),
    (PAUSE, PAUSE, PAUSE, [], False),
    (PAUSE, REDUCE, REDUCE, [(REDUCED, 20.0)], True),
    (PAUSE, FLATTEN, FLATTEN, [(REDUCED, 20.0), (FLATTENED, 30.0)], True),
    (REDUCE, PAUSE, REDUCE, [], False),
    (REDUCE, REDUCE, REDUCE, [], False),
    (REDUCE, FLATTEN, FLATTEN, [(FLATTENED, 30.0)], True),
    (FLATTEN, FLATTEN, FLATTEN, [], False),
    (FLATTEN, NONE, FLATTEN, [], False),
]


@pytest.mark.parametrize("before, level, after, events, reached", RAISES)
def test_a_guard_rises_step_by_step_and_keeps_what_it_reached(
    before: GuardLevel, level: GuardLevel, after: GuardLevel, events: list[tuple[GuardEvent, float]], reached: bool
) -> None:
    bench = Bench()
    guard = guard_of(bench, SymbolGuard.EXPOSURE)
    guard.level, guard.release_ns, guard.trips = before, 55, 4
    limits = (10.0, 20.0, 30.0)
    call = (bench.out, guard, OF_DAY, 0, 1, bench.now_ns, 99.0, limits, level)
    assert bool(plain(guard_memory.raised)(*call)) == reached
    assert int(guard.level) == after
    tripped = before == NONE and after != NONE
    assert (int(guard.trips), int(guard.release_ns)) == ((5, NEVER_NS) if tripped else (4, 55))
    assert noted(bench) == [(OF_DAY, kind, ENGINE, 0, 1, 0, 99.0, limit) for kind, limit in events]


@pytest.mark.parametrize("level", GuardLevel, ids=lambda level: level.name)
def test_a_guard_let_go_is_as_new_and_only_one_that_tripped_is_noted(level: GuardLevel) -> None:
    bench = Bench()
    guard_of(bench).level, guard_of(bench).release_ns = level, 55
    plain(guard_memory.release)(bench.out, guard_of(bench), LOSES, 0, 1, bench.now_ns, OPERATOR)
    assert (int(guard_of(bench).level), int(guard_of(bench).release_ns)) == (NONE, NEVER_NS)
    assert noted(bench) == ([(LOSES, RELEASED, OPERATOR, 0, 1, 0, 0.0, 0.0)] if level != NONE else [])


@pytest.mark.parametrize("on, kind", [(0, TRIPPED), (1, RELEASED), (2, RELEASED), (-1, RELEASED)])
def test_the_operators_switch_is_noted(on: int, kind: GuardEvent) -> None:
    bench = Bench()
    plain(guard_memory.switched)(bench.out, Refusal.SYMBOL_MUST_BE_ON, 0, on, bench.now_ns)
    assert noted(bench) == [(Refusal.SYMBOL_MUST_BE_ON, kind, OPERATOR, 0, -1, 0, 0.0, 0.0)]


GUARD_OF_RULE = {
    SLIPS: ("symbol", SymbolGuard.SLIPPAGE),
    LOSES: ("symbol", SymbolGuard.LOSSES),
    OF_DAY: ("symbol", SymbolGuard.DAILY_LOSS),
    OF_ALL: ("session", SessionGuard.DAILY_LOSS),
    FALLS: ("session", SessionGuard.DRAWDOWN),
}


@pytest.mark.parametrize("rule", GUARD_OF_RULE, ids=lambda rule: rule.name)
def test_each_guard_that_stands_refuses_by_its_own_rule(rule: Refusal) -> None:
    bench = Bench()
    whose, place = GUARD_OF_RULE[rule]
    guard = (bench.symbol if whose == "symbol" else bench.state).guards[place]
    guard.level, guard.release_ns = PAUSE, bench.now_ns + 1
    refusal = plain(guard_memory.memory_refusal)
    assert refusal(bench.state, bench.params, 0, bench.now_ns) == rule
    assert refusal(bench.state, bench.params, 0, bench.now_ns + 1) == Refusal.NONE


@pytest.mark.parametrize(
    "name", ["daily_loss_max_quote", "drawdown_max_quote", "drawdown_max_share", "slippage_excess_max_bps"]
)
def test_a_limit_of_nothing_is_a_limit(name: str) -> None:
    bench = Bench()
    for owner in (bench.params, bench.terms):
        if name in owner.dtype.names:
            owner[name] = 0.0
    assert plain(guard_memory.memory_refusal)(bench.state, bench.params, 0, bench.now_ns) == Refusal.NONE


# --------------------------------------------------------------------------------------------------------------- fills


def slip(bench: Bench, slippage_amount: int, notional_amount: int, expected_bps: float = 0.0) -> Written:
    """A fill that slipped."""
    with written(bench.state_array) as changes:
        call = (bench.out, 0, np.int64(slippage_amount), np.int64(notional_amount), expected_bps, bench.now_ns)
        plain(guard_memory.remember_fill)(bench.state, bench.params, *call)
    return changes


def test_a_fill_takes_the_place_of_the_one_sixteen_before() -> None:
    """What is remembered is what it slipped beyond the 5 bps expected of 40,000: 20 units."""
    bench = Bench()
    bench.symbol.slippage_excesses[:], bench.symbol.slippage_notionals[:] = 7, 11
    for count, place in ((0, 0), (3, 3), (15, 15), (16, 0), (37, 5)):
        bench.symbol.slippage_count = count
        bench.symbol.slippage_excesses[place], bench.symbol.slippage_notionals[place] = 7, 11
        assert slip(bench, 61, 40_000, 5.0) == {
            f"symbols.0.slippage_excesses.{place}": 41 - 7,
            f"symbols.0.slippage_notionals.{place}": 40_000 - 11,
            "symbols.0.slippage_count": 1,
        }


@pytest.mark.parametrize("excess_amount, trips", [(800, False), (801, True), (2_000, True)])
def test_sixteen_fills_trip_by_their_sums_and_the_event_says_by_how_much(excess_amount: int, trips: bool) -> None:
    """The other fifteen slipped 400 beyond; 3 bps of 16 × 250,000 are 1,200. The fill of 9,999 is forgotten."""
    bench = Bench(small_config(slippage_excess_max_bps=3.0))
    bench.terms.guard_pause_ns = PAUSE_NS
    bench.symbol.slippage_notionals[:], bench.symbol.slippage_count = 250_000, 31
    bench.symbol.slippage_excesses[:] = [130, -70] * 7 + [-20, 9_999]
    slip(bench, excess_amount, 250_000)
    observed = (400 + excess_amount) / 4_000_000 * 1e4
    tripped = (SLIPS, TRIPPED, ENGINE, 0, -1, bench.now_ns + PAUSE_NS, pytest.approx(observed, rel=1e-15), 3.0)
    assert noted(bench) == ([tripped] if trips else [])


@pytest.mark.parametrize("count, trips", [(14, False), (15, True), (16, True)])
def test_before_there_are_sixteen_nothing_is_judged(count: int, trips: bool) -> None:
    bench = Bench(small_config(slippage_excess_max_bps=3.0))
    bench.symbol.slippage_count, bench.symbol.slippage_excesses[:] = count, 500
    slip(bench, 500, 1)
    assert bool(noted(bench)) == trips


@pytest.mark.parametrize("after_ns, counts", [(-1, 40), (0, 0), (1, 0)])
def test_after_the_pause_slippage_is_counted_anew(after_ns: int, counts: int) -> None:
    bench = Bench(small_config(slippage_excess_max_bps=9_999.0))
    guard = guard_of(bench, SymbolGuard.SLIPPAGE)
    guard.level, guard.release_ns, bench.symbol.slippage_count = PAUSE, bench.now_ns - after_ns, 40
    slip(bench, 0, 1)
    assert int(bench.symbol.slippage_count) == counts + 1
    released = [(SLIPS, RELEASED, ENGINE, 0, -1, 0, 0.0, 0.0)]
    assert noted(bench) == ([] if counts else released)


# -------------------------------------------------------------------------------------------------------------- losses


def end(bench: Bench, realised_amount: int, phase: Phase = Phase.CLOSED) -> int:
    """A trade that ended so; losses in a row since."""
    trade = bench.symbol.trades[0]
    trade.realised_amount, trade.phase = realised_amount, phase
    plain(guard_memory.remember_result)(bench.state, bench.params, bench.out, 0, trade, bench.now_ns)
    return int(bench.symbol.losses_in_a_row)


@pytest.mark.parametrize(
    "amount, phase, losses",
    [
        (-1, Phase.CLOSED, 3),
        (0, Phase.CLOSED, 3),
        (1, Phase.CLOSED, 0),
        (-1, Phase.UNWOUND, 3),
        (-1, Phase.VOID, 2),
        (1, Phase.VOID, 2),
    ],
)
def test_a_trade_that_won_nothing_is_one_more_loss(amount: int, phase: Phase, losses: int) -> None:
    bench = Bench()
    bench.symbol.losses_in_a_row = 2
    assert end(bench, amount, phase) == losses


def test_losses_in_a_row_trip_for_the_pause_with_their_number() -> None:
    bench = Bench(small_config(losses_in_a_row_max=2))
    bench.terms.guard_pause_ns = PAUSE_NS
    assert (end(bench, -5), noted(bench)) == (1, [])
    assert end(bench, -5) == 2
    assert noted(bench) == [(LOSES, TRIPPED, ENGINE, 0, -1, bench.now_ns + PAUSE_NS, 2.0, 2.0)]


def test_more_losses_than_allowed_trip_too() -> None:
    bench = Bench(small_config(losses_in_a_row_max=2))
    bench.symbol.losses_in_a_row = 5
    assert end(bench, -5) == 6
    assert len(noted(bench)) == 1


@pytest.mark.parametrize("after_ns, losses", [(-1, 6), (0, 1), (1, 1)])
def test_after_the_pause_losses_are_counted_anew(after_ns: int, losses: int) -> None:
    bench = Bench(small_config(losses_in_a_row_max=9))
    guard_of(bench).level, guard_of(bench).release_ns, bench.symbol.losses_in_a_row = PAUSE, bench.now_ns - after_ns, 5
    assert end(bench, -1) == losses
    released = [(LOSES, RELEASED, ENGINE, 0, -1, 0, 0.0, 0.0)]
    assert noted(bench) == ([] if losses > 1 else released)


# ------------------------------------------------------------------------------------------------- days and the release


def tripped(bench: Bench) -> Bench:
    """All guards of two symbols and of the session at REDUCE, and sums that are under way."""
    for symbol in bench.state.symbols:
        symbol["guards"]["level"], symbol["guards"]["release_ns"] = REDUCE, 99
        symbol["realised_amount"], symbol["losses_in_a_row"], symbol["slippage_count"] = -700, 3, 5
    bench.state.guards["level"], bench.state.guards["release_ns"] = REDUCE, 99
    bench.state.realised_amount, bench.state.equity_amount, bench.state.guard_peak_amount = -1_400, 900, 1_000
    return bench


def let_go(whose: str, place: int) -> Written:
    """What letting one of the guards of `tripped` go writes."""
    return {f"{whose}guards.{place}.level": -REDUCE, f"{whose}guards.{place}.release_ns": NEVER_NS - 99}


@pytest.mark.parametrize("since_midnight_ns", [0, 1, DAY_NS - 1])
def test_a_day_begins_at_midnight_for_all_symbols(since_midnight_ns: int) -> None:
    bench = tripped(Bench(small_config(symbols=("AAA", "BBB"))))
    midnight_ns = START_NS // DAY_NS * DAY_NS
    now_ns = midnight_ns + since_midnight_ns
    with written(bench.state_array) as changes:
        plain(guard_memory.begin_day)(bench.state, bench.params, bench.out, now_ns)
    assert int(bench.state.day_end_ns) == midnight_ns + DAY_NS
    assert changes.pop("day_end_ns")
    assert changes == {
        **let_go("", SessionGuard.DAILY_LOSS),
        "day_start_amount": -1_400,
        **{key: value for s in (0, 1) for key, value in let_go(f"symbols.{s}.", SymbolGuard.DAILY_LOSS).items()},
        **{f"symbols.{s}.day_start_amount": -700 for s in (0, 1)},
    }
    assert noted(bench, now_ns) == [
        (OF_ALL, RELEASED, ENGINE, ALL_SYMBOLS, -1, 0, 0.0, 0.0),
        *((OF_DAY, RELEASED, ENGINE, s, -1, 0, 0.0, 0.0) for s in (0, 1)),
    ]


def test_the_operator_releases_the_session() -> None:
    bench = tripped(Bench())
    with written(bench.state_array) as changes:
        plain(guard_memory.release_session)(bench.state, bench.out, bench.now_ns)
    assert changes == {
        **let_go("", SessionGuard.DAILY_LOSS),
        **let_go("", SessionGuard.DRAWDOWN),
        "day_start_amount": -1_400,
        "guard_peak_amount": -100,
    }
    assert noted(bench) == [(rule, RELEASED, OPERATOR, ALL_SYMBOLS, -1, 0, 0.0, 0.0) for rule in (OF_ALL, FALLS)]


def test_the_operator_releases_a_symbol() -> None:
    bench = tripped(Bench())
    with written(bench.state_array) as changes:
        plain(guard_memory.release_symbol)(bench.symbol, bench.out, 0, bench.now_ns)
    places = (SymbolGuard.SLIPPAGE, SymbolGuard.LOSSES, SymbolGuard.DAILY_LOSS)
    assert changes == {
        **{key: value for place in places for key, value in let_go("symbols.0.", place).items()},
        "symbols.0.day_start_amount": -700,
        "symbols.0.losses_in_a_row": -3,
        "symbols.0.slippage_count": -5,
    }
    assert noted(bench) == [(rule, RELEASED, OPERATOR, 0, -1, 0, 0.0, 0.0) for rule in (SLIPS, LOSES, OF_DAY)]
    assert SLIPPAGE_FILLS == 16
