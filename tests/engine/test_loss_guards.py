"""Losses of the day and the drawdown: what is counted, what each step answers, and that nothing else is written."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from arbitrage_core.domain.refusal import GuardCause, GuardEvent, GuardLevel, Refusal
from arbitrage_core.domain.row import ALL_SYMBOLS
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine import loss_guards
from arbitrage_core.engine.state import NEVER_NS, SessionGuard, SessionPhase, SymbolGuard
from tests.engine.bench import Bench, plain, quiet
from tests.engine.boundary import INF, NAN, above
from tests.engine.small_market import EAST, WEST, small_config
from tests.engine.written import written

NONE, PAUSE, REDUCE, FLATTEN = GuardLevel
OF_DAY, OF_ALL = Refusal.SYMBOL_DAILY_LOSS_MUST_STAY_INSIDE, Refusal.PORTFOLIO_DAILY_LOSS_MUST_STAY_INSIDE
FALLS = Refusal.DRAWDOWN_MUST_STAY_INSIDE
UNITS = 10**8
STEPS = {"reduce_at": 1.5, "flatten_at": 2.0}
TOLD = {f"symbols.0.trades.{slot}.told": 1 for slot in range(4)}


@pytest.fixture(autouse=True)
def _quiet_arithmetic() -> Iterator[None]:
    with quiet():
        yield


def bench_of(symbols: tuple[str, ...] = ("AAA",), session: dict[str, Any] | None = None, **params: Any) -> Bench:
    """A bench whose losses answer at 1.5 and 2 times their limits."""
    return Bench(small_config(symbols=symbols, session={**STEPS, **(session or {})}, **params))


def noted(bench: Bench) -> list[tuple[Refusal, GuardEvent, int, float, float]]:
    """(guard, kind, symbol, observed, limit) of what was noted: all of the engine's, of no venue, for good."""
    entries = bench.out.guards[: bench.out.guard_count]
    fixed = {(e["cause"].item(), e["venue"].item(), e["release_ns"].item(), e["now_ns"].item()) for e in entries}
    assert fixed <= {(GuardCause.ENGINE, -1, 0, bench.now_ns)}
    return [tuple(e[name].item() for name in ("guard", "kind", "symbol", "observed", "limit")) for e in entries]


# ---------------------------------------------------------------------------------------------------- legs left alone


def alone(bench: Bench, slot: int, basis_amount: int, lots: int = 8, began_ns: int = 5, s: int = 0) -> None:
    """A trade with a purchase at east, worth 1.00 a lot, and nothing sold."""
    trade = bench.state.symbols[s].trades[slot]
    trade.phase, trade.incident_began_ns = Phase.UNWINDING, began_ns
    trade.legs[0].venue, trade.legs[0].side, trade.legs[0].lots = EAST, 1, lots
    trade.legs[0].basis_amount, trade.legs[1].venue, trade.legs[1].side = basis_amount, WEST, -1
    bench.state.symbols[s].in_use += 1


def test_what_getting_out_of_legs_alone_would_lose_is_summed_gains_left_out() -> None:
    """8 lots of 0.01 are worth 8.00: bought for 9.00, 7.00, 8.50; and one hedged trade, and a slot long free."""
    bench = bench_of(max_open_trades=4)
    assert plain(loss_guards.incident_loss_amount)(bench.state, bench.params, 0) == 0
    alone(bench, 0, -9 * UNITS)
    alone(bench, 1, -7 * UNITS)
    alone(bench, 2, -850_000_000)
    alone(bench, 3, -99 * UNITS, began_ns=NEVER_NS)
    assert plain(loss_guards.incident_loss_amount)(bench.state, bench.params, 0) == -150_000_000
    bench.symbol.trades[0].phase = Phase.FREE
    assert plain(loss_guards.incident_loss_amount)(bench.state, bench.params, 0) == -50_000_000
    bench.symbol.in_use = 1
    assert plain(loss_guards.incident_loss_amount)(bench.state, bench.params, 0) == -50_000_000
    bench.symbol.in_use = 0
    assert plain(loss_guards.incident_loss_amount)(bench.state, bench.params, 0) == 0


# ------------------------------------------------------------------------------------------------- losses of the day


def judge(bench: Bench, only: int = ALL_SYMBOLS) -> dict[str, float]:
    """What a judgement writes."""
    with written(bench.state_array) as changes:
        plain(loss_guards.judge_losses)(bench.state, bench.params, bench.out, np.int64(only), bench.now_ns)
    return changes


