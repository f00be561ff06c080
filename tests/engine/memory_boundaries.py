"""Boundaries of the guards with memory: how much must have happened before they refuse."""

from collections.abc import Callable
from typing import Any

from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.row import ALL_SYMBOLS
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine import guard_memory, loss_guards
from arbitrage_core.engine.state import SLIPPAGE_FILLS
from tests.engine.bench import Bench, plain
from tests.engine.boundary import INF, NAN, Boundary
from tests.engine.small_market import small_config

UNITS, FIVE = 10**8, 5 * 10**8
"""Booking units of one, and of five."""


def _memory(bench: Bench) -> int:
    return plain(guard_memory.memory_refusal)(bench.state, bench.params, 0, bench.now_ns)


def _slippage(worse_units: int) -> int:
    """Sixteen fills of 100 each, dealt so many units worse than the expected 1 bps; 2 bps more are allowed."""
    bench = Bench(small_config(slippage_excess_max_bps=2.0))
    for _ in range(SLIPPAGE_FILLS):
        amount = 100 * UNITS
        call = plain(guard_memory.remember_fill)
        call(bench.state, bench.params, bench.out, 0, amount // 10_000 + worse_units, amount, 1.0, bench.now_ns)
    return _memory(bench)


def _few_fills(count: int) -> int:
    bench = Bench(small_config(slippage_excess_max_bps=0.0))
    for _ in range(count):
        call = plain(guard_memory.remember_fill)
        call(bench.state, bench.params, bench.out, 0, UNITS, 100 * UNITS, 0.0, bench.now_ns)
    return _memory(bench)


def _lost(count: int) -> int:
    bench = Bench(small_config(losses_in_a_row_max=3))
    trade = bench.symbol.trades[0]
    trade.phase = Phase.CLOSED
    for _ in range(count):
        plain(guard_memory.remember_result)(bench.state, bench.params, bench.out, 0, trade, bench.now_ns)
    return _memory(bench)


def _lost_today(loss_amount: int) -> int:
    bench = Bench(small_config(symbol_daily_loss_max_quote=5.0))
    bench.symbol.realised_amount = bench.state.realised_amount = -loss_amount
    plain(loss_guards.judge_losses)(bench.state, bench.params, bench.out, ALL_SYMBOLS, bench.now_ns)
    return _memory(bench)


def _all_lost_today(loss_amount: int) -> int:
    bench = Bench(small_config(session={"portfolio_daily_loss_max_quote": 5.0}))
    bench.state.realised_amount = -loss_amount
    plain(loss_guards.judge_losses)(bench.state, bench.params, bench.out, ALL_SYMBOLS, bench.now_ns)
    return _memory(bench)


def _fallen(session: dict[str, Any], amount: int) -> int:
    bench = Bench(small_config(session={"initial_capital_quote": 1_000.0, **session}))
    bench.state.equity_amount -= amount
    plain(loss_guards.judge_losses)(bench.state, bench.params, bench.out, ALL_SYMBOLS, bench.now_ns)
    return _memory(bench)


def _fallen_by(amount: int) -> int:
    return _fallen({"drawdown_max_quote": 5.0}, amount)


def _fallen_of_the_peak(amount: int) -> int:
    return _fallen({"drawdown_max_share": 0.005}, amount)


def _limit_of(of_symbol: bool, name: str) -> Callable[[float], int]:
    """Nothing happened; what if the limit is none?"""

    def ask(limit: float) -> int:
        bench = Bench()
        (bench.terms if of_symbol else bench.params)[name] = limit
        return _memory(bench)

    return ask


MEMORY_BOUNDARIES = [
    Boundary(
        Refusal.SLIPPAGE_MUST_BE_AS_EXPECTED, "units a fill of 100", _slippage, (0, 1_999_999, 2_000_000), (2_000_001,)
    ),
    Boundary(Refusal.SLIPPAGE_MUST_BE_AS_EXPECTED, "fills that slipped", _few_fills, (0, 1, 15), (16, 17)),
    Boundary(Refusal.LOSSES_MUST_NOT_RUN_ON, "losses in a row", _lost, (0, 1, 2), (3, 4)),
    Boundary(
        Refusal.SYMBOL_DAILY_LOSS_MUST_STAY_INSIDE, "units lost", _lost_today, (-FIVE, 0, FIVE - 1, FIVE), (FIVE + 1,)
    ),
    Boundary(
        Refusal.PORTFOLIO_DAILY_LOSS_MUST_STAY_INSIDE, "units lost", _all_lost_today, (0, FIVE - 1, FIVE), (FIVE + 1,)
    ),
    Boundary(Refusal.DRAWDOWN_MUST_STAY_INSIDE, "units fallen", _fallen_by, (0, FIVE - 1, FIVE), (FIVE + 1,)),
    Boundary(
        Refusal.DRAWDOWN_MUST_STAY_INSIDE, "of 1,000 fallen", _fallen_of_the_peak, (0, FIVE - 1, FIVE), (FIVE + 1,)
    ),
    *(
        Boundary(refusal, f"{name}", _limit_of(of_symbol, name), (limit, INF), (NAN, -limit))
        for refusal, of_symbol, name, limit in (
            (Refusal.SLIPPAGE_MUST_BE_AS_EXPECTED, True, "slippage_excess_max_bps", 1.0),
            (Refusal.SYMBOL_DAILY_LOSS_MUST_STAY_INSIDE, True, "daily_loss_max_quote", 1.0),
            (Refusal.PORTFOLIO_DAILY_LOSS_MUST_STAY_INSIDE, False, "daily_loss_max_quote", 1.0),
            (Refusal.DRAWDOWN_MUST_STAY_INSIDE, False, "drawdown_max_quote", 1.0),
            (Refusal.DRAWDOWN_MUST_STAY_INSIDE, False, "drawdown_max_share", 1.0),
        )
    ),
    Boundary(Refusal.LOSSES_MUST_NOT_RUN_ON, "its limit", _limit_of(True, "losses_in_a_row_max"), (1, 2), (0, -1)),
]