def test_the_loss_of_a_symbol_counts_from_the_days_start_and_with_its_legs_alone() -> None:
    """Lost since: from 30.00 to 27.00 realised, and 1.00 in a leg: 4.00 of 4.00 allowed, then a unit more."""
    bench = bench_of(symbol_daily_loss_max_quote=4.0)
    bench.symbol.day_start_amount, bench.symbol.realised_amount = 30 * UNITS, 27 * UNITS
    alone(bench, 0, -9 * UNITS)
    assert judge(bench) == {}
    bench.symbol.realised_amount -= 1
    assert judge(bench) == {"symbols.0.guards.2.level": PAUSE, "symbols.0.guards.2.trips": 1}
    assert noted(bench) == [(OF_DAY, GuardEvent.TRIPPED, 0, pytest.approx(4.00000001, rel=1e-12), 4.0)]


def test_the_loss_of_all_is_the_sessions_with_all_legs_alone() -> None:
    bench = bench_of(("AAA", "BBB"), {"portfolio_daily_loss_max_quote": 5.0})
    bench.state.day_start_amount, bench.state.realised_amount = 30 * UNITS, 27 * UNITS
    alone(bench, 0, -9 * UNITS)
    alone(bench, 0, -9 * UNITS, s=1)
    assert judge(bench) == {}
    bench.state.realised_amount -= 1
    assert judge(bench)["guards.0.level"] == PAUSE
    assert noted(bench) == [(OF_ALL, GuardEvent.TRIPPED, ALL_SYMBOLS, pytest.approx(5.00000001, rel=1e-12), 5.0)]


@pytest.mark.parametrize("only, judged", [(ALL_SYMBOLS, [0, 1]), (0, [0]), (1, [1])])
def test_a_booking_judges_its_symbol_a_mark_all(only: int, judged: list[int]) -> None:
    bench = bench_of(("AAA", "BBB"), symbol_daily_loss_max_quote=5.0)
    for s in (0, 1):
        bench.state.symbols[s].realised_amount = -6 * UNITS
    judge(bench, only)
    levels = [int(bench.state.symbols[s].guards[SymbolGuard.DAILY_LOSS].level) for s in (0, 1)]
    assert levels == [PAUSE if s in judged else NONE for s in (0, 1)]


def test_days_are_judged_only_where_one_has_a_limit() -> None:
    bench = bench_of()
    bench.params.daily_loss_max_quote, bench.params.judges_day = 1.0, 0
    bench.state.realised_amount = -99 * UNITS
    assert judge(bench) == {}
    bench.params.judges_day = 1
    assert judge(bench)["guards.0.level"] == FLATTEN


@pytest.mark.parametrize("off", [0, 1])
def test_a_symbol_that_flattens_is_switched_off_once_and_all_its_trades_told(off: int) -> None:
    bench = bench_of(("AAA", "BBB"), symbol_daily_loss_max_quote=5.0)
    bench.symbol.realised_amount, bench.symbol.off, bench.symbol.in_use = -11 * UNITS, off, 1
    changes = judge(bench)
    assert changes == {
        "symbols.0.guards.2.level": FLATTEN,
        "symbols.0.guards.2.trips": 1,
        "reducing": 1,
        "symbols.0.reducing": 1,
        **TOLD,
        **({} if off else {"symbols.0.off": 1}),
    }
    lost = pytest.approx(11.0)
    steps = [(GuardEvent.TRIPPED, 5.0), (GuardEvent.REDUCED, 7.5), (GuardEvent.FLATTENED, 10.0)]
    switched = [] if off else [(Refusal.SYMBOL_MUST_BE_ON, GuardEvent.TRIPPED, 0, lost, 10.0)]
    assert noted(bench) == [*((OF_DAY, kind, 0, lost, limit) for kind, limit in steps), *switched]


def test_a_symbol_that_reduces_stays_on() -> None:
    bench = bench_of(symbol_daily_loss_max_quote=5.0)
    bench.symbol.realised_amount = -8 * UNITS
    changes = judge(bench)
    assert changes["symbols.0.reducing"] == changes["reducing"] == 1
    assert "symbols.0.off" not in changes
    assert not set(TOLD) & set(changes), "nothing is open, and nobody is told"


# ------------------------------------------------------------------------------------------------------------ drawdown


FALLEN: list[tuple[float, float, float, bool]] = [
    (100.0, INF, 100.0, False),
    (100.0, INF, 100.00000001, True),
    (INF, 0.25, 250.0, False),
    (INF, 0.25, 250.00000001, True),
    (300.0, 0.25, 250.00000001, True),
    (200.0, 0.25, 200.00000001, True),
    (NAN, INF, 0.0, True),
    (INF, NAN, 0.0, True),
    (NAN, 0.25, 0.0, True),
    (100.0, NAN, 0.0, True),
]


@pytest.mark.parametrize("of_quote, share, fallen_quote, trips", FALLEN)
def test_the_drawdown_is_from_the_highest_and_by_the_nearer_limit(
    of_quote: float, share: float, fallen_quote: float, trips: bool
) -> None:
    """The highest was 1,000. A limit that is none trips at once, and never beyond PAUSE."""
    bench = bench_of()
    bench.params.drawdown_max_quote, bench.params.drawdown_max_share = of_quote, share
    bench.state.guard_peak_amount = 1_000 * UNITS
    bench.state.equity_amount = bench.state.guard_peak_amount - round(fallen_quote * UNITS)
    plain(loss_guards.judge_drawdown)(bench.state, bench.params, bench.out, bench.now_ns)
    assert int(bench.state.guards[SessionGuard.DRAWDOWN].level) == (PAUSE if trips else NONE)
    if trips and fallen_quote:
        rule, kind, s, observed, limit = noted(bench)[0]
        assert (rule, kind, s) == (FALLS, GuardEvent.TRIPPED, ALL_SYMBOLS)
        assert observed == pytest.approx(fallen_quote, rel=1e-12)
        assert limit == pytest.approx(min(of_quote, share * 1_000))


def test_a_new_highest_is_kept() -> None:
    bench = bench_of()
    bench.state.guard_peak_amount = bench.state.equity_amount - 5
    with written(bench.state_array) as changes:
        plain(loss_guards.judge_drawdown)(bench.state, bench.params, bench.out, bench.now_ns)
    assert changes == {"guard_peak_amount": 5}


@pytest.mark.parametrize(
    "fallen_quote, phase, after",
    [
        (14.0, SessionPhase.ACTIVE, SessionPhase.ACTIVE),
        (16.0, SessionPhase.ACTIVE, SessionPhase.ACTIVE),
        (21.0, SessionPhase.ACTIVE, SessionPhase.ENDING),
        (21.0, SessionPhase.PAUSED, SessionPhase.ENDING),
        (21.0, SessionPhase.HALTED, SessionPhase.HALTED),
    ],
)
def test_a_session_that_flattens_ends_and_all_symbols_are_told(
    fallen_quote: float, phase: SessionPhase, after: SessionPhase
) -> None:
    bench = bench_of(("AAA", "BBB"), {"drawdown_max_quote": 10.0})
    bench.state.phase, bench.state.equity_amount = phase, bench.state.guard_peak_amount - round(fallen_quote * UNITS)
    bench.state.symbols[1].in_use = 1
    changes = judge(bench)
    assert int(bench.state.phase) == after
    reducing = {"reducing": 1, "symbols.0.reducing": 1, "symbols.1.reducing": 1}
    told = {f"symbols.1.trades.{slot}.told": 1 for slot in range(4)}
    assert {name: value for name, value in changes.items() if name.endswith(("reducing", "told"))} == (
        {**reducing, **told} if fallen_quote > 15 else {}
    )


# --------------------------------------------------------------------------------------------------------------- steps


@pytest.mark.parametrize(
    "loss, limit, before, level, tells",
    [
        (10.0, 10.0, NONE, NONE, False),
        (above(10.0), 10.0, NONE, PAUSE, False),
        (15.0, 10.0, NONE, PAUSE, False),
        (above(15.0), 10.0, NONE, REDUCE, True),
        (20.0, 10.0, NONE, REDUCE, True),
        (above(20.0), 10.0, NONE, FLATTEN, True),
        (99.0, NAN, NONE, PAUSE, False),
        (NAN, 10.0, NONE, PAUSE, False),
        (11.0, 10.0, PAUSE, PAUSE, False),
        (16.0, 10.0, PAUSE, REDUCE, True),
        (16.0, 10.0, REDUCE, REDUCE, False),
        (11.0, 10.0, REDUCE, REDUCE, False),
        (21.0, 10.0, FLATTEN, FLATTEN, False),
        (0.0, 0.0, NONE, NONE, False),
        (5e-324, 0.0, NONE, FLATTEN, True),
    ],
)
def test_a_loss_calls_for_the_step_above_whose_multiple_it_lies(
    loss: float, limit: float, before: GuardLevel, level: GuardLevel, tells: bool
) -> None:
    bench = bench_of()
    guard = bench.symbol.guards[SymbolGuard.DAILY_LOSS]
    guard.level = before
    call = (bench.params, bench.out, guard, OF_DAY, 0, bench.now_ns, loss, limit)
    assert bool(plain(loss_guards.rises)(*call)) == tells
    assert int(guard.level) == level
    limits = {GuardEvent.TRIPPED: limit, GuardEvent.REDUCED: 15.0, GuardEvent.FLATTENED: 20.0}
    assert limit == 0.0 or limit != limit or all(limits[GuardEvent(kind)] == at for _, kind, _, _, at in noted(bench))
